"""Two ranks (pvbatch --symmetric): the mesh is there once, a slice and a picture of it work.

Rank 0 writes "parallel: ok" into the file named by the first argument; the test looks for that.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy
from paraview import simple
from vtkmodules.vtkCommonCore import vtkLongLongArray
from vtkmodules.vtkParallelCore import vtkCommunicator, vtkMultiProcessController
from pvr_check import array_of, expected, info_file, mesh_of

controller = vtkMultiProcessController.GetGlobalController()
rank, ranks = controller.GetLocalProcessId(), controller.GetNumberOfProcesses()
verdict = sys.argv[1]
problems = []


def check(right, what):
    if not right:
        problems.append("rank %d: %s" % (rank, what))


check(ranks == 2, "%d ranks" % ranks)
wanted = expected("web3d", 2)
reader = simple.RAMSESReader(FileName=info_file("web3d", 2))
scene = simple.GetAnimationScene()
scene.UpdateAnimationUsingDataTimeSteps()
reader.UpdatePipeline(reader.TimestepValues[0])
mesh = mesh_of(reader)
leaves = mesh.GetNumberOfLeaves() if mesh else 0
if rank == 0:
    information = reader.GetDataInformation()
    bounds = information.GetBounds()
    check([round(b, 9) for b in bounds] == [0, 1, 0, 1, 0, 1], "bounds %r" % (bounds,))
if leaves:
    check(numpy.nanmax(array_of(mesh, "density")) > 1, "density of rank %d" % rank)
counts = vtkLongLongArray()
counts.InsertNextValue(leaves)
sums = vtkLongLongArray()
sums.InsertNextValue(0)
controller.AllReduce(counts, sums, vtkCommunicator.SUM_OP)
check(sums.GetValue(0) == wanted["leaf_cells"], "%d leaves on all ranks" % sums.GetValue(0))

points = reader.GetClientSideObject().GetOutputDataObject(1)
counts.SetValue(0, points.GetNumberOfPoints() if points else 0)
controller.AllReduce(counts, sums, vtkCommunicator.SUM_OP)
check(sums.GetValue(0) == wanted["particles"]["count"], "%d points on all ranks" % sums.GetValue(0))

cut = simple.Slice(Input=reader)
for plane in (cut.SliceType, cut.HyperTreeGridSlicer):
    plane.Origin, plane.Normal = [0.51, 0.51, 0.51], [0, 0, 1]
cut.UpdatePipeline(reader.TimestepValues[0])
counts.SetValue(0, cut.GetDataInformation().GetNumberOfCells())
controller.AllReduce(counts, sums, vtkCommunicator.SUM_OP)
check(sums.GetValue(0) > 3000, "%d cells in the slice" % sums.GetValue(0))
view = simple.CreateView("RenderView")
view.ViewSize = [300, 300]
view.ViewTime = reader.TimestepValues[0]
display = simple.Show(cut, view)
simple.ColorBy(display, ("CELLS", "density"))
simple.Show(reader, view).SetRepresentationType("Outline")
simple.ResetCamera(view)
simple.Render(view)
picture = verdict + ".png"
simple.SaveScreenshot(picture, view, ImageResolution=[300, 300])
if rank == 0:
    from vtkmodules.vtkIOImage import vtkPNGReader
    from vtkmodules.util.numpy_support import vtk_to_numpy
    png = vtkPNGReader()
    png.SetFileName(picture)
    png.Update()
    pixels = vtk_to_numpy(png.GetOutput().GetPointData().GetScalars())
    colours = len(set(map(tuple, pixels[:, :3].tolist())))
    check(colours > 20, "%d colours in the picture" % colours)
    with open(verdict, "w") as file:
        file.write("\n".join(problems) if problems else "parallel: ok")
    print("\n".join(problems) if problems else "parallel: ok", flush=True)
elif problems:
    print("\n".join(problems), flush=True)
    with open(verdict + ".rank1", "w") as file:
        file.write("\n".join(problems))
