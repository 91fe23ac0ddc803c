"""Derived fields: which there are, their values against numpy, options, units, what is kept."""

import numpy
from paraview import simple
from vtkmodules.vtkCommonCore import vtkDataArray
from pvr_check import (Leaves, array_of, arrays_in, close, equal, expected, info_file, mesh_of,
                       reader_of, run_tests)

HYDROGEN_MASS, BOLTZMANN = 1.66e-24, 1.380649e-16


def unit_of(mesh, name):
    return mesh.GetCellData().GetArray(name).GetInformation().Get(vtkDataArray.UNITS_LABEL())


def names_in_field_data(mesh, name):
    array = mesh.GetFieldData().GetAbstractArray(name)
    return [] if array is None else [array.GetValue(i) for i in range(array.GetNumberOfValues())]


def test_what_there_is():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3))
    equal(list(reader.DerivedArrayStatus), [], "derived fields that are on")
    available = list(reader.DerivedArrayStatus.Available)
    for name in ("temperature", "number_density", "mass", "cell_size", "sound_speed", "mach_number"):
        assert name in available, "%s is not in %r" % (name, available)
    for name in ("alfven_speed", "plasma_beta", "density"):
        assert name not in available, "%s needs what sedov3d has not" % name


def test_temperature():
    wanted = expected("legacy3d", 2)
    kelvin = (wanted["unit_l"] / wanted["unit_t"]) ** 2 * HYDROGEN_MASS / BOLTZMANN
    for mu in (None, 0.59):
        reader = simple.RAMSESReader(FileName=info_file("legacy3d", 2), Precision="double")
        reader.FieldUnits = "cgs"
        if mu:
            reader.MeanMolecularWeight = mu
        reader.DerivedArrayStatus = ["temperature"]
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        speed2 = (wanted["unit_l"] / wanted["unit_t"]) ** 2
        ratio = array_of(mesh, "pressure") / array_of(mesh, "density") / speed2
        assert numpy.allclose(array_of(mesh, "temperature"), ratio * kelvin * (mu or 1 / 0.76),
                              rtol=1e-12, atol=0), "temperature with mu %r" % mu
        equal(unit_of(mesh, "temperature"), "K", "unit")
        formulas = names_in_field_data(mesh, "derived_formulas")
        equal(len(formulas), 1, "formulas")
        assert formulas[0].startswith("temperature = "), formulas


def test_raw_fields_are_dropped():
    reader = reader_of("sedov3d", 3, CellArrayStatus=["level"], DerivedArrayStatus=["temperature"])
    equal(arrays_in(mesh_of(reader)), ["level", "temperature"], "arrays")
    whole = reader_of("sedov3d", 3, DerivedArrayStatus=["temperature"])
    assert numpy.array_equal(array_of(mesh_of(reader), "temperature"),
                             array_of(mesh_of(whole), "temperature")), "values"
    reader.DerivedArrayStatus = []
    reader.UpdatePipeline()
    equal(arrays_in(mesh_of(reader)), ["level"], "arrays without derived ones")
    equal(names_in_field_data(mesh_of(reader), "derived_formulas"), [], "formulas")


def test_whole_cells():
    wanted = expected("web3d", 2)
    for precision, tolerance in (("double", 1e-12), ("float", 1e-5)):
        reader = reader_of("web3d", 2, Precision=precision, DerivedArrayStatus=["mass", "cell_size"])
        mesh = mesh_of(reader)
        leaves = Leaves(mesh)
        mass = array_of(mesh, "mass").astype("f8")
        close(mass[leaves.index].sum(), wanted["total_mass"], tolerance, "mass of the leaves")
        close(numpy.nansum(mass), wanted["total_mass"], tolerance, "coarse cells do not count")
        assert numpy.allclose(array_of(mesh, "cell_size")[leaves.index], leaves.width, rtol=1e-6)
        # The range leaves NaN out, in the panel too.
        low, high = mesh.GetCellData().GetArray("mass").GetRange()
        equal((low, high), (numpy.nanmin(mass), numpy.nanmax(mass)), "range of mass")
        information = reader.GetCellDataInformation().GetArray("mass").GetComponentRange(0)
        equal(tuple(information), (low, high), "range in the panel")


def test_centre_axis_and_bulk_velocity():
    reader = reader_of("web3d", 2, Precision="double", LengthUnit="kpc",
                       DerivedArrayStatus=["radius", "speed", "cylindrical_radius"])
    mesh = mesh_of(reader)
    leaves = Leaves(mesh)
    box = mesh.GetBounds()[1]
    unit = box / expected("web3d", 2)["boxlen_info"]

    def check(centre, what):
        mesh = mesh_of(reader)
        got = array_of(mesh, "radius")[leaves.index] * unit
        away = leaves.centre - centre
        assert numpy.allclose(got, numpy.sqrt((away ** 2).sum(axis=1)), rtol=1e-9), what
        return array_of(mesh, "cylindrical_radius")[leaves.index] * unit, away

    cylinder, away = check([box / 2] * 3, "radius from the centre of the box")
    assert numpy.allclose(cylinder, numpy.hypot(away[:, 0], away[:, 1]), rtol=1e-9), "axis z"
    reader.DerivedCenterType = "point"
    reader.DerivedCenter = [0.1 * box, 0.2 * box, 0.3 * box]
    reader.DerivedAxis = [3, 0, 0]
    reader.UpdatePipeline()
    cylinder, away = check([0.1 * box, 0.2 * box, 0.3 * box], "radius from a point in kpc")
    assert numpy.allclose(cylinder, numpy.hypot(away[:, 1], away[:, 2]), rtol=1e-9), "axis x"

    density = array_of(mesh, "density")[leaves.index]
    velocity = array_of(mesh, "velocity")[leaves.index]
    mass = density * leaves.volume
    mean = (velocity * mass[:, None]).sum(axis=0) / mass.sum()
    reader.BulkVelocity = "mass-weighted mean"
    reader.UpdatePipeline()
    got = array_of(mesh_of(reader), "speed")[leaves.index]
    assert numpy.allclose(got, numpy.sqrt(((velocity - mean) ** 2).sum(axis=1)), rtol=1e-9,
                          atol=1e-15), "speed without the mean"


def test_threads_give_the_same_bits():
    names = ["temperature", "mass", "angular_momentum"]
    names = [name for name in names if name in reader_of("web3d", 2).DerivedArrayStatus.Available]
    one, two = (mesh_of(reader_of("web3d", 2, MaxThreads=n, DerivedArrayStatus=names,
                                  BulkVelocity="mass-weighted mean")) for n in (1, 3))
    for name in names:
        assert array_of(one, name).tobytes() == array_of(two, name).tobytes(), name


def test_all_that_is_available():
    for run, number in (("legacy3d", 2), ("sedov2d", 3), ("sedov1d", 2)):
        reader = simple.RAMSESReader(FileName=info_file(run, number), FieldUnits="astro")
        names = list(reader.DerivedArrayStatus.Available)
        assert len(names) > 10, names
        reader.DerivedArrayStatus = names
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        leaves = Leaves(mesh)
        for name in names:
            assert not numpy.isnan(array_of(mesh, name)[leaves.index]).all(), run + ": " + name
        equal(len(names_in_field_data(mesh, "derived_formulas")), len(names), "formulas")


run_tests(globals())
