"""pvramses_view - pictures of RAMSES outputs from pvpython and ParaView's Python shell.

    from paraview.simple import *
    import pvramses_view as rv

    reader = OpenDataFile("run/output_00042/info_00042.txt")
    rv.go_to_output(reader, 42)
    rv.log_slice(reader, "density", normal="z", png="slice.png")
    rv.view_3d(reader, "density", png="box.png")

ParaView itself never sets a logarithmic colour scale for a file; these functions do, and write the
unit into the legend and the time into the picture. They return the view, which can be changed
further. They need the plugin RAMSES to be loaded.
"""

import math
import os
import re

from paraview import servermanager, simple

AXES = {"x": 0, "y": 1, "z": 2}
DARK = [0.043, 0.047, 0.066]
LIGHT = [0.93, 0.93, 0.95]
PRESET = "Inferno (matplotlib)"


# ---- a server ----------------------------------------------------------------------------------

def plugin_versions():
    """Versions of the plugin RAMSES here and on the server; None where it is not loaded."""
    manager = servermanager.vtkSMProxyManager.GetProxyManager().GetPluginManager()
    session = servermanager.ActiveConnection.Session
    versions = []
    for plugins in (manager.GetLocalInformation(), manager.GetRemoteInformation(session)):
        where = [i for i in range(plugins.GetNumberOfPlugins())
                 if plugins.GetPluginLoaded(i) and plugins.GetPluginName(i) == "RAMSES"]
        versions.append(plugins.GetPluginVersion(where[0]) if where else None)
    return tuple(versions)


def check_versions(here, there):
    """Raises RuntimeError, with what to do, unless both sides have the same plugin."""
    if there is None:
        raise RuntimeError("The server has not loaded the plugin RAMSES: set PV_PLUGIN_PATH to its "
                           "folder where pvserver is started, for all ranks.")
    if here is None:
        raise RuntimeError("The server has the plugin RAMSES, this client has not: set "
                           "PV_PLUGIN_PATH to the folder of version %s." % there)
    if here != there:
        raise RuntimeError("The plugin RAMSES is version %s in this client and version %s on the "
                           "server: install the same one on both sides." % (here, there))


def connect(host="localhost", port=11111):
    """Connects to a pvserver; raises RuntimeError unless both sides have the same plugin."""
    connection = simple.Connect(host, port)
    if connection is None:
        raise RuntimeError("No pvserver answers at %s:%d." % (host, port))
    check_versions(*plugin_versions())
    return connection


# ---- what the reader knows ---------------------------------------------------------------------

def fact(reader, name):
    """A number of the mesh's field data (time_myr, redshift, aexp, boxlen, ...), or None."""
    array = reader.FieldData.GetArray(name)
    return None if array is None else array.GetRange(0)[0]


def thread_report(reader):
    """How well the processor cores were used when the reader read last (text)."""
    reader.UpdatePropertyInformation()
    return reader.SMProxy.GetProperty("ThreadReport").GetElement(0)


def mesh_on_client(reader):
    """The mesh as a VTK object if reader and script are one process, else None."""
    algorithm = reader.GetClientSideObject()
    return algorithm.GetOutputDataObject(0) if algorithm else None


def unit_label(reader, field):
    """The unit of a field as the reader says it, e.g. "g/cm^3"."""
    mesh = mesh_on_client(reader)
    array = mesh.GetCellData().GetArray(field) if mesh else None
    if array is not None:
        from vtkmodules.vtkCommonCore import vtkDataArray
        label = array.GetInformation().Get(vtkDataArray.UNITS_LABEL())
        if label:
            return label
    return "code units" if _choice(reader, "FieldUnits") == "code" else ""


