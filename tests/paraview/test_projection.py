"""AMRProjection in real ParaView: maps of the mesh have the mesh's totals, where they belong."""

import math
import os
import tempfile

import numpy
from paraview import servermanager, simple

from pvr_check import Messages, close, equal, expected, reader_of, run_tests
from vtkmodules.util.numpy_support import vtk_to_numpy


def image_of(projection):
    projection.UpdatePipeline()
    return servermanager.Fetch(projection)


def values_of(image, name=None):
    data = image.GetCellData()
    return vtk_to_numpy(data.GetArray(name) if name else data.GetArray(0))


def total_of(image, name=None):
    return math.fsum(values_of(image, name)) * image.GetSpacing()[0] ** 2


def mass_of(run, number):
    return expected(run, number)["total_mass"]


def test_defaults_give_a_surface_density():
    reader = reader_of("web3d", 3, Precision="double")
    projection = simple.AMRProjection(Input=reader)
    image = image_of(projection)
    equal(image.GetDimensions(), (1025, 1025, 1), "pixels")
    equal(image.GetCellData().GetArrayName(0), "density [code]", "another name than the mesh's, whose "
          "colours are of other numbers")
    close(total_of(image), mass_of("web3d", 3), 1e-12, "mass")
    assert abs(image.GetOrigin()[2] - 0.5) < 1e-12, "it lies in the middle"
    report = projection.SMProxy.GetProperty("ThreadReport")
    projection.UpdatePropertyInformation()
    assert "1024 x 1024 pixels" in report.GetElement(0), report.GetElement(0)


def test_every_axis_and_any_resolution_have_the_same_mass():
    reader = reader_of("sedov3d", 3, Precision="double")
    mass = mass_of("sedov3d", 3)
    for direction, plane in (("x", 0), ("y", 1), ("z", 2)):
        for pixels in (1, 7, 64, 333):
            projection = simple.AMRProjection(Input=reader, Direction=direction, Resolution=pixels)
            image = image_of(projection)
            sizes = [pixels + 1] * 3
            sizes[plane] = 1
            equal(image.GetDimensions(), tuple(sizes), "pixels along " + direction)
            close(total_of(image), mass, 1e-12, "mass along %s, %d pixels" % (direction, pixels))
            simple.Delete(projection)


def test_an_image_of_two_dimensions():
    reader = reader_of("sedov2d", 3, Precision="double")
    image = image_of(simple.AMRProjection(Input=reader, Resolution=128))
    close(total_of(image), mass_of("sedov2d", 3), 1e-12, "mass")


def test_several_arrays_in_one_pass_and_means():
    reader = reader_of("web3d", 3, Precision="double")
    projection = simple.AMRProjection(Input=reader, Resolution=64, Mode="mean")
    projection.Arrays = ["density", "velocity", "pressure"]
    image = image_of(projection)
    data = image.GetCellData()
    equal([data.GetArrayName(i) for i in range(3)], ["density", "velocity_los", "pressure"], "names")
    fields = expected("web3d", 3)["fields"]
    for name, field in (("velocity_los", "velocity_z"), ("density", "density")):
        seen = values_of(image, name)
        assert fields[field]["min"] <= seen.min() and seen.max() <= fields[field]["max"], name
    alone = simple.AMRProjection(Input=reader, Resolution=64, Mode="mean")
    alone.Arrays = ["pressure"]
    assert numpy.array_equal(values_of(image_of(alone)), values_of(image, "pressure")), "one of many"
    # Weighted by volume, the mean density is the surface density over the depth of the box, 1.
    alone.Arrays, alone.Weighting = ["density"], "volume"
    whole = simple.AMRProjection(Input=reader, Resolution=64)
    assert numpy.allclose(values_of(image_of(alone)), values_of(image_of(whole)), rtol=1e-12), "mean"


def test_parts_are_the_whole():
    reader = reader_of("sedov3d", 3, Precision="double")
    box = reader.GetDataInformation().GetBounds()[1]
    total = 0.0
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            part = simple.AMRProjection(Input=reader, Resolution=50, Width=0.5 * box)
            part.Center = [x * box, y * box, 0.5 * box]
            total += total_of(image_of(part))
    close(total, mass_of("sedov3d", 3), 1e-12, "four quarters")


def test_a_center_that_is_set_is_used():
    """Any: also the middle of a box of length 1, where the mesh is another; with and without the
    older switch."""
    reader = reader_of("web3d", 3, Precision="double", LengthUnit="kpc")
    reader.UpdatePipeline()
    box = reader.GetDataInformation().GetBounds()[1]

    def window(**properties):
        return image_of(simple.AMRProjection(Input=reader, Resolution=32, Width=0.25 * box,
                                             **properties)).GetBounds()

    middle = [0.5 * box] * 3
    assert numpy.allclose(window()[:4], [0.375 * box, 0.625 * box] * 2), "the middle of the mesh"
    assert numpy.allclose(window(UseCenter=1), window()), "the switch alone"
    assert numpy.allclose(window(Center=middle), window()), "the middle"
    for center in ([0.5, 0.5, 0.5], [0, 0, 0], [1, 2, 3]):
        low_x, high_x, low_y, high_y = window(Center=center)[:4]
        seen = 0.5 * (low_x + high_x), 0.5 * (low_y + high_y)
        assert numpy.allclose(seen, center[:2], atol=1e-9 * box), "%s is seen at %s" % (center, seen)
        equal(window(Center=center, UseCenter=1)[:4], (low_x, high_x, low_y, high_y), "both")
    again = simple.AMRProjection(Input=reader, Resolution=32, Width=0.25 * box, Center=[0.5] * 3)
    again.Center = [1e30] * 3
    assert numpy.allclose(image_of(again).GetBounds(), window()), "the default again"


