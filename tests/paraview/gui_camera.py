"""Run by gui_open.xml in the Python shell: the macro use_camera.py on an AMR Projection of the open
output, run as a macro is. The verdict goes into a file; it was "gui: ok" before."""

import math
import os
import traceback

from paraview import simple

MACRO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../plugin/paraview/python",
                     "use_camera.py")


def run_macro():
    with open(MACRO) as script:
        exec(compile(script.read(), MACRO, "exec"), {"__name__": "__main__"})


def check():
    reader = simple.GetActiveSource()
    try:
        run_macro()
        raise AssertionError("a reader is no projection")
    except RuntimeError as error:
        assert "select an AMR Projection" in str(error), error
    projection = simple.AMRProjection(Input=reader, Resolution=64)
    projection.UpdatePipeline()
    depth = [projection.GetDataInformation().GetBounds()[i] for i in (4, 5)]
    assert depth[0] == depth[1], "along z at first"
    simple.Show(projection)
    simple.SetActiveSource(projection)
    view = simple.GetActiveView()
    view.CameraFocalPoint, view.CameraPosition = [0.25, 0.25, 0.25], [3.25, 4.25, 0.25]
    view.CameraViewUp = [0, 0, 1]
    run_macro()
    assert str(projection.Direction).strip("'") == "custom", projection.Direction
    assert list(projection.LineOfSight) == [3, 4, 0], list(projection.LineOfSight)
    assert list(projection.Up) == [0, 0, 1], list(projection.Up)
    projection.UpdatePipeline()
    # The image stands upright before the camera: its sides are (-4, 3, 0) / 5 and z.
    information = projection.GetDataInformation()
    low, high = information.GetBounds()[0::2], information.GetBounds()[1::2]
    sides = [b - a for a, b in zip(low, high)]
    assert sides[2] > 0 and math.isclose(sides[0] / sides[1], 4 / 3, rel_tol=1e-6), sides
    assert information.GetNumberOfCells() % 64 == 0, information.GetNumberOfCells()


verdict = os.environ["PVRAMSES_GUI_VERDICT"]
if os.path.exists(verdict) and open(verdict).read() == "gui: ok\n":
    try:
        check()
    except Exception:
        with open(verdict, "w") as file:
            file.write(traceback.format_exc())