def go_to_output(reader, number=None):
    """Moves the animation to output `number`, or to the one that the reader's file name says, and
    reads it. Returns its time in the reader's time unit."""
    reader.UpdatePipelineInformation()
    times = list(reader.TimestepValues)
    if number is None:
        digits = re.findall(r"[0-9]+", os.path.basename(str(reader.FileName).rstrip("/")))
        number = int(digits[-1]) if digits else None
    unit = _choice(reader, "TimeUnit")
    reader.TimeUnit = "output number"
    reader.UpdatePipelineInformation()
    numbers = [int(round(n)) for n in reader.TimestepValues]
    reader.TimeUnit = unit
    reader.UpdatePipelineInformation()
    if number is None or int(number) not in numbers:
        raise RuntimeError("output %s could not be read from %s" % (number, reader.FileName))
    time = times[numbers.index(int(number))]
    scene = simple.GetAnimationScene()
    scene.UpdateAnimationUsingDataTimeSteps()
    scene.AnimationTime = time
    reader.UpdatePipeline(time)
    return time


def time_text(reader):
    """The time of the output in words: redshift and age, or Myr or code time."""
    aexp, myr, code = fact(reader, "aexp"), fact(reader, "time_myr"), fact(reader, "time_code")
    if myr is None:
        return ""
    if aexp is not None and abs(aexp - 1.0) > 1e-12:
        return "redshift %.2f     age of the universe %s" % (1.0 / aexp - 1.0, _myr(myr))
    if 1e-3 < abs(myr) < 1e6:
        return "t = %s" % _myr(myr)
    return "t = %.4g (code units)" % code


def _myr(myr):
    return "%.3g Gyr" % (myr / 1000) if abs(myr) >= 1000 else "%.4g Myr" % myr


def length_label(reader):
    unit = _choice(reader, "LengthUnit")
    return "code length" if unit == "code" else unit


def _choice(reader, name):
    """The text of a property with named values."""
    return str(reader.GetPropertyValue(name)).strip("'")


def peak(reader, field="density"):
    """Centre of the cell with the largest value (of a vector: the longest). The centre of the box
    if the mesh is on another machine."""
    mesh = mesh_on_client(reader)
    box = bounds(reader)
    array = mesh.GetCellData().GetArray(field) if mesh else None
    if array is None:
        return [0.5 * (box[2 * a] + box[2 * a + 1]) for a in range(3)]
    import numpy
    from vtkmodules.util.numpy_support import vtk_to_numpy
    values = vtk_to_numpy(array)
    if values.ndim > 1:
        values = (values.astype("f8") ** 2).sum(axis=1)
    # A coarse cell is never above its finest descendants: the first largest may be one, whose
    # descendants are all alike.
    wanted = int(numpy.nanargmax(values))
    trees = [mesh.GetTree(t) for t in range(mesh.GetMaxNumberOfTrees())]
    tree = max((t for t in trees if t and t.GetGlobalIndexFromLocal(0) <= wanted),
               key=lambda t: t.GetGlobalIndexFromLocal(0))
    return _centre_of(mesh, tree, wanted)


def _centre_of(mesh, tree, wanted):
    from vtkmodules.vtkCommonDataModel import vtkHyperTreeGridNonOrientedGeometryCursor
    cursor = vtkHyperTreeGridNonOrientedGeometryCursor()
    mesh.InitializeNonOrientedGeometryCursor(cursor, tree.GetTreeIndex(), False)

    def search():
        if cursor.GetGlobalNodeIndex() == wanted:
            centre = [0.0, 0.0, 0.0]
            cursor.GetPoint(centre)
            return centre
        if cursor.IsLeaf():
            return None
        for child in range(cursor.GetNumberOfChildren()):
            cursor.ToChild(child)
            found = search()
            cursor.ToParent()
            if found:
                return found
        return None
    return search()


def robust_range(source, field, low=0.1, high=99.9):
    """A colour range that a few extreme cells do not stretch: between two percentiles of the cells
    of `source`, or all of the range if they are on another machine."""
    data = mesh_on_client(source)
    array = data.GetCellData().GetArray(field) if data else None
    if array is None:
        return _range_of(source, field)
    import numpy
    from vtkmodules.util.numpy_support import vtk_to_numpy
    values = vtk_to_numpy(array)
    if values.ndim > 1:
        values = numpy.sqrt((values.astype("f8") ** 2).sum(axis=1))
    values = values[numpy.isfinite(values)]
    low, high = numpy.percentile(values, [low, high])
    return (float(low), float(high)) if low < high else _range_of(source, field)


def bounds(reader):
    return list(reader.GetDataInformation().GetBounds())