def test_nothing_beside_the_box():
    reader = reader_of("sedov3d", 3)
    box = reader.GetDataInformation().GetBounds()[1]
    projection = simple.AMRProjection(Input=reader, Resolution=64, Width=2 * box)
    image = image_of(projection)
    seen = numpy.isfinite(values_of(image)).reshape(64, 64)
    equal((seen.sum(), seen[16:48, 16:48].all()), (32 * 32, True), "only the box is not empty")
    projection.EmptyValue = -1
    equal((values_of(image_of(projection)) == -1).sum(), 64 * 64 - 32 * 32, "the value of nothing")
    messages = Messages(projection)
    projection.Center, projection.Width = [5 * box] * 3, box
    equal((values_of(image_of(projection)) == -1).all(), True, "a window beside the box")
    assert "nothing is in the map" in "".join(messages.warnings), messages.warnings


def test_the_value_of_nothing_is_a_number_or_none():
    """In scripts and in state files."""
    reader = reader_of("sedov3d", 3)
    box = reader.GetDataInformation().GetBounds()[1]
    with tempfile.TemporaryDirectory() as folder:
        for value in (0, float("nan")):
            projection = simple.AMRProjection(Input=reader, Resolution=9, Width=2 * box)
            assert numpy.isnan(projection.EmptyValue), "the default"
            projection.EmptyValue = value
            seen = values_of(image_of(projection))
            equal(numpy.array_equal(seen[:2], [value, value], equal_nan=True), True, value)
            state = os.path.join(folder, "state.pvsm")
            simple.SaveState(state)
            simple.Delete(projection)
            known = {proxy.SMProxy for proxy in simple.GetSources().values()}
            simple.LoadState(state)
            again = [proxy for proxy in simple.GetSources().values() if proxy.SMProxy not in known
                     and proxy.GetXMLName() == "AMRProjection" and proxy.Resolution == 9]
            equal(len(again), 1, "projections of the state")
            seen = values_of(image_of(again[0]))
            equal(numpy.array_equal(seen[:2], [value, value], equal_nan=True), True, "a state")
            simple.Delete(again[0])


def test_units():
    reader = reader_of("web3d", 3, Precision="double")
    reader.LengthUnit, reader.FieldUnits = "kpc", "astro"
    reader.DerivedArrayStatus = ["mass"]
    reader.UpdatePipeline()
    projection = simple.AMRProjection(Input=reader, Resolution=64, Arrays=["density", "mass"])
    image = image_of(projection)
    equal(image.GetCellData().GetArrayName(0), "density [Msol/pc^2]", "name")
    density, mass = values_of(image), values_of(image, "mass [Msol/pc^2]")
    assert numpy.allclose(density, mass, rtol=1e-6), "two ways to a surface density"
    facts = image.GetFieldData()
    unit_l, unit_d = (facts.GetArray(name).GetValue(0) for name in ("unit_l", "unit_d"))
    solar = mass_of("web3d", 3) * unit_d * unit_l**3 / 1.9891e33
    close(mass.sum() * (image.GetSpacing()[0] * 1e3) ** 2, solar, 1e-9, "solar masses")


def test_of_other_filters():
    """What a threshold hides is not projected."""
    reader = reader_of("sedov3d", 3, Precision="double")
    parts = []
    for low, high in ((0.0, 1.5), (1.5, 1e10)):  # no cell has just 1.5
        chosen = simple.Threshold(Input=reader, Scalars=["CELLS", "density"])
        chosen.LowerThreshold, chosen.UpperThreshold = low, high
        parts.append(numpy.nan_to_num(values_of(image_of(
            simple.AMRProjection(Input=chosen, Resolution=40)))))
    whole = values_of(image_of(simple.AMRProjection(Input=reader, Resolution=40)))
    assert numpy.allclose(parts[0] + parts[1], whole, rtol=1e-12), "the parts are the whole"


def test_same_bits_for_any_number_of_threads():
    reader = reader_of("web3d", 3)
    seen = [values_of(image_of(simple.AMRProjection(Input=reader, Resolution=200, MaxThreads=n)))
            for n in (1, 2, 5)]
    assert all(numpy.array_equal(seen[0], other) for other in seen[1:]), "threads"


def test_wrong_wishes_are_told():
    reader = reader_of("sedov3d", 3)
    for wish, part in (
            ({"Arrays": ["nonsense"]}, "no array 'nonsense'"),
            ({"Direction": "custom", "LineOfSight": [0, 0, 0]}, "line of sight"),
            ({"Direction": "custom", "LineOfSight": [0, 1, 0], "Up": [0, 2, 0]}, "up"),
            ({"Mode": "mean", "Weighting": "array", "WeightArray": "nothing"}, "weight by"),
            ({"ResolutionType": "pixel size", "PixelSize": 1e-9}, "pixels"),
            ({"Resolution": 0}, "a number of pixels"),
            ({"Resolution": 1000000}, "1000000 pixels along a side is too large"),
            ({"Width": -1}, "the window of a map is empty"),
            ({"Direction": "face-on", "SpinRadius": -1}, "spin radius")):
        projection = simple.AMRProjection(Input=reader)
        messages = Messages(projection)
        for name, value in wish.items():
            setattr(projection, name, value)
        projection.UpdatePipeline()
        assert any(part in text for text in messages.errors), "%s: %s" % (wish, messages.errors)
        equal(projection.GetClientSideObject().GetOutputDataObject(0).GetNumberOfCells(), 0, "cells")


run_tests(globals())
