"""Times RAMSESReader in pvpython: UpdatePipeline alone, and up to the first rendered slice."""

import argparse
import json
import pathlib
import resource
import time

from paraview import simple

parser = argparse.ArgumentParser()
parser.add_argument("output", type=pathlib.Path)
parser.add_argument("--fields", default="")
arguments = parser.parse_args()
info = str(next(arguments.output.glob("info_*.txt")))

view = simple.CreateView("RenderView")
simple.Render(view)  # opening the window is not the reader's time

begin = time.perf_counter()
reader = simple.RAMSESReader(FileName=info)
if arguments.fields:
    reader.CellArrayStatus = arguments.fields.split(",")
reader.UpdatePipeline()
update = time.perf_counter() - begin

cut = simple.Slice(Input=reader)
cut.SliceType.Origin = [0.5, 0.5, 0.5]
cut.SliceType.Normal = [0, 0, 1]
shown = simple.Show(cut, view)
simple.ColorBy(shown, ("CELLS", "density"))
simple.Render(view)
sliced = time.perf_counter() - begin

leaves = reader.GetClientSideObject().GetOutputDataObject(0).GetNumberOfLeaves()
assert leaves > 0, "nothing was read"
assert cut.GetDataInformation().GetNumberOfCells() > 0, "the slice is empty"
print(json.dumps({"update_seconds": update, "slice_seconds": sliced, "leaf_cells": leaves,
                  "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
