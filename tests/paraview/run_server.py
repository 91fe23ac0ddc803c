"""Runs a pvserver of two ranks and its client test_server.py; status 1 unless all went well.

    run_server.py PVSERVER PVPYTHON MPIRUN XVFB_COMMAND...
"""

import os
import subprocess
import sys


def main(pvserver, pvpython, mpirun, *screen):
    here = os.path.dirname(os.path.abspath(__file__))
    right = True
    for without in (False, True):
        port = 20000 + (os.getpid() + without) % 20000
        environment = dict(os.environ)
        if without:
            environment["PV_PLUGIN_PATH"] = here
        server = subprocess.Popen(
            list(screen) + [mpirun, "--allow-run-as-root", "--oversubscribe", "-np", "2", pvserver,
                            "--server-port=%d" % port],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            client = subprocess.run([pvpython, os.path.join(here, "test_server.py"), str(port)] +
                                    ["none"] * without, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, timeout=80)
            output = client.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as expired:
            output = (expired.stdout or b"").decode(errors="replace") + "\nno answer in time"
        server.terminate()  # ends by itself when its client leaves
        told = server.communicate()[0].decode(errors="replace")
        if "server: ok" not in output:
            right = False
            print(output, told)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
