"""AMRLeafCells: counts, volumes and sums of real outputs; filters that take no hyper tree grid run on
it; masks, slices and grids that are not ours."""

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import VTK_LINE, VTK_PIXEL, VTK_VOXEL

import pvr_check as check


def output_of(proxy):
    proxy.UpdatePipeline()
    return proxy.GetClientSideObject().GetOutputDataObject(0)


def leaf_cells(source, **properties):
    return output_of(simple.AMRLeafCells(Input=source, **properties))


def points_of(grid):
    return vtk_to_numpy(grid.GetPoints().GetData())


def volumes(grid, ndim):
    """Of the cells, from their first and last corner."""
    corners = vtk_to_numpy(grid.GetCells().GetConnectivityArray()).reshape(-1, 2 ** ndim)
    points = points_of(grid).astype(float)
    return numpy.prod((points[corners[:, -1]] - points[corners[:, 0]])[:, :ndim], axis=1)


def test_counts_and_sums_of_real_outputs():
    kinds = {1: VTK_LINE, 2: VTK_PIXEL, 3: VTK_VOXEL}
    for run, number in check.OUTPUTS:
        reader = check.reader_of(run, number, Precision=1)
        expected = check.expected(run, number)
        grid = leaf_cells(reader)
        ndim = expected["ndim"]
        check.equal(grid.GetNumberOfCells(), expected["leaf_cells"], "%s %d cells" % (run, number))
        check.equal(grid.GetCellType(0), kinds[ndim], "kind of cell")
        points = points_of(grid)
        check.equal(len(numpy.unique(points, axis=0)), len(points), "points are there once")
        volume = volumes(grid, ndim)
        check.close(volume.sum(), expected["volume"], 1e-5, "volume")
        density = vtk_to_numpy(grid.GetCellData().GetArray("density"))
        check.close((density * volume).sum(), expected["total_mass"], 1e-5, "mass")
        level = vtk_to_numpy(grid.GetCellData().GetArray("level"))
        for name, count in expected["leaf_cells_per_level"].items():
            check.equal(int((level == int(name)).sum()), count, "cells of level " + name)
        check.equal(check.number_of(grid), number, "output number in the field data")


def test_arrays_keep_names_and_units():
    reader = check.reader_of("web3d", 2, FieldUnits=2)
    grid = leaf_cells(reader)
    data, mesh = grid.GetCellData(), check.mesh_of(reader).GetCellData()
    for i in range(mesh.GetNumberOfArrays()):
        ours, theirs = data.GetArray(i), mesh.GetArray(i)
        check.equal(ours.GetName(), theirs.GetName(), "name")
        check.equal(ours.GetDataType(), theirs.GetDataType(), "type")
        check.equal(ours.GetNumberOfComponents(), theirs.GetNumberOfComponents(), "components")
        key = theirs.UNITS_LABEL()
        check.equal(ours.GetInformation().Get(key), theirs.GetInformation().Get(key), "unit")
    check.equal(data.GetArray("velocity").GetComponentName(1), "y", "component")
    check.equal(data.GetScalars().GetName(), "density", "active scalars")


def test_the_same_for_any_threads():
    reader = check.reader_of("web3d", 2)
    one, two = leaf_cells(reader, MaxThreads=1), leaf_cells(reader, MaxThreads=3)
    assert (points_of(one) == points_of(two)).all()
    assert (vtk_to_numpy(one.GetCells().GetConnectivityArray()) ==
            vtk_to_numpy(two.GetCells().GetConnectivityArray())).all()
    cells = simple.AMRLeafCells(Input=reader, MaxThreads=1)
    cells.UpdatePipeline()
    cells.UpdatePropertyInformation()
    report = cells.GetPropertyValue("ThreadReport")
    assert "1 thread," in report and "178389 leaf cells" in report, report


