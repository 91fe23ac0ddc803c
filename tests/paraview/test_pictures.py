"""pvramses_view and pvramses_demo: the pictures show what they should."""

import os
import subprocess
import sys
import tempfile

import numpy
from pvr_check import DATA, Messages, equal, expected, info_file, reader_of, run_tests
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader

sys.path.insert(0, os.environ["PVRAMSES_PYTHON"])
import pvramses_demo  # noqa: E402
import pvramses_view  # noqa: E402
from paraview import simple  # noqa: E402


def pixels_of(path, least=5000):
    """Height x width x 3, the first row at the bottom."""
    assert os.path.getsize(path) > least, path + " is hardly a picture"
    png = vtkPNGReader()
    png.SetFileName(path)
    png.Update()
    image = png.GetOutput()
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[:, :, :3]


def check_picture(path, colours):
    pixels = pixels_of(path)
    found = len(numpy.unique(pixels.reshape(-1, 3), axis=0))
    assert found > colours, "%s: %d colours" % (path, found)
    background = (pixels == pixels[1, 1]).all(axis=2).mean()
    assert 0.05 < background < 0.8, "%s: %.0f %% background" % (path, 100 * background)
    return pixels


def test_slice_shows_the_explosion():
    reader = simple.RAMSESReader(FileName=info_file("sedov2d", 3))
    pvramses_view.go_to_output(reader, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "slice.png")
        view = pvramses_view.log_slice(reader, "density", mesh=False, png=path, size=(700, 600))
        pixels = check_picture(path, 30).astype(int)
        equal(simple.GetColorTransferFunction("density").UseLogScale, 1, "logarithmic scale")
        # Where a point of the box is in the picture, by the camera that the view says it has.
        focus, scale = view.CameraFocalPoint, view.CameraParallelScale

        def brightness(x, y):
            column = int(350 + (x - focus[0]) / (2 * scale) * 600)
            row = int(300 + (y - focus[1]) / (2 * scale) * 600)
            return pixels[row, column].sum()

        bubble, shell, outside = brightness(0.05, 0.05), brightness(0.275, 0.268), brightness(0.9, 0.9)
        assert bubble < outside < shell, "bubble %d, outside %d, shell %d" % (bubble, outside, shell)
        simple.Delete(view)


def test_a_view_goes_on_after_a_failure():
    """One message, an empty picture; and the right one when what was wrong has been mended."""
    reader = reader_of("sedov3d", 3)
    for kind, wrong, right in (("AMRProjection", {"Width": -1}, {"Width": 0}),
                               ("AMRProjection", {"Arrays": ["none"]}, {"Arrays": ["density"]}),
                               ("AMRCoveringGrid", {"MemoryLimit": 1e-9}, {"MemoryLimit": 4})):
        view = pvramses_view.new_view((300, 300))
        proxy = getattr(simple, kind)(Input=reader)
        messages = Messages(proxy)
        with tempfile.TemporaryDirectory() as folder:
            pictures = []
            for wishes in wrong, right:
                for name, value in wishes.items():
                    setattr(proxy, name, value)
                simple.Show(proxy, view).SetRepresentationType("Surface")
                simple.ResetCamera(view)
                for _ in range(3):
                    simple.Render(view)
                pictures.append(os.path.join(folder, "%d.png" % len(pictures)))
                simple.SaveScreenshot(pictures[-1], view)
            equal(len(messages.errors), 1, "%s %s: %s" % (kind, wrong, messages.errors))
            lit = [(pixels_of(path, 0) != pixels_of(path, 0)[1, 1]).any(axis=2).mean()
                   for path in pictures]
            assert lit[0] == 0 and lit[1] > 0.2, "%s %s: %s of the picture" % (kind, wrong, lit)
        simple.Delete(proxy)
        simple.Delete(view)


def test_helpers():
    reader = simple.RAMSESReader(FileName=info_file("web3d", 3), FieldUnits="cgs", LengthUnit="Mpc")
    time = pvramses_view.go_to_output(reader, 2)
    equal(time, reader.TimestepValues[0], "time of output 2")
    equal(int(pvramses_view.fact(reader, "output_number")), 2, "output that is shown")
    pvramses_view.go_to_output(reader)
    equal(int(pvramses_view.fact(reader, "output_number")), 3, "output that is named")
    equal(pvramses_view.unit_label(reader, "density"), "g/cm^3", "unit")
    assert "redshift 4.00" in pvramses_view.time_text(reader), pvramses_view.time_text(reader)
    wanted = expected("web3d", 3)
    box = wanted["unit_l"] / 3.08567758128e24
    peak = pvramses_view.peak(reader, "density")
    for got, place in zip(peak, wanted["densest_cell"]["center"]):
        assert abs(got - place * box) < 1e-9 * box, "densest cell at %r" % (peak,)
    assert "Output 3" in pvramses_view.thread_report(reader)


def test_demo():
    with tempfile.TemporaryDirectory() as folder:
        status = pvramses_demo.main(["demo", info_file("sedov3d", 3), folder])
        equal(status, 0, "status of the demo")
        equal(sorted(os.listdir(folder)), ["slice_log_density.png", "view_3d.png"], "pictures")
        for name in os.listdir(folder):
            check_picture(os.path.join(folder, name), 100)


def test_demo_fails_loudly():
    with tempfile.TemporaryDirectory() as folder:
        status = pvramses_demo.main(["demo", os.path.join(DATA, "nothing_here"), folder])
        equal(status, 1, "status without a file")
        equal(os.listdir(folder), [], "pictures without a file")
        here = {name: value for name, value in os.environ.items() if name != "PV_PLUGIN_PATH"}
        program = subprocess.run(["pvpython", pvramses_demo.__file__, info_file("sedov3d", 3), folder],
                                 env=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        equal(program.returncode, 1, "status without the plugin")
        assert b"PV_PLUGIN_PATH" in program.stdout, program.stdout


run_tests(globals())
