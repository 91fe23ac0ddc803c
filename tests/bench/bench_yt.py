"""Reads five fields of all leaf cells with yt and prints the seconds as JSON."""

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
fields = ["Density", "x-velocity", "y-velocity", "z-velocity", "Pressure"]
cells.get_data([("ramses", name) for name in fields])
count = cells["ramses", "Density"].size
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, "leaf_cells": int(count)}))