def test_filters_run_on_it():
    reader = check.reader_of("sedov3d", 3)
    cells = simple.AMRLeafCells(Input=reader)
    points = simple.CellDatatoPointData(Input=cells)
    surface = simple.Contour(Input=points, ContourBy=["POINTS", "density"], Isosurfaces=[1.0])
    assert output_of(surface).GetNumberOfCells() > 1000
    gradient = output_of(simple.Gradient(Input=points, ScalarArray=["POINTS", "density"]))
    values = vtk_to_numpy(gradient.GetPointData().GetArray("Gradient"))
    assert numpy.isfinite(values).all() and abs(values).max() > 0
    tracer = simple.StreamTracer(Input=points, SeedType="Point Cloud", Vectors=["POINTS", "velocity"])
    tracer.SeedType.Center = [0.1, 0.1, 0.1]
    tracer.SeedType.Radius = 0.05
    assert output_of(tracer).GetNumberOfCells() > 10
    half = simple.Clip(Input=cells, ClipType="Plane")
    half.ClipType.Origin, half.ClipType.Normal = [0.25, 0.25, 0.25], [1, 0.3, 0]
    whole = check.expected("sedov3d", 3)["volume"]
    part = simple.IntegrateVariables(Input=half)
    # cells on the other side are left out: by symmetry about half of the box stays
    volume = output_of(part).GetCellData().GetArray("Volume").GetValue(0)
    check.close(volume, whole / 2, 1e-6, "volume of half the box")


def test_what_a_threshold_hides_is_left_out():
    reader = check.reader_of("web3d", 2)
    mesh = check.mesh_of(reader)
    leaves = check.Leaves(mesh)
    density = check.array_of(mesh, "density")[leaves.index]
    low, high = numpy.quantile(density, [0.3, 0.8])
    part = simple.Threshold(Input=reader, Scalars=["CELLS", "density"])
    part.LowerThreshold, part.UpperThreshold = float(low), float(high)
    grid = leaf_cells(part)
    kept = vtk_to_numpy(grid.GetCellData().GetArray("density"))
    assert len(kept) > 1000
    assert ((kept >= low) & (kept <= high)).all()
    # VTK hides leaves alone, unless all leaves of a coarse cell are hidden
    check.equal(len(kept), int(((density >= low) & (density <= high)).sum()), "cells")
    used = numpy.zeros(grid.GetNumberOfPoints(), bool)
    used[vtk_to_numpy(grid.GetCells().GetConnectivityArray())] = True
    assert used.all(), "points that no cell has"


def test_slices_and_other_grids():
    reader = check.reader_of("sedov3d", 3)
    for axis in range(3):
        cut = simple.Slice(Input=reader, HyperTreeGridSlicer="Axis Aligned Plane")
        cut.HyperTreeGridSlicer.Origin = [0.26, 0.26, 0.26]
        cut.HyperTreeGridSlicer.Normal = [float(axis == 0), float(axis == 1), float(axis == 2)]
        slice_ = output_of(cut)
        assert slice_.IsA("vtkHyperTreeGrid")
        grid = leaf_cells(cut)
        bounds = grid.GetBounds()
        check.close(bounds[2 * axis], 0.26, 1e-6, "place of the slice")
        check.close(bounds[2 * axis + 1], 0.26, 1e-6, "place of the slice")
        check.equal(grid.GetCellType(0), VTK_PIXEL, "kind of cell")
        corners = vtk_to_numpy(grid.GetCells().GetConnectivityArray()).reshape(-1, 4)
        points = numpy.delete(points_of(grid).astype(float), axis, axis=1)
        area = numpy.prod(points[corners[:, 3]] - points[corners[:, 0]], axis=1).sum()
        check.close(area, 0.25, 1e-6, "area of the slice")

    source = simple.HyperTreeGridRandom() if hasattr(simple, "HyperTreeGridRandom") else \
        simple.RandomHyperTreeGrid()
    grid = leaf_cells(source)
    mesh = output_of(source)
    check.equal(grid.GetNumberOfCells(), mesh.GetNumberOfLeaves(), "leaves of a random grid")
    depth = vtk_to_numpy(grid.GetCellData().GetArray("Depth"))
    level = vtk_to_numpy(grid.GetCellData().GetArray("level"))
    assert (depth == level - 1).all()


def test_what_is_refused():
    source = simple.HyperTreeGrid(BranchFactor=3)
    cells = simple.AMRLeafCells(Input=source)
    messages = check.Messages(cells)
    grid = output_of(cells)
    check.equal(grid.GetNumberOfCells(), 0, "cells of a mesh that is no octree")
    check.equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
    assert "branch factor of 3" in messages.errors[0], messages.errors
    assert check.why_failed(grid) in messages.errors[0], check.why_failed(grid)
    source.BranchFactor = 2
    grid = output_of(cells)
    check.equal(grid.GetNumberOfCells(), output_of(source).GetNumberOfLeaves(), "cells afterwards")
    check.equal(check.why_failed(grid), None, "failure afterwards")
    check.equal(len(messages.errors), 1, "messages afterwards")


if __name__ == "__main__":
    check.run_tests(globals())
