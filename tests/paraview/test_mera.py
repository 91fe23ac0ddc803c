"""The reader of Mera files beside the reader of the outputs that they were made of: with each property
both give the same."""

import os
import shutil
import subprocess
import tempfile

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from pvr_check import (DATA, Leaves, Messages, array_of, arrays_in, close, equal, expected, fact,
                       info_file, mesh_of, number_of, run_tests)

FOLDER = tempfile.TemporaryDirectory(prefix="pvramses-mera-")
PROGRAM = os.environ["PVRAMSES"]


def saved(run, number):
    """The output as a Mera file; all outputs of a run in one folder."""
    path = os.path.join(FOLDER.name, run, "output_%05d.jld2" % number)
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([PROGRAM, "export", os.path.join(DATA, run, "output_%05d" % number), "--out", path,
                        "--quiet"], check=True)
    return path


def both(run, number, **properties):
    """The output read, and the Mera file."""
    readers = simple.RAMSESReader(FileName=info_file(run, number)), simple.MeraReader(
        FileName=saved(run, number))
    for reader in readers:
        for name, value in {"Precision": "double", **properties}.items():
            setattr(reader, name, value)
        reader.UpdatePipeline()
    return readers


def rows_of(mesh, names):
    leaves = Leaves(mesh)
    shown = numpy.isfinite(array_of(mesh, names[0])[leaves.index].reshape(len(leaves.index), -1)[:, 0])
    columns = [leaves.centre[:, axis] for axis in range(3)] + [leaves.width]
    for name in names:
        columns += list(array_of(mesh, name)[leaves.index].reshape(len(leaves.index), -1).T.astype("f8"))
    rows = numpy.array(columns)[:, shown]
    return rows[:, numpy.lexsort(rows[:3])]


def same_mesh(readers, names, tolerance=0.0):
    """Leaves, their places and values; places to rounding, values to the bit unless told."""
    a, b = (rows_of(mesh_of(reader), names) for reader in readers)
    equal(b.shape, a.shape, "leaves")
    assert a.shape[1] > 0
    assert numpy.allclose(a[:4], b[:4], rtol=1e-13, atol=1e-13 * abs(a[:3]).max()), "places"
    assert numpy.allclose(a[4:], b[4:], rtol=tolerance, atol=tolerance * abs(a[4:]).max()), "values"


def points_of(reader, names):
    data = reader.GetClientSideObject().GetOutputDataObject(1)
    columns = [vtk_to_numpy(data.GetPoints().GetData())]
    for name in names:
        columns.append(vtk_to_numpy(data.GetPointData().GetArray(name)).reshape(len(columns[0]), -1))
    rows = numpy.hstack(columns)
    return rows[numpy.lexsort(rows.T)]


def test_fields():
    readers = both("web3d", 3)
    equal(arrays_in(mesh_of(readers[1])), arrays_in(mesh_of(readers[0])), "default fields")
    same_mesh(readers, ["density", "velocity", "pressure"])
    equal(mesh_of(readers[1]).GetNumberOfLeaves(), expected("web3d", 3)["leaf_cells"], "leaves")
    readers = both("web3d", 2, CellArrayStatus=["level", "pressure"], Precision="float")
    equal(mesh_of(readers[1]).GetCellData().GetArray("pressure").GetDataTypeAsString(), "float", "type")
    same_mesh(readers, ["level", "pressure"])


def test_levels():
    for limit in (7, 5, 3):
        readers = both("web3d", 2, MaxLevel=limit, CellArrayStatus=["density", "level"])
        same_mesh(readers, ["density", "level"], 1e-12)


def test_regions():
    for properties in ({"RegionType": "box", "RegionSize": [0.3, 0.2, 0.4]},
                       {"RegionType": "sphere", "RegionRadius": 0.15},
                       {"RegionType": "cylinder", "RegionRadius": 0.1, "RegionHeight": 0.3,
                        "RegionAxis": [1, 1, 0]},
                       {"RegionType": "sphere", "RegionRadius": 0.1, "RegionCells": "centre"},
                       {"RegionType": "sphere", "RegionRadius": 0.2, "MaxLevel": 6}):
        readers = both("web3d", 2, RegionCenter=[0.4, 0.95, 0.5], CellArrayStatus=["density"],
                       **properties)
        same_mesh(readers, ["density"], 1e-12 if "MaxLevel" in properties else 0.0)
        a, b = (points_of(reader, ["mass"]) for reader in readers)
        assert numpy.allclose(a, b, rtol=1e-13), "particles of the region"


