"""Save Data and extractors as Mera files, read back by the reader of Mera files and the program."""

import json
import os
import subprocess
import tempfile

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow
from pvr_check import Leaves, array_of, arrays_in, equal, expected, fact, mesh_of, reader_of, run_tests

FOLDER = tempfile.TemporaryDirectory(prefix="pvramses-mera-writer-")
PROGRAM = os.environ["PVRAMSES"]


def path_of(name):
    return os.path.join(FOLDER.name, name)


def program(*arguments):
    done = subprocess.run([PROGRAM] + list(arguments), capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def mera_of(path, **properties):
    program("verify", path, "--cut", "--quiet")
    reader = simple.MeraReader(FileName=path)
    for name, value in {"Precision": "double", **properties}.items():
        setattr(reader, name, value)
    reader.UpdatePipeline()
    return reader


def save(path, proxy, **properties):
    """Saves and returns what was told of errors."""
    window, before = vtkStringOutputWindow(), vtkOutputWindow.GetInstance()
    vtkOutputWindow.SetInstance(window)
    try:
        simple.SaveData(path, proxy=proxy, **properties)
    finally:
        vtkOutputWindow.SetInstance(before)
    return window.GetOutput()


def rows_of(mesh, names):
    """Centres, sizes and values of the leaves, in an order of their own."""
    leaves = Leaves(mesh)
    columns = [leaves.centre[:, axis] for axis in range(3)] + [leaves.width]
    for name in names:
        values = array_of(mesh, name)[leaves.index]
        columns += list(values.reshape(len(leaves.index), -1).T)
    rows = numpy.array(columns)
    return rows[:, numpy.lexsort(rows[:4])]


def same_leaves(got, wanted):
    names = [name for name in arrays_in(wanted) if name in arrays_in(got)]
    assert "density" in names and "velocity" in names, names
    a, b = rows_of(got, names), rows_of(wanted, names)
    equal(a.shape, b.shape, "leaves")
    assert numpy.allclose(a[:4], b[:4], rtol=1e-14)
    equal(a[4:].tobytes(), b[4:].tobytes(), "values")


def points_of(reader):
    points = reader.GetClientSideObject().GetOutputDataObject(1)
    data = points.GetPointData()
    columns = [vtk_to_numpy(points.GetPoints().GetData())]
    for name in ("velocity", "mass", "identity", "family"):
        if data.GetArray(name):
            values = vtk_to_numpy(data.GetArray(name)).astype("f8")
            columns.append(values.reshape(len(columns[0]), -1))
    rows = numpy.hstack(columns)
    return rows[numpy.lexsort(rows.T)]


def test_meshes():
    reader = reader_of("sedov3d", 3, Precision="double")
    path = path_of("output_00003.jld2")
    equal(save(path, reader), "", "errors")
    got = mesh_of(mera_of(path))
    same_leaves(got, mesh_of(reader))
    for name in ("time_myr", "output_number"):
        equal(fact(got, name), fact(mesh_of(reader), name), name)
    told = json.loads(program("load", path, "--json"))
    equal(told["leaf_cells"], expected("sedov3d", 3)["leaf_cells"], "cells")


def test_bytes_do_not_depend_on_threads():
    reader = reader_of("sedov3d", 3, Precision="double")
    files = []
    for threads in (1, 3):
        path = path_of("threads.jld2")
        equal(save(path, reader, MaxThreads=threads, Compressor="ZLib"), "", "errors")
        with open(path, "rb") as file:
            files.append(bytearray(file.read()))
    differ = [i for i, (a, b) in enumerate(zip(*files)) if a != b]
    # What the file says of its making: when.
    assert len(files[0]) == len(files[1]) and len(differ) <= 40, len(differ)


def test_single_precision():
    reader = reader_of("sedov3d", 3)
    equal(save(path_of("single.jld2"), reader), "", "errors")
    same_leaves(mesh_of(mera_of(path_of("single.jld2"), Precision="float")), mesh_of(reader))


def test_cut_meshes():
    reader = reader_of("sedov3d", 3, Precision="double")
    cut = simple.Threshold(Input=reader, Scalars=["CELLS", "density"], LowerThreshold=1.0,
                           UpperThreshold=10.0)
    cut.UpdatePipeline()
    equal(save(path_of("cut.jld2"), cut), "", "errors")
    density = array_of(mesh_of(reader), "density")[Leaves(mesh_of(reader)).index]
    wanted = numpy.sort(density[(density >= 1) & (density <= 10)])
    got = mesh_of(mera_of(path_of("cut.jld2")))
    kept = array_of(got, "density")[Leaves(got).index]
    kept = numpy.sort(kept[numpy.isfinite(kept)])
    equal(kept.tobytes(), wanted.tobytes(), "cells that were kept")

    coarse = reader_of("sedov3d", 3, Precision="double", MaxLevel=4)
    equal(save(path_of("coarse.jld2"), coarse), "", "errors")
    same_leaves(mesh_of(mera_of(path_of("coarse.jld2"))), mesh_of(coarse))


def test_particles_are_added():
    reader = reader_of("web3d", 2, Precision="double")
    path = path_of("output_00002.jld2")
    equal(save(path, reader), "", "errors of the mesh")
    particles = simple.OutputPort(reader, 1)
    equal(save(path, particles, Append=1), "", "errors of the particles")
    again = mera_of(path)
    same_leaves(mesh_of(again), mesh_of(reader))
    equal(points_of(again).tobytes(), points_of(reader).tobytes(), "particles")
    # A Mera file is a source as an output is.
    equal(save(path_of("again.jld2"), again), "", "errors of the second mesh")
    equal(save(path_of("again.jld2"), simple.OutputPort(again, 1), Append=1), "", "errors")
    twice = mera_of(path_of("again.jld2"))
    same_leaves(mesh_of(twice), mesh_of(reader))
    equal(points_of(twice).tobytes(), points_of(reader).tobytes(), "particles, twice")
    assert "has particles already" in save(path, particles, Append=1)


def test_what_cannot_be_written():
    path = path_of("not.jld2")
    reader = reader_of("web3d", 2, FieldUnits="cgs")
    told = save(path, reader)
    assert "a Mera file holds code units" in told, told
    reader = reader_of("web3d", 2, LengthUnit="kpc")
    told = save(path, simple.OutputPort(reader, 1))
    assert "Positions are in kpc" in told, told
    sphere = simple.Sphere()
    sphere.UpdatePipeline()
    told = save(path, sphere)
    assert "do not say which output they came from" in told, told
    assert not os.path.exists(path)
    told = save(os.path.join(FOLDER.name, "missing", "x.jld2"), reader_of("web3d", 2))
    assert "missing" in told, told


def test_a_mesh_in_other_lengths():
    # Cells are counted, not measured: the length unit of the picture does not matter.
    reader = reader_of("sedov3d", 3, Precision="double", LengthUnit="kpc")
    equal(save(path_of("kpc.jld2"), reader), "", "errors")
    same_leaves(mesh_of(mera_of(path_of("kpc.jld2"))),
                mesh_of(reader_of("sedov3d", 3, Precision="double")))


def test_writers_of_others():
    reader = reader_of("sedov3d", 3)
    for end, name in (("jld2", "ZMeraWriter"), ("htg", "HyperTreeGridWriter")):
        equal(simple.CreateWriter(path_of("x." + end), proxy=reader).SMProxy.GetXMLName(), name, end)


def test_extractor():
    for proxy in list(simple.GetSources().values()):
        simple.Delete(proxy)
    folder = path_of("steps")
    os.mkdir(folder)
    reader = reader_of("sedov3d", 2, Precision="double")
    extractor = simple.CreateExtractor("MeraWriter", reader, registrationName="Mera")
    extractor.Writer.Comments = "every step"
    simple.SaveExtracts(ExtractsOutputDirectory=folder)
    files = sorted(os.listdir(folder))
    equal(files, ["output_00000.jld2", "output_00001.jld2"], "files")
    for name, number in zip(files, (2, 3)):
        path = os.path.join(folder, name)
        assert "every step" in program("info", path)
        same_leaves(mesh_of(mera_of(path)), mesh_of(reader_of("sedov3d", number, Precision="double")))
    simple.Delete(extractor)


if __name__ == "__main__":
    run_tests(globals())
