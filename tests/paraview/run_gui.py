"""Runs ParaView's GUI with a playback file on a virtual screen; status 1 unless all went well.

    run_gui.py PARAVIEW XVFB_RUN PLAYBACK.xml FOLDER

All went well: playback found every widget and every check held, the script that the playback runs
wrote "gui: ok", and ParaView told of no error.
"""

import os
import shutil
import subprocess
import sys


def settings(folder):
    """An environment with a new home in `folder`, which is emptied; and the path of the verdict."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "home"))
    verdict = os.path.join(folder, "verdict")
    environment = dict(os.environ, HOME=os.path.join(folder, "home"), QT_QPA_PLATFORM="xcb",
                       PVRAMSES_GUI_VERDICT=verdict, LC_ALL="C.UTF-8",
                       XDG_RUNTIME_DIR=os.path.join(folder, "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        environment.pop(name, None)
    os.chmod(os.path.join(folder, "home"), 0o700)
    return environment, verdict


def judge(program, verdict):
    """Status 0 if the program ended well, told of no error and wrote the right verdict."""
    output = program.stdout.decode(errors="replace")
    said = open(verdict).read() if os.path.exists(verdict) else "no verdict: the script did not run\n"
    bad = [line for line in output.splitlines()
           if "critical:" in line or "ERR|" in line or "Couldn't find" in line]
    right = program.returncode == 0 and said == "gui: ok\n" and not bad
    if not right:
        print(output)
    print("status %d; %d complaints; verdict: %s" % (program.returncode, len(bad), said.strip()))
    return 0 if right else 1


def main(paraview, xvfb_run, playback, folder):
    environment, verdict = settings(folder)
    program = subprocess.run(
        [xvfb_run, "-a", "-n", str(200 + os.getpid() % 20000), "-s", "-screen 0 1400x1200x24 -noreset", paraview, "--dr", "--exit",
         "--test-script=" + playback],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=150)
    return judge(program, verdict)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
