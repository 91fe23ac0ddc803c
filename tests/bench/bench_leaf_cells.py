"""Times AMRLeafCells in pvpython against ParaView's own filter from hyper tree grid to unstructured
grid, on the levels that hold about a million leaf cells."""

import argparse
import json
import pathlib
import time

from paraview import simple

parser = argparse.ArgumentParser()
parser.add_argument("output", type=pathlib.Path)
parser.add_argument("--max-level", type=int, default=8)
arguments = parser.parse_args()

reader = simple.RAMSESReader(FileName=str(next(arguments.output.glob("info_*.txt"))),
                             CellArrayStatus=["density"], MaxLevel=arguments.max_level)
reader.UpdatePipeline()


def measure(kind):
    proxy = kind(Input=reader)
    begin = time.perf_counter()
    proxy.UpdatePipeline()
    seconds = time.perf_counter() - begin
    grid = proxy.GetClientSideObject().GetOutputDataObject(0)
    return seconds, grid.GetNumberOfCells(), grid.GetActualMemorySize() * 1024


ours, cells, ours_bytes = measure(simple.AMRLeafCells)
theirs, their_cells, their_bytes = measure(simple.HyperTreeGridToUnstructuredGrid)
assert cells == their_cells > 0, (cells, their_cells)
print(json.dumps({"leaf_cells": cells, "seconds": ours, "bytes": ours_bytes, "vtk_seconds": theirs,
                  "vtk_bytes": their_bytes}))
