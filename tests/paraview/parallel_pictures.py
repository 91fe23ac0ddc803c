"""Any number of ranks of pvbatch, with --symmetric or without: maps and grids are drawn as one
process draws them, and a map can be fetched.

    parallel_pictures.py PART... VERDICT

Parts are functions check_PART below. Each picture is compared with the one that this script made on one rank, into NAME_1.verdict beside
NAME_N.verdict. At two times: the image gets smaller under the view.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy
from paraview import servermanager, simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader
from vtkmodules.vtkParallelCore import vtkCommunicator
from parallel_common import check, rank, reduced, run_parts, share_text, symmetric, verdict
from pvr_check import info_file

BACKGROUND = 51  # of 255


def pixels_of(path):
    png = vtkPNGReader()
    png.SetFileName(path)
    png.Update()
    return vtk_to_numpy(png.GetOutput().GetPointData().GetScalars())[:, :3].astype(int)


def about(image, association):
    """The first array's name and range, all ranks'."""
    if not symmetric:  # this script is all ranks' client
        information = image.GetDataInformation()
        data = (information.GetCellDataInformation() if association == "CELLS" else
                information.GetPointDataInformation())
        array = data.GetArrayInformation(0)
        return (array.GetName(),) + array.GetComponentFiniteRange(0)
    made = image.GetClientSideObject().GetOutputDataObject(0)
    data = made.GetCellData() if association == "CELLS" else made.GetPointData()
    values = data.GetArray(0)
    low, high = values.GetFiniteRange() if values else (1e300, -1e300)
    return (share_text(values.GetName() if rank == 0 else ""),
            reduced(low, vtkCommunicator.MIN_OP), reduced(high, vtkCommunicator.MAX_OP))


def draw(name, make, representation, association):
    reader = simple.RAMSESReader(FileName=info_file("web3d", 3),
                                 CellArrayStatus=["density", "velocity"])
    reader.UpdatePipelineInformation()
    image = make(reader)
    view = simple.CreateView("RenderView")
    view.ViewSize = [200, 200]
    view.OrientationAxesVisibility = 0
    view.UseColorPaletteForBackground = 0
    view.Background = [BACKGROUND / 255.0] * 3
    for step, time in enumerate(reader.TimestepValues):
        view.ViewTime = time
        display = simple.Show(image, view)
        display.SetRepresentationType(representation)
        simple.Render(view)
        array, low, high = about(image, association)
        simple.ColorBy(display, (association, array))
        display.SetScalarBarVisibility(view, False)
        for function in (simple.GetColorTransferFunction(array),
                         simple.GetOpacityTransferFunction(array)):
            function.RescaleTransferFunction(low, 0.8 * low + 0.2 * high)
        simple.ResetCamera(view)
        simple.Render(view)
        at = "%s_%d.png" % (name, step)
        simple.SaveScreenshot(verdict + "." + at, view, ImageResolution=[200, 200])
        if rank > 0:
            continue
        got = pixels_of(verdict + "." + at)
        drawn = (numpy.abs(got - BACKGROUND).max(axis=1) > 3).mean()
        check(drawn > 0.1, "%s: %.3f of the picture drawn" % (at, drawn))
        one = re.sub(r"_\d+\.verdict$", "_1.verdict.", verdict) + at
        # Rays through a volume start anew where ranks meet; all else is the same to a shade.
        limit, some = (16, 0.02) if representation == "Volume" else (3, 0.0005)
        apart = (numpy.abs(got - pixels_of(one)).max(axis=1) > limit).mean()
        check(apart < some, "%s: %.4f of the picture is not as on one rank" % (at, apart))
    for proxy in (image, view, reader):
        simple.Delete(proxy)


def check_maps():
    for name, direction, representation, layout in (
            ("map_slice", "z", "Slice", "Whole on the First"),
            ("map_surface", "z", "Surface", "Automatic"),
            ("map_turned", "face-on", "Slice", "Whole on the First"),
            ("map_rows", "face-on", "Surface", "Rows on Each")):
        draw(name, lambda reader: simple.AMRProjection(Input=reader, Resolution=64,
                                                       Direction=direction, RankLayout=layout),
             representation, "CELLS")


def check_grids():
    for output, association, representation in (
            ("Point Data", "POINTS", "Volume"), ("Point Data", "POINTS", "Surface"),
            ("Cell Data", "CELLS", "Volume"), ("Cell Data", "CELLS", "Slice")):
        draw("grid_%s_%s" % (association, representation),
             lambda reader: simple.AMRCoveringGrid(Input=reader, Level=5, OutputAs=output),
             representation, association)


def check_fetched():
    """In one piece, with the values of one process."""
    if symmetric:
        return
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3), CellArrayStatus=["density"])
    for make in (lambda: simple.AMRProjection(Input=reader, Resolution=48),
                 lambda: simple.AMRCoveringGrid(Input=reader, Level=5,
                                                RankLayout="Whole on the First")):
        image = make()
        image.UpdatePipeline()
        got = servermanager.Fetch(image)
        count = image.GetDataInformation().GetNumberOfCells()
        check(got.GetNumberOfCells() == count > 2000, "%d cells fetched of %d" %
              (got.GetNumberOfCells(), count))
        simple.Delete(image)


run_parts(globals())
