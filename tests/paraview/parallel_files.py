"""Reads an output and projects it, on any number of ranks; run_files.py counts what is opened.

    parallel_files.py INFO RESULT SPLIT

Rank 0 writes a line of JSON: leaf cells, particles, mass of the map, seconds.
"""

import json
import sys
import time

from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLongLongArray
from vtkmodules.vtkParallelCore import vtkCommunicator, vtkMultiProcessController

controller = vtkMultiProcessController.GetGlobalController()
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


def reduced(number):
    here, all_ = vtkLongLongArray(), vtkLongLongArray()
    here.InsertNextValue(number)
    all_.InsertNextValue(0)
    controller.AllReduce(here, all_, vtkCommunicator.SUM_OP)
    return all_.GetValue(0)


particles = reader.GetClientSideObject().GetOutputDataObject(1)
particles = reduced(particles.GetNumberOfPoints() if particles else 0)
if controller.GetLocalProcessId() == 0:
    image = surface.GetClientSideObject().GetOutputDataObject(0)
    spacing = image.GetSpacing()
    values = vtk_to_numpy(image.GetCellData().GetArray(0))
    table = numbers.GetClientSideObject().GetOutputDataObject(0)
    with open(result, "w") as file:
        json.dump({"leaf_cells": table.GetColumnByName("cells").GetValue(0), "particles": particles, "seconds": seconds,
                   "mass": float(values.sum()) * spacing[0] * spacing[1]}, file)
