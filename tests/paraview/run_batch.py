"""Runs pvramses.slurm, with mpirun in the place of srun, and looks at what its script leaves.

    run_batch.py FOLDER PVBATCH MPIRUN XVFB_COMMAND...
"""

import csv
import os
import shutil
import subprocess
import sys


def numbers(folder):
    with open(os.path.join(folder, "numbers_00001.csv")) as file:
        rows = list(csv.DictReader(file))
    return {row["group"]: {name: float(value) for name, value in row.items() if name != "group"}
            for row in rows}


def main(folder, pvbatch, mpirun, *screen):
    here = os.path.dirname(os.path.abspath(__file__))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "bin"))
    stand_in = os.path.join(folder, "bin", "srun")
    for ranks in (1, 2):
        with open(stand_in, "w") as file:
            file.write("#!/bin/sh\nwhile [ \"${1#--}\" != \"$1\" ]; do shift; done\nshift\n"
                       "exec '%s' --allow-run-as-root --oversubscribe -np %d '%s' \"$@\"\n" %
                       (mpirun, ranks, pvbatch))
        os.chmod(stand_in, 0o755)
        environment = dict(os.environ, SLURM_CPUS_PER_TASK="1", SLURM_SUBMIT_DIR=here,
                           PLUGIN=os.environ["PV_PLUGIN_PATH"],
                           RUN=os.path.join(os.environ["PVRAMSES_DATA"], "web3d"),
                           OUT=os.path.join(folder, "out%d" % ranks),
                           PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"])
        program = subprocess.run(list(screen) + ["bash", os.path.join(here, "pvramses.slurm")],
                                 env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 timeout=100)
        output = program.stdout.decode(errors="replace")
        if program.returncode != 0 or "ERR|" in output or "particles" not in output:
            print(output)
            return 1
    one, two = (numbers(os.path.join(folder, "out%d" % ranks)) for ranks in (1, 2))
    assert sorted(one) == sorted(two) and len(one) > 3, (sorted(one), sorted(two))
    for group in one:
        for name, value in one[group].items():
            other = two[group][name]
            assert value != value or abs(other - value) <= 1e-4 * abs(value), (group, name, value, other)
    for name in ("map_00000.vti", "mesh_00001.htg", "particles_00001.vtp"):
        assert os.path.exists(os.path.join(folder, "out1", name)), name
    for name in ("map_00000.pvti", "mesh_00001.vtm", "mesh_00001_1.htg", "particles_00001.pvtp"):
        assert os.path.exists(os.path.join(folder, "out2", name)), name
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