def test_units_and_derived():
    readers = both("web3d", 3, LengthUnit="kpc", FieldUnits="astro",
                   DerivedArrayStatus=["temperature", "mach_number", "mass", "cell_size"])
    same_mesh(readers, ["density", "velocity", "temperature", "mach_number", "mass", "cell_size"], 1e-14)
    a, b = (mesh_of(reader) for reader in readers)
    assert numpy.allclose(a.GetBounds(), b.GetBounds(), rtol=1e-13)
    for name in ("redshift", "time_myr", "output_number", "boxlen"):
        if a.GetFieldData().GetAbstractArray(name):
            equal(fact(b, name), fact(a, name), name)


def test_particles():
    readers = both("web3d", 3, LengthUnit="Mpc", FieldUnits="astro")
    a, b = (points_of(reader, ["velocity", "mass", "id", "family"]) for reader in readers)
    equal(b.tobytes(), a.tobytes(), "particles")
    # A Mera file does not count its families beforehand: all that there may be are offered.
    assert set(readers[0].FamilyStatus.Available) <= set(readers[1].FamilyStatus.Available)
    readers = both("web3d", 3, FamilyStatus=["dark_matter"], ReadMesh=0)
    assert len(points_of(readers[1], ["mass"])) == len(points_of(readers[0], ["mass"])) > 0
    readers[1].FamilyStatus = ["star"]
    readers[1].UpdatePipeline()
    equal(readers[1].GetClientSideObject().GetOutputDataObject(1).GetNumberOfPoints(), 0, "stars")
    equal(mesh_of(readers[1]).GetNumberOfCells(), 0, "no mesh")


def test_time():
    saved("web3d", 2)
    readers = both("web3d", 3)
    equal(list(readers[1].TimestepValues), list(readers[0].TimestepValues), "time steps")
    for unit in ("code", "expansion factor", "output number"):
        for reader in readers:
            reader.TimeUnit = unit
            reader.UpdatePipelineInformation()
        equal(list(readers[1].TimestepValues), list(readers[0].TimestepValues), unit)
    for time, number in ((2.0, 2), (3.0, 3), (2.5, 2)):
        readers[1].UpdatePipeline(time)
        equal(number_of(mesh_of(readers[1])), number, "output at %g" % time)
        equal(mesh_of(readers[1]).GetNumberOfLeaves(), expected("web3d", number)["leaf_cells"], "leaves")


def test_threads():
    bits = []
    for threads in (1, 2, 5):
        reader = simple.MeraReader(FileName=saved("web3d", 3), MaxThreads=threads)
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        bits.append([array_of(mesh, name).tobytes() for name in arrays_in(mesh)])
        reader.UpdatePropertyInformation()
        report = str(reader.GetPropertyValue("ThreadReport"))
        assert "%d thread" % threads in report and "efficiency" in report, report
        simple.Delete(reader)
        del reader, mesh
    assert bits[0] == bits[1] == bits[2], "the same bits for any number of threads"


def test_progress_and_stop():
    reader = simple.MeraReader(FileName=saved("web3d", 3))
    algorithm, seen = reader.GetClientSideObject(), []
    algorithm.AddObserver("ProgressEvent", lambda *_: seen.append(algorithm.GetProgress()))
    reader.UpdatePipeline()
    seen = seen[:seen.index(1.0)]  # of the first port
    assert len(seen) >= 2 and seen == sorted(seen), seen
    simple.Delete(reader)
    del reader, algorithm

    reader = simple.MeraReader(FileName=saved("web3d", 2), CellArrayStatus=["pressure"])
    algorithm = reader.GetClientSideObject()
    stop = algorithm.AddObserver("ProgressEvent", lambda *_: algorithm.SetAbortExecute(1))
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfCells(), 0, "nothing partial")
    algorithm.RemoveObserver(stop)
    algorithm.SetAbortExecute(0)
    reader.MaxLevel = 0
    reader.CellArrayStatus = ["pressure", "density"]
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 2)["leaf_cells"], "then all of it")


