"""AMRCoveringGrid: totals of real outputs are kept on grids of levels and of any size; regions, points
and cells, memory limit; streamlines, volume rendering and probes work on it."""

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy

import pvr_check as check

LEVEL, DIMENSIONS = 0, 1
CELLS, POINTS = 0, 1


def output_of(proxy):
    proxy.UpdatePipeline()
    return proxy.GetClientSideObject().GetOutputDataObject(0)


def grid_of(source, **properties):
    return output_of(simple.AMRCoveringGrid(Input=source, **properties))


def values_of(image, name, cells=True):
    data = image.GetCellData() if cells else image.GetPointData()
    assert data.GetArray(name) is not None, "no array %s" % name
    return vtk_to_numpy(data.GetArray(name))


def cell_volume(image, ndim):
    return numpy.prod(image.GetSpacing()[:ndim])


def test_totals_of_real_outputs():
    for run, number in [("web3d", 2), ("sedov3d", 3), ("sedov2d", 3), ("sedov1d", 2)]:
        reader = check.reader_of(run, number, Precision=1, DerivedArrayStatus=["mass"])
        expected = check.expected(run, number)
        ndim = expected["ndim"]
        for properties in ({"Level": 5}, {"Level": 6}, {"Level": 0}, {"Level": 1},
                           {"Resolution": DIMENSIONS, "SamplingDimensions": [37, 29, 51]}):
            image = grid_of(reader, OutputAs=CELLS, CellArrays=["density", "mass"], **properties)
            check.equal(image.GetClassName(), "vtkImageData", "kind")
            total = (values_of(image, "density") * cell_volume(image, ndim)).sum()
            check.close(total, expected["total_mass"], 1e-12, "mass of %s %s" % (run, properties))
            masses = values_of(image, "mass")
            check.close(masses.sum(), expected["total_mass"], 1e-12, "sum of masses")
            check.close(masses.max(), (values_of(image, "density") * cell_volume(image, ndim)).max(),
                        1e-12, "largest mass")
            bounds = image.GetBounds()
            size = expected["box_size_code"]
            for axis in range(ndim):
                side = size[axis] if isinstance(size, list) else size
                check.close(bounds[2 * axis + 1] - bounds[2 * axis], side, 1e-12, "bounds")
        check.equal(check.number_of(image), number, "output number in the field data")


def test_points_are_the_centres_of_cells():
    reader = check.reader_of("sedov3d", 3)
    fields = ["density", "velocity"]
    cells = grid_of(reader, OutputAs=CELLS, CellArrays=fields, Level=5)
    points = grid_of(reader, CellArrays=fields, Level=5)
    check.equal(cells.GetDimensions(), (33, 33, 33), "points of cells")
    check.equal(points.GetDimensions(), (32, 32, 32), "points")
    for name in fields:
        assert (values_of(cells, name) == values_of(points, name, False)).all()
    check.close(points.GetOrigin()[0] - cells.GetOrigin()[0], 0.5 * cells.GetSpacing()[0], 1e-12,
                "half a cell")
    check.equal(points.GetPointData().GetScalars().GetName(), "density", "active scalars")


def test_values_are_those_of_the_leaves():
    reader = check.reader_of("web3d", 2)
    mesh = check.mesh_of(reader)
    leaves = check.Leaves(mesh)
    density = check.array_of(mesh, "density")[leaves.index]
    image = grid_of(reader, OutputAs=CELLS, CellArrays=["density", "level"], Level=8,
                    UseInputBounds=0, SamplingBounds=[0.3, 0.6, 0.1, 0.5, 0.25, 0.7])
    values = values_of(image, "density")
    for axis, (low, high) in enumerate([(0.3, 0.6), (0.1, 0.5), (0.25, 0.7)]):
        first, last = numpy.floor(low * 256 + 1e-9) / 256, numpy.ceil(high * 256 - 1e-9) / 256
        check.close(image.GetBounds()[2 * axis], first, 1e-12, "lower bound")
        check.close(image.GetBounds()[2 * axis + 1], last, 1e-12, "upper bound")
    origin, spacing, dims = (numpy.array(x) for x in
                             (image.GetOrigin(), image.GetSpacing(), image.GetDimensions()))
    asked = 0
    for depth in range(int(leaves.depth.max()) + 1):
        for leaf in numpy.flatnonzero(leaves.depth == depth)[::17]:
            if leaves.width[leaf] < spacing[0] * 0.9:
                continue
            # the grid's cell just above the leaf's lower corner, and that just below its upper one
            for side in (-0.5, 0.5):
                place = leaves.centre[leaf] + side * (leaves.width[leaf] - spacing[0])
                at = numpy.floor((place - origin) / spacing).astype(int)
                if (at >= 0).all() and (at < dims - 1).all():
                    i = at[0] + (dims[0] - 1) * (at[1] + (dims[1] - 1) * at[2])
                    check.equal(values[i], density[leaf], "density of a leaf")
                    asked += 1
    assert asked > 500, asked