# ---- pieces of a picture -----------------------------------------------------------------------

def new_view(size=(1400, 1200)):
    """An empty dark render view."""
    view = simple.CreateView("RenderView")
    view.ViewTime = simple.GetAnimationScene().AnimationTime
    view.ViewSize = list(size)
    if view.GetProperty("UseColorPaletteForBackground"):
        view.UseColorPaletteForBackground = 0
    view.Background = DARK
    view.OrientationAxesVisibility = 0
    if view.GetProperty("CenterAxesVisibility"):
        view.CenterAxesVisibility = 0
    return view


def log_colours(display, reader, field, value_range=None, preset=PRESET, log=True, legend=True,
                view=None):
    """Colours a representation by a cell field on a logarithmic scale, with a legend that names the
    unit. `value_range` (low, high); default: that of the data shown. A scale that cannot be
    logarithmic (values <= 0) stays linear. Returns the colour transfer function."""
    simple.ColorBy(display, ("CELLS", field))
    table = simple.GetColorTransferFunction(field)
    table.AutomaticRescaleRangeMode = "Never"
    low, high = value_range or robust_range(display.Input, field)
    if log and low <= 0 < high and _components(reader, field) > 1:
        low = high * 1e-4
    log = log and 0 < low < high
    table.UseLogScale = 0
    table.ApplyPreset(preset, True)
    table.RescaleTransferFunction(low, high)
    if log:
        table.MapControlPointsToLogSpace()
        table.UseLogScale = 1
    if legend and view is not None:
        display.SetScalarBarVisibility(view, True)
        bar = simple.GetScalarBar(table, view)
        unit = unit_label(reader, field)
        bar.Title = field.replace("_", " ") + ("  [%s]" % unit if unit else "")
        bar.ComponentTitle = "magnitude" if _components(reader, field) > 1 else ""
        _style_bar(bar)
    return table


def _one_colour(display, colour):
    display.ColorArrayName = ["POINTS", ""]
    display.AmbientColor = display.DiffuseColor = colour


def _range_of(source, field):
    array = source.CellData.GetArray(field) or source.PointData.GetArray(field)
    if array is None:
        raise RuntimeError("there is no field %s; is it chosen in CellArrayStatus?" % field)
    component = -1 if array.GetNumberOfComponents() > 1 else 0
    return array.GetRange(component)


def _components(reader, field):
    array = reader.CellData.GetArray(field)
    return 1 if array is None else array.GetNumberOfComponents()


def _style_bar(bar):
    bar.WindowLocation = "Any Location"
    bar.Orientation = "Vertical"
    bar.Position = [0.865, 0.14]
    bar.ScalarBarLength = 0.7
    bar.ScalarBarThickness = 18
    bar.TitleColor = bar.LabelColor = LIGHT
    bar.TitleFontSize, bar.LabelFontSize = 22, 18
    bar.HorizontalTitle = 0
    bar.DrawScalarBarOutline = 0
    bar.AddRangeLabels = 0
    bar.AutomaticLabelFormat = 0
    for name, form in (("LabelFormat", "%-#.0e"), ("RangeLabelFormat", "%-#.1e")):
        if "{" not in str(bar.GetPropertyValue(name)):  # ParaView 6 writes formats another way
            setattr(bar, name, form)


def write_text(view, text, location="Upper Left Corner", size=26):
    """A line of text in a corner of the view."""
    source = simple.Text(Text=text)
    display = simple.Show(source, view)
    display.WindowLocation = location
    display.Color = LIGHT
    display.FontSize = size
    return source


def axes(view, reader, labels="xyz"):
    """Axes with numbers in the reader's length unit around the data."""
    grid = view.AxesGrid
    grid.Visibility = 1
    unit = length_label(reader)
    for axis in labels:
        setattr(grid, axis.upper() + "Title", "%s  [%s]" % (axis, unit))
        for what in ("TitleColor", "LabelColor"):
            setattr(grid, axis.upper() + what, LIGHT)
        setattr(grid, axis.upper() + "TitleFontSize", 22)
        setattr(grid, axis.upper() + "LabelFontSize", 17)
    grid.GridColor = [0.35, 0.36, 0.42]
    grid.AxesToLabel = 7  # the lower ends of the three axes, not the upper ones
    return grid


