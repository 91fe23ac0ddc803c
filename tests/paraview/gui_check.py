"""Run by gui_open.xml in the Python shell of the GUI after Apply; the verdict goes into a file."""

import os
import traceback

from paraview import simple


def panel_text(name):
    return simple.GetActiveSource().SMProxy.GetProperty(name).GetElement(0)


def check():
    reader = simple.GetActiveSource()
    assert reader is not None, "nothing is open"
    assert reader.GetXMLName() == "AMRRamsesReader", reader.GetXMLName()
    assert reader.LengthUnit == "kpc", reader.LengthUnit
    # Data: the box of the first time step in kpc.
    information = reader.GetDataInformation()
    size = information.GetBounds()[1]
    assert abs(size - 4103.6) < 1, "size of the box: %r kpc" % size
    assert information.GetNumberOfCells() > 178389, "%d cells" % information.GetNumberOfCells()
    # The panel: facts of the opened output, and how it was read.
    assert "output 3" in panel_text("OutputFacts"), panel_text("OutputFacts")
    assert "efficiency" in panel_text("ThreadReport"), panel_text("ThreadReport")
    # The first picture: a surface coloured by density, with a legend.
    view = simple.GetActiveView()
    display = simple.GetRepresentation(reader, view)
    assert display.Visibility, "nothing is shown"
    assert str(display.Representation).strip("'") == "Surface", display.Representation
    assert list(display.ColorArrayName) == ["CELLS", "density"], list(display.ColorArrayName)
    # The other ports wait for a click on their eye.
    ports = [reader.SMProxy.GetOutputPortName(i)
             for i in range(reader.SMProxy.GetNumberOfOutputPorts())]
    assert ports == ["Mesh", "Particles", "Sinks", "Clumps"], ports
    for port in range(1, len(ports)):
        assert not view.SMProxy.FindRepresentation(reader.SMProxy, port), ports[port] + " is shown"
    bar = simple.GetScalarBar(simple.GetColorTransferFunction("density"), view)
    assert bar.Visibility, "no legend"
    assert bar.Title == "density", bar.Title
    check_picture(view)


def check_picture(view):
    import numpy
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOImage import vtkPNGReader
    path = os.environ["PVRAMSES_GUI_VERDICT"] + ".png"
    simple.SaveScreenshot(path, view, ImageResolution=[400, 400])
    png = vtkPNGReader()
    png.SetFileName(path)
    png.Update()
    pixels = vtk_to_numpy(png.GetOutput().GetPointData().GetScalars()).reshape(400, 400, -1)
    pixels = pixels[:, :, :3].astype(int)
    middle = pixels[150:250, 150:250].reshape(-1, 3)
    # Most of the box is thin: blue in ParaView's own colours, not the grey of the background.
    blue = (middle[:, 2] > middle[:, 0] + 40).mean()
    assert blue > 0.9, "%.0f %% of the middle is blue" % (100 * blue)
    assert len(numpy.unique(middle, axis=0)) > 5, "a single colour"


with open(os.environ["PVRAMSES_GUI_VERDICT"], "w") as verdict:
    try:
        check()
        verdict.write("gui: ok\n")
    except Exception:
        verdict.write(traceback.format_exc())
