"""Particles: counts, masses and sums by family, choices, units, thinning; outputs without any."""

import json
import os

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray
from pvr_check import (DATA, FIXTURES, Copy, Messages, arrays_in, close, equal, expected,
                       info_file, mesh_of, reader_of, run_tests)


def particles_of(reader, port=1):
    return reader.GetClientSideObject().GetOutputDataObject(port)


def points_of(points):
    return vtk_to_numpy(points.GetPoints().GetData())


def values_of(points, name):
    array = points.GetPointData().GetArray(name)
    assert array is not None, "no array %s" % name
    return vtk_to_numpy(array)


def names_of(points):
    data = points.GetPointData()
    return sorted(data.GetArrayName(i) for i in range(data.GetNumberOfArrays()))


def facts_of(points, name):
    array = points.GetFieldData().GetAbstractArray(name)
    assert array is not None, "no %s in the field data" % name
    return [array.GetValue(i) for i in range(array.GetNumberOfValues())]


def wanted_of(root, run, number):
    with open(os.path.join(root, run, "EXPECT.json")) as file:
        return json.load(file)["outputs"]["output_%05d" % number]


def families_of(particles):
    """Count and mass by code; old outputs tell families apart by the time of birth."""
    if "per_family" in particles:
        return {int(code): values for code, values in particles["per_family"].items()}
    by_birth = particles["per_family_by_birth_time"]
    found = {1: by_birth["dm(birth==0)"], 2: by_birth["star(birth!=0)"]}
    return {code: values for code, values in found.items() if values["count"] > 0}


def check(root, run, number):
    what = "%s %d: " % (run, number)
    wanted = wanted_of(root, run, number)["particles"]
    points = particles_of(reader_of(run, number, root, Precision="double", MaxLevel=3))
    equal(points.GetClassName(), "vtkPolyData", what + "class")
    equal(points.GetNumberOfPoints(), wanted["count"], what + "points")
    equal(points.GetNumberOfVerts(), wanted["count"], what + "vertices")
    mass, family = values_of(points, "mass"), values_of(points, "family")
    equal(family.dtype.name, "int32", what + "type of the family")
    families = families_of(wanted)
    for code, values in families.items():
        chosen = family == code
        equal(int(chosen.sum()), values["count"], what + "particles of family %d" % code)
        close(mass[chosen].sum(), values["mass"], 1e-12, what + "mass of family %d" % code)
    codes = facts_of(points, "family_code")
    equal(codes, sorted(families), what + "codes")
    equal(facts_of(points, "family_count"), [families[c]["count"] for c in codes],
          what + "counts in the field data")
    for code, got in zip(codes, facts_of(points, "family_mass")):
        close(got, families[code]["mass"], 1e-12, what + "mass in the field data")
    place = points_of(points)
    for axis in "xyz":
        columns = wanted["columns"]
        for name, got in (("position_" + axis, place[:, "xyz".index(axis)]),
                          ("velocity_" + axis, values_of(points, "velocity")[:, "xyz".index(axis)])):
            if name in columns:
                close(got.min(), columns[name]["min"], 1e-15, what + name + " min")
                close(got.max(), columns[name]["max"], 1e-15, what + name + " max")
    low, high = points.GetPointData().GetArray("mass").GetRange()
    equal((low, high), (mass.min(), mass.max()), what + "range of the mass")
    return points


def test_the_runs_in_data():
    for run, number in (("web3d", 2), ("web3d", 3), ("legacy3d", 2)):
        check(DATA, run, number)


def test_more_runs():
    for run, number in (("sink3d", 3), ("cosmo3d", 3), ("sedov3d_grav_part", 3)):
        if os.path.isdir(os.path.join(FIXTURES, run)):
            check(FIXTURES, run, number)
        else:
            print("         no", run)


