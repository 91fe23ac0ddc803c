"""Reads an output and projects it, on any number of ranks; run_files.py counts what is opened.

    parallel_files.py INFO RESULT SPLIT

Rank 0 writes a line of JSON: leaf cells, particles, mass of the map, seconds.
"""

import json
import sys
import time

from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from parallel_common import rank, reduced

info, result, split = sys.argv[1:]
begin = time.perf_counter()
reader = simple.RAMSESReader(FileName=info, Precision="double", RankSplit=split)
reader.UpdatePipeline()
numbers = simple.AMRStatistics(Input=reader)
numbers.UpdatePipeline()
surface = simple.AMRProjection(Input=reader, Arrays=["density"], Mode="surface density",
                               Resolution=64)
surface.UpdatePipeline()
seconds = time.perf_counter() - begin


particles = reader.GetClientSideObject().GetOutputDataObject(1)
particles = reduced(particles.GetNumberOfPoints() if particles else 0)
image = surface.GetClientSideObject().GetOutputDataObject(0)  # a part of the map on each rank
mass = 0.0
if image.GetNumberOfCells():
    pixels = vtk_to_numpy(image.GetCellData().GetArray(0))
    mass = float(pixels.sum()) * image.GetSpacing()[0] * image.GetSpacing()[1]
mass = reduced(mass)
if rank == 0:
    table = numbers.GetClientSideObject().GetOutputDataObject(0)
    with open(result, "w") as file:
        json.dump({"leaf_cells": table.GetColumnByName("cells").GetValue(0), "mass": mass,
                   "particles": particles, "seconds": seconds}, file)