def save(view, png, size=None):
    """Writes the view as a PNG file."""
    simple.SaveScreenshot(png, view, ImageResolution=list(size or view.ViewSize))


# ---- pictures ----------------------------------------------------------------------------------

def log_slice(reader, field="density", normal="z", origin=None, mesh=True, value_range=None,
              preset=PRESET, size=(1400, 1200), png=None):
    """A slice through the box, coloured by the logarithm of a field, with the cells' borders drawn.

    normal   x, y or z: the axis that the slice stands on
    origin   a point of the slice; default: the densest cell
    mesh     draw the borders of the AMR cells
    Returns the view. Works for outputs of 2 and 3 dimensions."""
    reader.UpdatePipeline(simple.GetAnimationScene().AnimationTime)
    box = bounds(reader)
    flat = box[5] <= box[4]
    axis = 2 if flat else AXES[normal]
    if flat:
        source = reader
    else:
        if origin is None:
            origin = peak(reader, "density" if reader.CellData.GetArray("density") else field)
        source = simple.Slice(Input=reader)
        for plane in (source.SliceType, source.HyperTreeGridSlicer):
            plane.Origin = origin
            plane.Normal = [1.0 if a == axis else 0.0 for a in range(3)]
        source.UpdatePipeline(simple.GetAnimationScene().AnimationTime)

    view = new_view(size)
    display = simple.Show(source, view)
    display.SetRepresentationType("Surface")
    display.Ambient, display.Diffuse, display.Specular = 1.0, 0.0, 0.0  # colours as in the legend
    log_colours(display, reader, field, value_range or robust_range(source, field, 0.5, 98.5),
                preset, view=view)
    if mesh:
        # A second, faint drawing of the same cells.
        if flat:
            make = getattr(simple, "HyperTreeGridGeometryFilter", None) or simple.ExtractSurface
            again = make(Input=reader)
        else:
            again = simple.Slice(Input=reader)
            for plane in (again.SliceType, again.HyperTreeGridSlicer):
                plane.Origin, plane.Normal = source.SliceType.Origin, source.SliceType.Normal
        lines = simple.Show(again, view)
        lines.SetRepresentationType("Wireframe")
        _one_colour(lines, [1.0, 1.0, 1.0])
        lines.Ambient, lines.Diffuse = 1.0, 0.0
        lines.Opacity = 0.16
        lines.LineWidth = 1.0

    _look_along(view, box, axis)
    labels = [name for name in "xyz" if AXES[name] != axis]
    axes(view, reader, labels)
    where = "" if flat else "     slice at %s = %.3g %s" % ("xyz"[axis], origin[axis],
                                                           length_label(reader))
    write_text(view, time_text(reader) + where)
    simple.Render(view)
    if png:
        save(view, png, size)
    return view


def _look_along(view, box, axis):
    """The camera looks down an axis, without perspective; the other two axes point right and up."""
    simple.Render(view)  # the first drawing of a view moves its camera
    centre = [0.5 * (box[2 * a] + box[2 * a + 1]) for a in range(3)]
    width = max(box[2 * a + 1] - box[2 * a] for a in range(3))
    up = {0: 2, 1: 2, 2: 1}[axis]
    right = {0: 1, 1: 0, 2: 0}[axis]
    centre[right] += 0.035 * width  # room for the legend
    sign = -1.0 if axis == 1 else 1.0
    eye = list(centre)
    eye[axis] += sign * 2.0 * width
    view.CameraParallelProjection = 1
    view.CameraFocalPoint = centre
    view.CameraPosition = eye
    view.CameraViewUp = [1.0 if a == up else 0.0 for a in range(3)]
    view.CameraParallelScale = 0.585 * width


