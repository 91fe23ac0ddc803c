"""pvramses_map - pictures of maps (AMRProjection) from pvpython and ParaView's Python shell.

    from paraview.simple import *
    import pvramses_map as rm

    reader = RAMSESReader(FileName="run/output_00042/info_00042.txt")
    reader.LengthUnit, reader.FieldUnits = "kpc", "astro"
    face_on = AMRProjection(Input=reader, Direction="face-on", Width=40, Depth=40)
    rm.show_map(face_on, png="face_on.png")

They need the plugin RAMSES to be loaded.
"""

import numpy
from paraview import servermanager, simple
from vtkmodules.util.numpy_support import vtk_to_numpy

import pvramses_view as rv


def image_of(projection):
    """The map as a VTK object."""
    return servermanager.Fetch(projection)


def use_camera(projection, view=None):
    """The projection looks from where the camera does, with the camera's up."""
    view = view or simple.GetActiveView()
    position, focus = view.CameraPosition, view.CameraFocalPoint
    projection.Direction = "custom"
    projection.LineOfSight = [p - f for p, f in zip(position, focus)]
    projection.Up = list(view.CameraViewUp)


def _facts(image, name):
    array = image.GetFieldData().GetArray(name)
    return None if array is None else array.GetTuple(0)


def _range(values, log):
    """Where the colours begin and end: all but the faintest and brightest pixels."""
    seen = values[numpy.isfinite(values) & ((values > 0) if log else True)]
    if len(seen) == 0:
        return 0.0, 1.0
    low, high = numpy.percentile(seen, [0.5, 99.95])
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def show_map(projection, array=None, log=None, value_range=None, preset=rv.PRESET, png=None,
             size=(1100, 960)):
    """The map, seen along its line of sight without perspective, with a legend and axes.

    array        name of the image's array; default: the first
    log          a logarithmic scale; default: where all values are positive
    value_range  (low, high) of the colours; default: nearly all of the pixels
    Returns the view."""
    projection.Position = "at the origin"
    projection.UpdatePipeline(simple.GetAnimationScene().AnimationTime)
    image = image_of(projection)
    if image.GetNumberOfCells() == 0:
        raise RuntimeError("there is no map: see the messages of the filter")
    array = array or image.GetCellData().GetArrayName(0)
    values = vtk_to_numpy(image.GetCellData().GetArray(array))
    seen = values[numpy.isfinite(values)]
    log = (seen.min() > 0 if len(seen) else False) if log is None else log
    low, high = value_range or _range(values, log)

    view = rv.new_view(size)
    simple._DisableFirstRenderCameraReset()  # the camera is set below
    display = simple.Show(projection, view)
    display.SetRepresentationType("Slice")
    table = simple.GetColorTransferFunction(array)
    table.AutomaticRescaleRangeMode = "Never"
    table.UseLogScale = 0  # of a map before, whose values were positive
    simple.ColorBy(display, ("CELLS", array))
    table.ApplyPreset(preset, True)
    table.RescaleTransferFunction(low, high)
    table.NanColor, table.NanOpacity = rv.DARK, 1.0
    if log:
        table.MapControlPointsToLogSpace()
        table.UseLogScale = 1
    display.SetScalarBarVisibility(view, True)
    bar = simple.GetScalarBar(table, view)
    mode = image.GetFieldData().GetAbstractArray("projection_mode").GetValue(0).replace("-", " ")
    bar.Title = "%s: %s" % (mode, array.replace("_", " "))
    bar.ComponentTitle = ""
    rv._style_bar(bar)

    box = image.GetBounds()
    view.CameraParallelProjection = 1
    middle = [0.5 * (box[0] + box[1]), 0.5 * (box[2] + box[3]), 0.0]
    height = box[3] - box[2]
    # The legend takes the right of the picture.
    shift = 0.07 * (box[1] - box[0])
    view.CameraFocalPoint = [middle[0] + shift, middle[1], 0.0]
    view.CameraPosition = [middle[0] + shift, middle[1], 10 * height]
    view.CameraViewUp = [0.0, 1.0, 0.0]
    view.CameraParallelScale = 0.56 * max(height, (box[1] - box[0]) * size[1] / (0.86 * size[0]))
    grid = view.AxesGrid
    grid.Visibility = 1
    unit = image.GetFieldData().GetAbstractArray("length_unit")
    unit = unit.GetValue(0) if unit else ""
    grid.XTitle, grid.YTitle, grid.ZTitle = unit or "code", unit or "code", ""
    grid.ShowGrid = 0
    grid.AxesToLabel = 1 | 2 | 4  # left and below
    for name in ("X", "Y", "Z"):
        setattr(grid, name + "TitleColor", rv.LIGHT)
        setattr(grid, name + "LabelColor", rv.LIGHT)
        setattr(grid, name + "TitleFontSize", 20)
        setattr(grid, name + "LabelFontSize", 16)
    grid.GridColor = rv.LIGHT
    time = _facts(image, "time_myr")
    sight = _facts(image, "line_of_sight")
    rv.write_text(view, "%.6g Myr     line of sight (%.2g, %.2g, %.2g)" % (time[0], *sight)
                  if time and sight else "")
    simple.Render(view)
    if png:
        rv.save(view, png, size)
    return view