def test_defaults():
    reader = simple.RAMSESReader(FileName=info_file("legacy3d", 2))
    got = {name: int(reader.GetPropertyValue(name)) for name in
           ("ReadMesh", "ReadParticles", "ReadSinks", "ReadClumps", "ParticleThinning")}
    equal(got, {"ReadMesh": 1, "ReadParticles": 1, "ReadSinks": 1, "ReadClumps": 1,
                "ParticleThinning": 1}, "defaults")
    on = list(reader.PointArrayStatus)
    for name in ("velocity", "mass", "id", "family"):
        assert name in on, "%s is not in %r" % (name, on)
    for name in ("age", "domain"):
        assert name in reader.PointArrayStatus.Available, name
        assert name not in on, name
    equal(list(reader.FamilyStatus), ["dark_matter", "star"], "families")
    equal([reader.SMProxy.GetOutputPortName(i) for i in range(4)],
          ["Mesh", "Particles", "Sinks", "Clumps"], "ports")


def test_ports():
    reader = reader_of("web3d", 2, MaxLevel=4)
    count = expected("web3d", 2)["particles"]["count"]
    for port in (simple.OutputPort(reader, 1), simple.OutputPort(reader, "Particles"), reader[1]):
        equal(port.GetDataInformation().GetNumberOfPoints(), count, "points of the port")
    # A filter on the port: the particles of a corner.
    cut = simple.Clip(Input=simple.OutputPort(reader, 1))
    cut.ClipType.Origin, cut.ClipType.Normal = [0.5, 0.5, 0.5], [1, 0, 0]
    cut.UpdatePipeline()
    place = points_of(particles_of(reader))
    equal(cut.GetDataInformation().GetNumberOfPoints(), int((place[:, 0] <= 0.5).sum()),
          "points on one side")


def test_a_port_is_read_alone():
    reader = simple.RAMSESReader(FileName=info_file("web3d", 2))
    algorithm = reader.GetClientSideObject()
    algorithm.Update(1)
    equal(mesh_of(reader).GetNumberOfCells(), 0, "cells, which nobody asked for")
    count = expected("web3d", 2)["particles"]["count"]
    equal(particles_of(reader).GetNumberOfPoints(), count, "particles")
    algorithm.Update(0)
    before = mesh_of(reader).GetCellData().GetArray("density")
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 2)["leaf_cells"], "leaves")
    # A property of the particles does not make the mesh be read again.
    reader.ParticleThinning = 4
    reader.UpdatePipeline()
    assert particles_of(reader).GetNumberOfPoints() < count / 3, "thinned"
    assert mesh_of(reader).GetCellData().GetArray("density") is before, "the mesh was read again"


def test_time_of_each_port():
    reader = simple.RAMSESReader(FileName=info_file("web3d", 2), TimeUnit="output number")
    for number in (3, 2):
        reader.UpdatePipeline(float(number))
        for port in (0, 1):
            data = particles_of(reader, port)
            equal(int(facts_of(data, "output_number")[0]), number, "output at port %d" % port)
            equal(data.GetInformation().Get(data.DATA_TIME_STEP()), float(number), "time")


def test_choice_of_fields_and_families():
    wanted = families_of(expected("legacy3d", 2)["particles"])
    reader = reader_of("legacy3d", 2, PointArrayStatus=["mass", "age"], FamilyStatus=["star"])
    points = particles_of(reader)
    equal(names_of(points), ["age", "mass"], "fields")
    equal(points.GetNumberOfPoints(), wanted[2]["count"], "stars")
    assert (values_of(points, "age") >= 0).all(), "ages of the stars"
    equal(facts_of(points, "family_name"), ["star"], "names of the families")
    reader.FamilyStatus = ["star", "dark_matter"]
    reader.UpdatePipeline()
    points = particles_of(reader)
    age = values_of(points, "age")
    equal(int(numpy.isnan(age).sum()), wanted[1]["count"], "particles without an age")
    low, high = points.GetPointData().GetArray("age").GetRange()
    equal((low, high), (numpy.nanmin(age), numpy.nanmax(age)), "range of the age")
    reader.FamilyStatus = []
    reader.UpdatePipeline()
    equal(particles_of(reader).GetNumberOfPoints(), 0, "points of no family")
    reader.FamilyStatus = ["dark_matter"]
    reader.PointArrayStatus = []
    reader.UpdatePipeline()
    equal(particles_of(reader).GetNumberOfPoints(), wanted[1]["count"], "dark matter")
    equal(names_of(particles_of(reader)), [], "no fields")