def view_3d(reader, field="density", levels=None, value_range=None, preset=PRESET, walls=True,
            size=(1400, 1200), png=None):
    """The box in three dimensions: surfaces of equal value, from the thin to the dense, and slices
    on the three far walls. Colours are those of the field's logarithm, the same for both.

    levels   the values of the surfaces; default: three, between the mean and the maximum
    walls    draw the slices on the far walls
    Returns the view."""
    time = simple.GetAnimationScene().AnimationTime
    reader.UpdatePipeline(time)
    box = bounds(reader)
    view = new_view(size)
    low, high = value_range or robust_range(reader, field)
    if levels is None:
        levels = _levels_between(reader, field, low, high)

    if walls:
        for axis in range(3):
            wall = simple.Slice(Input=reader)
            place = [0.5 * (box[2 * a] + box[2 * a + 1]) for a in range(3)]
            inside = 1e-6 * (box[2 * axis + 1] - box[2 * axis])
            place[axis] = box[2 * axis] + inside if axis != 1 else box[2 * axis + 1] - inside
            for plane in (wall.SliceType, wall.HyperTreeGridSlicer):
                plane.Origin = place
                plane.Normal = [1.0 if a == axis else 0.0 for a in range(3)]
            wall.UpdatePipeline(time)
            display = simple.Show(wall, view)
            display.SetRepresentationType("Surface")
            display.Ambient, display.Diffuse, display.Specular = 0.8, 0.0, 0.0
            # A little outside, so that the box's edges stand before them.
            display.Position = [0.0 if a != axis else
                                (0.003 if axis == 1 else -0.003) * (box[1] - box[0])
                                for a in range(3)]
            log_colours(display, reader, field, (low, high), preset, view=view,
                        legend=axis == 0)

    surfaces = simple.Contour(Input=reader)  # all in one pass: the search is what costs
    surfaces.ContourBy = ["CELLS", field]
    surfaces.Isosurfaces = levels
    surfaces.UpdatePipeline(time)
    for i, value in enumerate(levels):
        one = simple.Threshold(Input=surfaces)
        one.Scalars = ["POINTS", field]
        one.LowerThreshold, one.UpperThreshold = 0.99 * value, 1.01 * value
        one.UpdatePipeline(time)
        display = simple.Show(one, view)
        display.SetRepresentationType("Surface")
        display.Opacity = 0.15 + 0.85 * i / max(1, len(levels) - 1)
        display.Specular = 0.2
        _one_colour(display, _colour_at(field, value))
    edges = simple.Show(reader, view)
    edges.SetRepresentationType("Outline")
    _one_colour(edges, [0.6, 0.62, 0.7])

    simple.Render(view)
    centre = [0.5 * (box[2 * a] + box[2 * a + 1]) for a in range(3)]
    width = max(box[2 * a + 1] - box[2 * a] for a in range(3))
    view.CameraViewUp = [0, 0, 1]
    # Looking from +x, -y, +z; aimed beside the middle, to leave room for the legend.
    view.CameraFocalPoint = [centre[0] + 0.06 * width, centre[1] + 0.06 * width,
                             centre[2] - 0.03 * width]
    view.CameraPosition = [c + k * width for c, k in zip(centre, (2.1, -2.3, 1.4))]
    view.CameraViewAngle = 30
    write_text(view, time_text(reader))
    simple.Render(view)
    if png:
        save(view, png, size)
    return view


def _levels_between(reader, field, low, high):
    """Three values a third of a decade and more above the mean, evenly spaced in the logarithm."""
    low = max(low, high * 1e-12)
    middle = math.log10(low) + 0.45 * (math.log10(high) - math.log10(low))
    top = math.log10(low) + 0.75 * (math.log10(high) - math.log10(low))
    return [10 ** (middle + k * (top - middle) / 2) for k in range(3)]


def _colour_at(field, value):
    """The colour that the field's colour scale gives to a value."""
    table = simple.GetColorTransferFunction(field)
    points = list(table.RGBPoints)
    xs, colours = points[0::4], [points[i + 1:i + 4] for i in range(0, len(points), 4)]
    if table.UseLogScale:
        xs = [math.log10(x) for x in xs]
        value = math.log10(value)
    for i in range(1, len(xs)):
        if value <= xs[i]:
            part = (value - xs[i - 1]) / (xs[i] - xs[i - 1]) if xs[i] > xs[i - 1] else 0.0
            return [a + part * (b - a) for a, b in zip(colours[i - 1], colours[i])]
    return colours[-1]
