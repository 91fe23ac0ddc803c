"""AMRProjection of what is no hyper tree grid: images, unstructured cells, particles; directions."""

import math
import os
import sys

import numpy
from paraview import servermanager, simple

from pvr_check import Messages, close, equal, expected, reader_of, run_tests, why_failed
sys.path.insert(0, os.environ["PVRAMSES_PYTHON"])
import pvramses_map  # noqa: E402
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy


def map_of(source, **wishes):
    projection = simple.AMRProjection(Input=source, **wishes)
    projection.UpdatePipeline()
    return servermanager.Fetch(projection)


def values_of(image, name=0):
    return vtk_to_numpy(image.GetCellData().GetArray(name))


def total_of(image, name=0):
    return math.fsum(numpy.nan_to_num(values_of(image, name))) * image.GetSpacing()[0] ** 2


def particles_of(run, number, **properties):
    reader = reader_of(run, number, Precision="double", **properties)
    return simple.OutputPort(reader, "Particles")


def points_of(particles):
    return particles.GetClientSideObject().GetOutputDataObject(1)


def produced(data):
    source = simple.TrivialProducer()
    source.GetClientSideObject().SetOutput(data)
    return source


DIRECTIONS = ({"Direction": "x"}, {"Direction": "z"},
              {"Direction": "custom", "LineOfSight": [1, 2, 3]},
              {"Direction": "custom", "LineOfSight": [0, 0, -1]})


def test_leaf_cells_are_the_mesh():
    for run, number in (("sedov3d", 3), ("sedov2d", 3)):
        reader = reader_of(run, number, Precision="double")
        cells = simple.AMRLeafCells(Input=reader)
        for direction in DIRECTIONS if run == "sedov3d" else ({},):
            whole = map_of(reader, Resolution=100, **direction)
            other = map_of(cells, Resolution=100, **direction)
            equal(other.GetExtent(), whole.GetExtent(), "pixels")
            close(total_of(other), expected(run, number)["total_mass"], 1e-12, "mass")
            assert numpy.allclose(values_of(other), values_of(whole), rtol=1e-6, atol=1e-12,
                                  equal_nan=True), "same map along %s" % direction


def test_images():
    reader = reader_of("sedov3d", 3, Precision="double")
    mass = expected("sedov3d", 3)["total_mass"]
    for kind in ("Cell Data", "Point Data"):
        grid = simple.AMRCoveringGrid(Input=reader, Level=6, OutputAs=kind)
        for direction in DIRECTIONS:
            image = map_of(grid, Resolution=50, **direction)
            close(total_of(image), mass, 1e-12, "mass of %s along %s" % (kind, direction))
        whole = map_of(reader, Resolution=64)
        assert numpy.allclose(values_of(map_of(grid, Resolution=64)), values_of(whole),
                              rtol=1e-12), "the finest level's grid is the mesh"


def test_other_hyper_tree_grids():
    """Of cells that are no cubes, against the same cells one by one."""
    grid = simple.HyperTreeGridRandom(Dimensions=[5, 4, 3], MaxDepth=3)
    cells = simple.AMRLeafCells(Input=grid)
    for wishes in ({"Mode": "integral"}, {"Mode": "mean", "Weighting": "volume"}, {"Mode": "max"},
                   {"Mode": "sum", "Weighting": "none"}):
        for direction in DIRECTIONS[1:3]:
            image, other = (map_of(source, Resolution=40, Arrays=["Depth"], **wishes, **direction)
                            for source in (grid, cells))
            assert numpy.allclose(values_of(image), values_of(other), rtol=1e-6, atol=1e-9,
                                  equal_nan=True), "%s %s" % (wishes, direction)
    reader = reader_of("sedov3d", 3, Precision="double")
    mesh = reader.GetClientSideObject().GetOutputDataObject(0)
    stretched = mesh.NewInstance()
    stretched.ShallowCopy(mesh)
    wide = numpy_to_vtk(2 * vtk_to_numpy(mesh.GetXCoordinates()), deep=True)
    stretched.SetXCoordinates(wide)
    for direction in DIRECTIONS:
        close(total_of(map_of(produced(stretched), Resolution=50, **direction)),
              2 * expected("sedov3d", 3)["total_mass"], 1e-12, "mass along %s" % direction)


