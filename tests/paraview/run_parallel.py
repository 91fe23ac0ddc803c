"""Runs a command with a file name as its last argument; status 1 unless all went well.

    run_parallel.py VERDICT COMMAND...

All went well: rank 0 wrote "parallel: ok" into the file, no other rank complained, the command ended
with status 0 and told of no error.
"""

import os
import subprocess
import sys


def main(verdict, *command):
    for ending in ("", ".rank1", ".png"):
        if os.path.exists(verdict + ending):
            os.remove(verdict + ending)
    program = subprocess.run(list(command) + [verdict], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=150)
    output = program.stdout.decode(errors="replace")
    said = open(verdict).read() if os.path.exists(verdict) else "nothing"
    right = (program.returncode == 0 and said == "parallel: ok" and "ERR|" not in output and
             not os.path.exists(verdict + ".rank1"))
    if not right:
        print(output)
    print("status %d; rank 0 said: %s" % (program.returncode, said))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