def test_units():
    wanted = expected("web3d", 2)
    code = particles_of(reader_of("web3d", 2, MaxLevel=3, Precision="double"))
    reader = reader_of("web3d", 2, MaxLevel=3, Precision="double", LengthUnit="kpc",
                       FieldUnits="astro")
    points = particles_of(reader)
    kpc = wanted["unit_l"] / 3.08567758128e21
    assert numpy.allclose(points_of(points), points_of(code) * kpc, rtol=1e-14), "places in kpc"
    equal(points_of(points).dtype.name, "float64", "type of the places")
    for name, factor, label in (
            ("mass", wanted["unit_d"] * wanted["unit_l"] ** 3 / 1.9891e33, "Msol"),
            ("velocity", wanted["unit_l"] / wanted["unit_t"] / 1e5, "km/s")):
        assert numpy.allclose(values_of(points, name), values_of(code, name) * factor, rtol=1e-12)
        info = points.GetPointData().GetArray(name).GetInformation()
        equal(info.Get(vtkDataArray.UNITS_LABEL()), label, "unit of " + name)
    single = particles_of(reader_of("web3d", 2, MaxLevel=3))
    equal(values_of(single, "mass").dtype.name, "float32", "type in float")
    equal(points_of(single).dtype.name, "float64", "type of the places in float")


def test_thinning():
    ids = []
    for number in (2, 3):
        points = particles_of(reader_of("web3d", number, MaxLevel=3, ParticleThinning=8))
        count = points.GetNumberOfPoints()
        assert 0.9 < count * 8 / 32768 < 1.1, "%d particles" % count
        equal(int(facts_of(points, "particles_before_thinning")[0]), 32768, "before thinning")
        ids.append(set(values_of(points, "id")))
    equal(ids[0], ids[1], "the same particles at both times")


def test_switched_off():
    reader = reader_of("web3d", 2, ReadParticles=0, MaxLevel=3)
    equal(particles_of(reader).GetNumberOfPoints(), 0, "points")
    assert mesh_of(reader).GetNumberOfCells() > 0, "no mesh"
    reader = reader_of("web3d", 2, ReadMesh=0)
    messages = Messages(reader)
    equal(mesh_of(reader).GetNumberOfCells(), 0, "cells")
    equal(arrays_in(mesh_of(reader)), [], "arrays of cells")
    equal(particles_of(reader).GetNumberOfPoints(), 32768, "points without a mesh")
    equal(messages.errors + messages.warnings, [], "messages")


def test_output_without_particles():
    reader = simple.RAMSESReader()
    messages = Messages(reader)
    reader.FileName = info_file("sedov3d", 3)
    reader.UpdatePipeline()
    points = particles_of(reader)
    equal(points.GetClassName(), "vtkPolyData", "class")
    equal(points.GetNumberOfPoints(), 0, "points")
    equal(list(reader.PointArrayStatus.Available), [], "fields")
    equal(messages.errors + messages.warnings, [], "messages")
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves")


def test_broken_particle_file():
    with Copy("legacy3d") as folder:
        path = os.path.join(folder, "legacy3d", "output_00002", "part_00002.out00002")
        with open(path, "rb") as file:
            whole = file.read()
        with open(path, "wb") as file:
            file.write(whole[:len(whole) // 2])
        reader = simple.RAMSESReader()
        messages = Messages(reader)
        reader.FileName = info_file("legacy3d", 2, folder)
        reader.UpdatePipeline()
        equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
        assert "part_00002.out00002" in messages.errors[0], messages.errors[0]
        equal(particles_of(reader).GetNumberOfPoints(), 0, "points")
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("legacy3d", 2)["leaf_cells"],
              "the mesh is there all the same")
        with open(path, "wb") as file:
            file.write(whole)
        reader.GetClientSideObject().Modified()
        reader.GetClientSideObject().Update(1)
        equal(particles_of(reader).GetNumberOfPoints(),
              expected("legacy3d", 2)["particles"]["count"], "points of the mended file")
        equal(len(messages.errors), 1, "messages (%r)" % messages.errors)


run_tests(globals())