def test_mass_weighting_and_sampling():
    reader = check.reader_of("web3d", 2, Precision=1)
    expected = check.expected("web3d", 2)
    arrays = ["density", "velocity"]
    mass = grid_of(reader, OutputAs=CELLS, CellArrays=arrays, Level=5, Weighting=1)
    volume = grid_of(reader, OutputAs=CELLS, CellArrays=arrays, Level=5)
    mesh = check.mesh_of(reader)
    leaves = check.Leaves(mesh)
    density = check.array_of(mesh, "density")[leaves.index]
    momentum = (check.array_of(mesh, "velocity")[leaves.index] *
                (density * leaves.volume)[:, None]).sum(axis=0)
    # mean velocities by mass times mean densities by volume keep the momentum
    total = (values_of(mass, "velocity") * values_of(volume, "density")[:, None]).sum(axis=0) * \
        cell_volume(mass, 3)
    scale = expected["total_mass"] * abs(check.array_of(mesh, "velocity")).max()
    assert (abs(total - momentum) < 1e-12 * scale).all(), (total, momentum)
    linear = values_of(grid_of(reader, OutputAs=CELLS, CellArrays=["density"], Level=7,
                               Sampling="Linear"), "density")
    assert density.min() <= linear.min() and linear.max() <= density.max()
    nearest = values_of(grid_of(reader, OutputAs=CELLS, CellArrays=["density"], Level=7,
                                Sampling="Nearest"), "density")
    assert numpy.isin(nearest, density).all()
    assert len(numpy.unique(linear)) > 2 * len(numpy.unique(nearest))


def test_what_is_too_large_is_refused():
    reader = check.reader_of("web3d", 2)
    grid = simple.AMRCoveringGrid(Input=reader, CellArrays=["density", "velocity"], Level=9,
                                  MemoryLimit=1)
    messages = check.Messages(grid)
    grid.UpdatePipeline()
    check.equal(output_of(grid).GetNumberOfPoints(), 0, "points")
    text = "".join(messages.errors)
    assert "512 x 512 x 512 cells, level 9" in text and "2 GiB" in text, text
    assert "Memory Limit of 1 GiB" in text, text
    grid.UpdatePropertyInformation()
    assert "2 arrays: 2 GiB" in grid.GetPropertyValue("MemoryEstimate")
    grid.Level = 6
    check.equal(output_of(grid).GetNumberOfPoints(), 64 ** 3, "points")
    grid.UpdatePropertyInformation()
    assert "64 x 64 x 64 cells" in grid.GetPropertyValue("MemoryEstimate")
    assert "efficiency" in grid.GetPropertyValue("ThreadReport")

    # ParaView leaves out numbers that are those of the XML
    half = check.reader_of("sedov3d", 2)
    for properties in {}, {"SamplingBounds": [0, 1, 0, 1, 0, 1]}:
        image = grid_of(half, OutputAs=CELLS, Level=5, UseInputBounds=0, **properties)
        check.equal(image.GetBounds(), (0, 0.5, 0, 0.5, 0, 0.5), "bounds")

    for properties, part in [({"SamplingBounds": [2, 3, 0, 1, 0, 1]}, "from 2 to 3 along x"),
                             ({"SamplingBounds": [0, 1, 0.5, 0.4, 0, 1]}, "along y"),
                             ({"SamplingBounds": [0, 0.4, 0, 0.4, 0, 0.4], "CellArrays": ["nothing"]},
                              "no cell array 'nothing'")]:
        grid = simple.AMRCoveringGrid(Input=reader, UseInputBounds=0, **properties)
        messages = check.Messages(grid)
        grid.UpdatePipeline()
        assert part in "".join(messages.errors), messages.errors
        assert part in check.why_failed(output_of(grid)), check.why_failed(output_of(grid))


def test_filters_run_on_it():
    reader = check.reader_of("sedov3d", 3)
    # nothing is updated in between: the extent is known only when the mesh has been read
    grid = simple.AMRCoveringGrid(Input=reader, CellArrays=["density", "velocity"], Level=6)
    tracer = simple.StreamTracer(Input=grid, SeedType="Point Cloud", Vectors=["POINTS", "velocity"])
    tracer.SeedType.Center = [0.1, 0.1, 0.1]
    tracer.SeedType.Radius = 0.05
    tracer.MaximumStreamlineLength = 0.5
    assert output_of(tracer).GetNumberOfCells() > 10
    surface = simple.Contour(Input=grid, ContourBy=["POINTS", "density"], Isosurfaces=[1.0])
    assert output_of(surface).GetNumberOfCells() > 1000
    probe = simple.ProbeLocation(Input=grid, ProbeType="Fixed Radius Point Source")
    probe.ProbeType.Center = [0.25, 0.25, 0.25]
    value = output_of(probe).GetPointData().GetArray("density").GetValue(0)
    assert value > 0
    again = output_of(simple.ResampleToImage(Input=grid, SamplingDimensions=[20, 20, 20]))
    assert (vtk_to_numpy(again.GetPointData().GetArray("density")) > 0).all()

    check.close(value, 1.0, 0.5, "density in the middle of the blast's surroundings")
    grid.Level = 4
    assert output_of(surface).GetNumberOfCells() > 100