def test_kinds_of_files():
    """Files of Mera itself: gravity, parts of a box, clumps."""
    reader = simple.MeraReader(FileName=os.path.join(DATA, "mera", "mera190_multi_00002.jld2"),
                               Precision="double")
    reader.CellArrayStatus = ["density", "potential", "acceleration"]
    reader.UpdatePipeline()
    mesh = mesh_of(reader)
    equal(arrays_in(mesh), ["acceleration", "density", "potential"], "hydro and gravity")
    equal(mesh.GetNumberOfLeaves(), 6469, "leaves")
    leaves = Leaves(mesh)
    close((array_of(mesh, "density")[leaves.index] * leaves.volume).sum(), 0.125, 1e-12, "mass")
    equal(points_of(reader, ["mass"]).shape[0], 3140, "particles")

    part = simple.MeraReader(FileName=os.path.join(DATA, "mera", "mera144_part_00002.jld2"))
    part.UpdatePipeline()
    mesh = mesh_of(part)
    leaves = Leaves(mesh)
    shown = numpy.isfinite(array_of(mesh, "density")[leaves.index])
    equal(shown.sum(), 845, "cells of a part")
    assert mesh.GetMask() is not None, "holes are masked"
    mask = mesh.GetMask()
    equal(sum(mask.GetValue(int(i)) for i in leaves.index), len(leaves.index) - 845, "masked")
    close(leaves.volume[shown].sum(), 0.02557373046875, 1e-12, "volume")

    clumps = simple.MeraReader(FileName=os.path.join(DATA, "mera", "mera190_clumps_00002.jld2"))
    clumps.UpdatePipeline()
    equal(clumps.GetClientSideObject().GetOutputDataObject(3).GetNumberOfPoints() > 0, True, "clumps")
    equal(mesh_of(clumps).GetNumberOfCells(), 0, "no mesh")


def test_bad_files():
    folder = os.path.join(FOLDER.name, "bad")
    os.mkdir(folder)
    good = os.path.join(DATA, "mera", "mera144_hydro_00002.jld2")
    with open(good, "rb") as file:
        content = file.read()
    cases = {"cut.jld2": (content[:200000], "truncated"), "text.jld2": (b"not at all", "neither HDF5"),
             "empty.jld2": (b"", "neither HDF5"),
             "other.jld2": (b"\x89HDF\r\n\x1a\n" + bytes(600), "not one of JLD2")}
    for name, (bytes_of, reason) in cases.items():
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(bytes_of)
        reader = simple.MeraReader(FileName=path)
        told = Messages(reader)
        reader.UpdatePipeline()
        reader.UpdatePipeline()
        equal((len(told.errors), told.warnings), (1, []), "%s: messages %s" % (name, told.errors))
        assert reason in told.errors[0] and name in told.errors[0], told.errors[0]
        equal(mesh_of(reader).GetNumberOfCells(), 0, "nothing partial")
        simple.Delete(reader)


def test_file_that_is_written_anew():
    path = os.path.join(FOLDER.name, "anew", "output_00002.jld2")
    os.makedirs(os.path.dirname(path))
    shutil.copy(saved("sedov3d", 2), path)
    reader = simple.MeraReader(FileName=path)
    reader.UpdatePipeline()
    before = mesh_of(reader).GetNumberOfLeaves()
    shutil.copy(saved("web3d", 2), path)
    simple.ReloadFiles(reader)
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 2)["leaf_cells"], "the new file")
    assert before != mesh_of(reader).GetNumberOfLeaves()


def test_opened_by_its_name():
    reader = simple.OpenDataFile(saved("web3d", 3))
    equal(reader.GetXMLName(), "AMRMeraReader", "the reader of a .jld2 file")


if __name__ == "__main__":
    run_tests(globals())