def test_arrays_of_points_and_cells():
    """An image has some of its arrays on the points, and marks of what is hidden."""
    both = simple.PointDatatoCellData(Input=simple.Calculator(
        Input=simple.Wavelet(), Function="RTData * 2", ResultArrayName="twice"),
        PassPointData=1, ProcessAllArrays=0, PointDataArraytoprocess=["RTData"])
    ones = map_of(both, Resolution=21, Mode="integral", Arrays=["RTData"])
    twos = map_of(both, Resolution=21, Mode="integral", Arrays=["twice"])
    equal((ones.GetBounds()[1], twos.GetBounds()[1]), (10, 10.5), "cells, boxes about points")
    reader = reader_of("sedov3d", 3, Precision="double")
    grid = simple.ResampleToImage(Input=simple.AMRLeafCells(Input=reader), UseInputBounds=0,
                                  SamplingBounds=[0, 1, 0, 0.5, 0, 0.5],
                                  SamplingDimensions=[65, 33, 33])
    image = map_of(grid, Resolution=65)
    name = image.GetCellData().GetArrayName(0)
    mass = total_of(image)
    assert name.startswith("density") and 0.11 < mass < 0.14, "%s: %g" % (name, mass)


def test_particles():
    particles = particles_of("web3d", 3)
    data = points_of(particles)
    masses = vtk_to_numpy(data.GetPointData().GetArray("mass"))
    mass = math.fsum(masses)
    for kernel in ("nearest pixel", "cloud in cell", "cubic spline"):
        for direction in DIRECTIONS:
            image = map_of(particles, Resolution=90, Kernel=kernel, **direction)
            equal(image.GetCellData().GetArrayName(0), "mass [code]", "what is projected")
            close(total_of(image), mass, 1e-12, "%s along %s" % (kernel, direction))
    # the first row of pixels has its particles
    image = map_of(particles, Resolution=64, Kernel="nearest pixel", Mode="sum", Weighting="none",
                   UseCenter=1, Center=[0.5, 0.5, 0.5], Width=1)
    points = vtk_to_numpy(data.GetPoints().GetData())
    counted, _, _ = numpy.histogram2d(points[:, 1], points[:, 0], bins=64, range=[[0, 1], [0, 1]],
                                      weights=masses)
    seen = numpy.nan_to_num(values_of(image)).reshape(64, 64)
    assert numpy.allclose(seen, counted, rtol=1e-9, atol=1e-15), "as a histogram"


def test_splines_with_lengths():
    particles = particles_of("web3d", 3)
    data = points_of(particles)
    length = numpy.full(data.GetNumberOfPoints(), 0.02)
    array = numpy_to_vtk(length, deep=True)
    array.SetName("h")
    data.GetPointData().AddArray(array)
    source = produced(data)
    wide = map_of(source, Resolution=50, Kernel="cubic spline", LengthArray="h")
    same = map_of(source, Resolution=50, Kernel="cubic spline", LengthArray="h", LengthFactor=1.5)
    sharp = map_of(source, Resolution=50, Kernel="cloud in cell")
    close(total_of(wide), total_of(sharp), 1e-12, "mass")
    order = [values_of(image).std() for image in (same, wide, sharp)]
    assert order[0] < order[1] < order[2], "wider is smoother: %s" % order


def test_ghosts_are_left_out():
    reader = reader_of("sedov3d", 3, Precision="double")
    data = servermanager.Fetch(simple.AMRLeafCells(Input=reader))
    rho = vtk_to_numpy(data.GetCellData().GetArray("density"))
    whole = total_of(map_of(produced(data), Resolution=20))
    ghosts = numpy.zeros(len(rho), dtype=numpy.uint8)
    ghosts[::2] = 1
    array = numpy_to_vtk(ghosts, deep=True)
    array.SetName("vtkGhostType")
    data.GetCellData().AddArray(array)
    part = total_of(map_of(produced(data), Resolution=20))
    array = numpy_to_vtk(1 - ghosts, deep=True)
    array.SetName("vtkGhostType")
    data.GetCellData().AddArray(array)
    close(part + total_of(map_of(produced(data), Resolution=20)), whole, 1e-12, "two halves")
    assert 0.2 * whole < part < 0.8 * whole, "a part"


def test_lengths_in_any_unit():
    reader = reader_of("web3d", 3, Precision="double")
    reader.LengthUnit = "kpc"
    reader.UpdatePipeline()
    box = reader.GetDataInformation().GetBounds()[1]
    half = map_of(reader, Resolution=32, Center=[0.5 * box] * 3, Width=0.5 * box,
                  Depth=0.25 * box)
    for unit, factor in (("Mpc", 1e-3), ("pc", 1e3), ("kpc", 1.0), ("code", 1 / box)):
        other = map_of(reader, Resolution=32, Center=[0.5 * box * factor] * 3,
                       Width=0.5 * box * factor, Depth=0.25 * box * factor, LengthUnit=unit)
        assert numpy.allclose(values_of(half), values_of(other), rtol=1e-9), unit
        size = map_of(reader, ResolutionType="pixel size", PixelSize=0.01 * box * factor,
                      LengthUnit=unit)
        equal(size.GetExtent()[1], 100, "pixels of a size in " + unit)


