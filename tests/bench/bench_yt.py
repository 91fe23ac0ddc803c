"""Reads five fields of all leaf cells with yt and prints the seconds as JSON; with `particles` as
second argument position, velocity, mass, id and family of all particles instead."""

import json
import pathlib
import sys
import time

import yt

yt.set_log_level(50)
folder = pathlib.Path(sys.argv[1])
info = next(folder.glob("info_*.txt"))
begin = time.perf_counter()
dataset = yt.load(str(info))
cells = dataset.all_data()
if "particles" in sys.argv[2:]:
    names = ["particle_%s_%s" % (what, axis) for what in ("position", "velocity") for axis in "xyz"]
    names += ["particle_mass", "particle_identity", "particle_family"]
    fields, key = [("io", name) for name in names], "particles"
else:
    names = ["Density", "x-velocity", "y-velocity", "z-velocity", "Pressure"]
    fields, key = [("ramses", name) for name in names], "leaf_cells"
cells.get_data(fields)
count = cells[fields[0]].size
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, key: int(count)}))