def test_slices_and_other_grids():
    reader = check.reader_of("sedov3d", 3, Precision=1, CellArrayStatus=["density", "level"])
    cut = simple.Slice(Input=reader, HyperTreeGridSlicer="Axis Aligned Plane")
    cut.HyperTreeGridSlicer.Origin = [0.26, 0.26, 0.26]
    cut.HyperTreeGridSlicer.Normal = [0.0, 1.0, 0.0]
    image = grid_of(cut, OutputAs=CELLS, CellArrays=["density"], Level=6)
    check.equal(image.GetDimensions(), (65, 1, 65), "points")
    check.close(image.GetBounds()[2], 0.26, 1e-12, "place of the slice")
    assert (values_of(image, "density") > 0).all()

    part = simple.Threshold(Input=reader, Scalars=["CELLS", "density"])
    part.LowerThreshold, part.UpperThreshold = 1.2, 1e9
    image = grid_of(part, OutputAs=CELLS, CellArrays=["density"], Level=6)
    kept = values_of(image, "density")
    assert numpy.isnan(kept).any() and not numpy.isnan(kept).all()
    assert (kept[~numpy.isnan(kept)] >= 1.2).all()

    source = simple.HyperTreeGridRandom() if hasattr(simple, "HyperTreeGridRandom") else \
        simple.RandomHyperTreeGrid()
    image = grid_of(source, OutputAs=CELLS, Level=4)
    depth = values_of(image, "Depth")
    assert depth.min() >= 0 and depth.max() > 1


def test_volume_rendering():
    view = simple.CreateView("RenderView")
    view.ViewSize = [200, 200]
    reader = check.reader_of("sedov3d", 3)
    grid = simple.AMRCoveringGrid(Input=reader, CellArrays=["density"], Level=6)
    shown = simple.Show(grid, view)
    shown.SetRepresentationType("Volume")
    simple.ColorBy(shown, ("POINTS", "density"))
    simple.ResetCamera(view)
    simple.Render(view)
    image = view.SMProxy.CaptureWindow(1)
    pixels = vtk_to_numpy(image.GetPointData().GetScalars())
    colours = len(numpy.unique(pixels, axis=0))
    simple.Delete(view)
    assert colours > 20, "%d colours in the picture" % colours


def test_a_view_follows_the_time():
    view = simple.CreateView("RenderView")
    reader = check.reader_of("web3d", 3, MaxLevel=6)
    grid = simple.AMRCoveringGrid(Input=reader, CellArrays=["density"], Level=6)
    shown = simple.Show(grid, view)
    ranges = []
    for time in reader.TimestepValues:
        view.ViewTime = time
        simple.Render(view)
        ranges.append(shown.Input.PointData["density"].GetRange())
    simple.Delete(view)
    assert ranges[0][1] < ranges[1][1], "matter gathers: %r" % ranges


def test_a_view_goes_on_after_a_mistake():
    view = simple.CreateView("RenderView")
    reader = check.reader_of("sedov3d", 3)
    grid = simple.AMRCoveringGrid(Input=reader, Level=4, OutputAs=CELLS, CellArrays=["density"])
    image = simple.AMRProjection(Input=reader, Resolution=20, Arrays=["density"])
    for shown, name, cells in ((grid, "CellArrays", 16**3), (image, "Arrays", 20**2)):
        simple.Show(shown, view)
        found = []
        for array in ("density", "none", "density"):
            shown.SetPropertyWithName(name, [array])
            simple.Render(view)
            found.append(shown.GetDataInformation().GetNumberOfCells())
        assert found == [cells, 0, cells], found
        simple.Delete(shown)
    simple.Show(reader, view)
    reader.RegionType = "cylinder"
    found = []
    for axis in ([0, 0, 1], [0, 0, 0], [0, 0, 1]):
        reader.RegionAxis = axis
        simple.Render(view)
        found.append(reader.GetDataInformation().GetNumberOfCells())
    assert found[0] == found[2] > found[1] == 0, found
    simple.Delete(view)


if __name__ == "__main__":
    check.run_tests(globals())