def test_the_cameras_direction():
    reader = reader_of("sedov3d", 3, Precision="double")
    projection = simple.AMRProjection(Input=reader, Resolution=40)
    view = simple.CreateRenderView()
    view.CameraPosition, view.CameraFocalPoint = [3.0, 2.0, 1.0], [0.25, 0.25, 0.25]
    view.CameraViewUp = [0.0, 0.0, 1.0]
    pvramses_map.use_camera(projection, view)
    projection.UpdatePipeline()
    image = servermanager.Fetch(projection)
    sight = numpy.array(image.GetFieldData().GetArray("line_of_sight").GetTuple(0))
    wanted = numpy.array([2.75, 1.75, 0.75])
    assert numpy.allclose(sight, wanted / numpy.linalg.norm(wanted), atol=1e-12), sight
    close(total_of(image), expected("sedov3d", 3)["total_mass"], 1e-12, "mass")


def test_offered_are_the_arrays_of_cells():
    projection = simple.AMRProjection(Input=reader_of("sedov3d", 3))
    names = projection.GetProperty("Arrays").SMProperty.FindDomain("vtkSMArrayListDomain")
    equal(sorted(names.GetString(i) for i in range(names.GetNumberOfStrings())),
          ["density", "pressure", "velocity"], "arrays to choose from")


def test_another_size_after_filters_have_gone():
    projection = simple.AMRProjection(Input=reader_of("sedov3d", 3))
    for resolution in 16, 24, 12:
        projection.Resolution = resolution
        image = servermanager.Fetch(projection)
        equal(image.GetNumberOfCells(), resolution ** 2, "pixels")
        gone = simple.Calculator(Input=projection, Function="1")
        gone.UpdatePipeline()
        simple.Delete(gone)
        del gone


def test_weights_of_whole_cells():
    reader = reader_of("sedov3d", 3, Precision="double", DerivedArrayStatus=["mass"])
    by_mass = map_of(reader, Resolution=16, Mode="mean", Arrays=["pressure"])
    by_array = map_of(reader, Resolution=16, Mode="mean", Arrays=["pressure"], Weighting="array",
                      WeightArray="mass")
    assert numpy.allclose(values_of(by_mass), values_of(by_array), rtol=1e-10), "mass is density"


def test_the_report_in_the_panel_follows():
    projection = simple.AMRProjection(Input=reader_of("sedov3d", 3), Resolution=30)
    told = projection.SMProxy.GetProperty("ThreadReport")
    projection.UpdatePipeline()
    assert told.GetElement(0).startswith("30 x 30 pixels"), told.GetElement(0)
    projection.Resolution = 20
    projection.UpdatePipeline()
    assert told.GetElement(0).startswith("20 x 20 pixels"), told.GetElement(0)


def test_what_is_refused():
    reader = reader_of("sedov3d", 3)
    clipped = simple.Clip(Input=simple.AMRLeafCells(Input=reader), ClipType="Plane")
    clipped.ClipType.Origin, clipped.ClipType.Normal = [0.2, 0.2, 0.2], [1, 1, 1]
    for source, wishes, part in ((clipped, {}, "no box along the axes"),
                                 (particles_of("web3d", 3), {"Arrays": ["none"]}, "in the points"),
                                 (particles_of("web3d", 3), {"ResolutionType": "level"}, "levels"),
                                 (particles_of("web3d", 3), {"Kernel": "cubic spline",
                                                             "LengthArray": "h"}, "of lengths"),
                                 (simple.Sphere(), {"LengthUnit": "kpc"}, "not projected")):
        projection = simple.AMRProjection(Input=source)
        for name, value in wishes.items():
            setattr(projection, name, value)
        messages = Messages(projection)
        projection.UpdatePipeline()
        equal(len(messages.errors), 1, "%s: messages %s" % (part, messages.errors))
        assert part in messages.errors[0], "%s: %s" % (part, messages.errors)
        image = projection.GetClientSideObject().GetOutputDataObject(0)
        equal(image.GetNumberOfCells(), 0, "%s: pixels" % part)
        assert part in why_failed(image), "%s: %s" % (part, why_failed(image))


run_tests(globals())
