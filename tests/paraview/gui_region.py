"""Run by gui_open.xml after a region of each shape was chosen in the panel: its widget is there.

Adds what is wrong to the verdict of gui_check.py.
"""

import os
import traceback

from paraview import simple

WIDGETS = {"sphere": "SphereWidgetRepresentation", "box": "BoxWidgetRepresentation",
           "cylinder": "ImplicitCylinderWidgetRepresentation"}


def widgets(view):
    """The 3-D widgets that are drawn in the view."""
    found = view.SMProxy.GetProperty("HiddenRepresentations")
    shown = [found.GetProxy(i) for i in range(found.GetNumberOfProxies())]
    return [proxy.GetXMLName() for proxy in shown
            if proxy.GetXMLName() in WIDGETS.values()
            and proxy.GetProperty("Visibility").GetElement(0)]


def unchecked(reader, name):
    """What the panel shows of a property before Apply."""
    value = reader.SMProxy.GetProperty(name)
    return [value.GetUncheckedElement(i) for i in range(value.GetNumberOfElements())]


def drag(view, point, by):
    """The mouse takes what is drawn at `point` of the world `by` pixels away."""
    renderer, interactor = view.GetRenderer(), view.GetInteractor()
    renderer.SetWorldPoint(*point, 1)
    renderer.WorldToDisplay()
    x, y = (int(at) for at in renderer.GetDisplayPoint()[:2])
    interactor.SetEventInformation(x, y, 0, 0)
    interactor.MouseMoveEvent()
    interactor.LeftButtonPressEvent()
    interactor.SetEventInformation(x + by[0], y + by[1], 0, 0)
    interactor.MouseMoveEvent()
    interactor.LeftButtonReleaseEvent()


def check():
    reader, view = simple.GetActiveSource(), simple.GetActiveView()
    kind = str(reader.RegionType).strip("'")
    assert widgets(view) == [WIDGETS[kind]], "%s: %s" % (kind, widgets(view))
    if kind == "sphere":
        assert reader.RegionRadius == 800, "the panel's radius: %r" % reader.RegionRadius
    if kind == "box":
        center, size = list(reader.RegionCenter), list(reader.RegionSize)
        bounds = reader.GetDataInformation().GetBounds()
        for axis in range(3):
            low, high = center[axis] - size[axis] / 2, center[axis] + size[axis] / 2
            assert bounds[2 * axis] <= low and high <= bounds[2 * axis + 1], (center, size, bounds)
        simple.GetActiveCamera().Azimuth(30)  # a face moves along its normal
        simple.GetActiveCamera().Elevation(20)
        simple.ResetCamera(view)
        simple.Render(view)
        drag(view, [center[0], center[1], center[2] + size[2] / 2], (40, 30))
        moved = unchecked(reader, "RegionCenter") + unchecked(reader, "RegionSize")
        assert moved != center + size, "the widget does not move the region"
        assert list(reader.RegionCenter) == center, "a region that moved waits for Apply"


try:
    check()
except Exception:
    with open(os.environ["PVRAMSES_GUI_VERDICT"], "a") as verdict:
        verdict.write(traceback.format_exc())
