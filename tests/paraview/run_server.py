"""Runs a pvserver of two ranks and its client test_server.py; status 1 unless all went well.

    run_server.py PVSERVER PVPYTHON MPIRUN VERSION XVFB_COMMAND...

With the plugin VERSION on both sides, without it on the server, and with another version there: a
copy in which the text of the version is another one.
"""

import os
import shutil
import subprocess
import sys
import tempfile


def other_version(folder, version):
    """A copy of the plugin that says to be another version; what it says."""
    other = version[:-1] + ("9" if version[-1] != "9" else "8")
    shutil.copytree(os.environ["PV_PLUGIN_PATH"], folder)
    path = os.path.join(folder, "RAMSES", "RAMSES.so")
    with open(path, "rb") as file:
        code = file.read()
    texts = [b"\0" + text.encode() + b"\0" for text in (version, other)]
    assert texts[0] in code, "no version in the plugin"
    with open(path, "wb") as file:
        file.write(code.replace(*texts))
    return other


def main(pvserver, pvpython, mpirun, version, *screen):
    here = os.path.dirname(os.path.abspath(__file__))
    right = True
    # the plugin finds the library by its own place: a copy does not
    libraries = os.path.abspath(os.path.join(os.environ["PV_PLUGIN_PATH"], "..", ".."))
    with tempfile.TemporaryDirectory(prefix="pvramses-test-") as folder:
        copy = os.path.join(folder, "plugins")
        other = other_version(copy, version)
        for number, (plugins, wanted) in enumerate(((os.environ["PV_PLUGIN_PATH"], version),
                                                    (here, "none"), (copy, other))):
            port = 20000 + (os.getpid() + number) % 20000
            server = subprocess.Popen(
                list(screen) + [mpirun, "--allow-run-as-root", "--oversubscribe", "-np", "2",
                                pvserver, "--server-port=%d" % port],
                env=dict(os.environ, PV_PLUGIN_PATH=plugins, LD_LIBRARY_PATH=libraries),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                client = subprocess.run([pvpython, os.path.join(here, "test_server.py"), str(port),
                                         version, wanted], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, timeout=80)
                output = client.stdout.decode(errors="replace")
            except subprocess.TimeoutExpired as expired:
                output = (expired.stdout or b"").decode(errors="replace") + "\nno answer in time"
            server.terminate()  # ends by itself when its client leaves
            told = server.communicate()[0].decode(errors="replace")
            # a reader of another version says so itself, as a person in the window sees it
            said = "version %s in this client and version %s on the server" % (version, other)
            if "server: ok" not in output or (wanted == other) != (said in output):
                right = False
                print(output, told)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
