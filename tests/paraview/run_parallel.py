"""Runs a command with a file name as its last argument; status 1 unless all went well.

    run_parallel.py [--errors] VERDICT COMMAND...

All went well: rank 0 wrote "parallel: ok" into the file, no rank complained (in a file of its own),
the command ended with status 0 and told of no error, or with --errors of some.
"""

import glob
import os
import subprocess
import sys


def main(*arguments):
    errors = arguments[0] == "--errors"
    verdict, *command = arguments[1:] if errors else arguments
    for path in [verdict, verdict + ".png"] + glob.glob(glob.escape(verdict) + ".rank*"):
        if os.path.exists(path):
            os.remove(path)
    program = subprocess.run(list(command) + [verdict], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=150)
    output = program.stdout.decode(errors="replace")
    said = open(verdict).read() if os.path.exists(verdict) else "nothing"
    right = (program.returncode == 0 and said == "parallel: ok" and
             ("ERR|" in output) == errors and not glob.glob(glob.escape(verdict) + ".rank*"))
    if not right:
        print(output)
    print("status %d; rank 0 said: %s" % (program.returncode, said))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
