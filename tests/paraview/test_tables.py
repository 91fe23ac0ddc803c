"""Sinks and clumps: RAMSES' lists as points; outputs without them and broken lists. And fields of
other kinds of files, where such runs are at hand."""

import os

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray
from pvr_check import (FIXTURES, Copy, Leaves, Messages, array_of, close, equal, expected,
                       info_file, mesh_of, reader_of, run_tests)

SINKS, CLUMPS = 2, 3

SINK_FILE = """ # id,msink,x,y,z,vx,vy,vz,level
 # 1,m,l,l,l,l t**-1,l t**-1,l t**-1,1
         1,     4.1E-02,     0.10E+00,     0.20E+00,     0.30E+00,  1.0E+00,  2.0E+00,  3.0E+00,    6
         2,     2.0E-02,     0.40E+00,     0.25E+00,     0.15E+00, -1.0E+00,  0.0E+00,  0.5E+00,    6
"""
CLUMP_FILES = [
    "   index  lev   parent      ncell    peak_x    peak_y    peak_z    rho-    rho+    rho_av   "
    " mass_cl   relevance\n",
    "       1  0   1   216   2.0E-01   3.0E-01   2.5E-01   1.0E+02   1.0E+02   5.0E+01  6.5E-01  1.0E+01\n",
    "      17  0   1   100   1.0E-01   1.5E-01   4.5E-01   1.0E+02   1.0E+02   2.0E+01  3.0E-01  1.0E+01\n"]
HALO_FILES = [
    "     index      ncell    peak_x    peak_y    peak_z    rho+    mass\n",
    "         1        316   2.0E-01   3.0E-01   2.5E-01   1.0E+02   9.5E-01\n"]


def data_of(reader, port):
    return reader.GetClientSideObject().GetOutputDataObject(port)


def points_of(points):
    return vtk_to_numpy(points.GetPoints().GetData())


def values_of(points, name):
    array = points.GetPointData().GetArray(name)
    assert array is not None, "no array %s" % name
    return vtk_to_numpy(array)


def with_lists(folder):
    """Gives the copy of sedov3d a list of sinks, and of clumps and halos for each domain."""
    output = os.path.join(folder, "sedov3d", "output_00003")
    with open(os.path.join(output, "sink_00003.csv"), "w") as file:
        file.write(SINK_FILE)
    ncpu = expected("sedov3d", 3)["ncpu"]
    for domain in range(1, ncpu + 1):
        with open(os.path.join(output, "clump_00003.txt%05d" % domain), "w") as file:
            file.write(CLUMP_FILES[0] + (CLUMP_FILES[domain] if domain <= 2 else ""))
        with open(os.path.join(output, "halo_00003.txt%05d" % domain), "w") as file:
            file.write(HALO_FILES[0] + (HALO_FILES[1] if domain == 2 else ""))
    return output


def test_lists():
    wanted = expected("sedov3d", 3)
    with Copy("sedov3d") as folder:
        with_lists(folder)
        reader = reader_of("sedov3d", 3, folder, LengthUnit="pc", FieldUnits="astro")
        parsec = wanted["unit_l"] / 3.08567758128e18
        solar = wanted["unit_d"] * wanted["unit_l"] ** 3 / 1.9891e33
        sinks = data_of(reader, SINKS)
        equal(sinks.GetClassName(), "vtkPolyData", "class")
        equal((sinks.GetNumberOfPoints(), sinks.GetNumberOfVerts()), (2, 2), "sinks")
        assert numpy.allclose(points_of(sinks), numpy.array([[.1, .2, .3], [.4, .25, .15]]) * parsec,
                              rtol=1e-14), "places of the sinks"
        equal(values_of(sinks, "msink").tolist(), [0.041, 0.02], "column msink")
        assert numpy.allclose(values_of(sinks, "mass"), numpy.array([.041, .02]) * solar, rtol=1e-12)
        unit = sinks.GetPointData().GetArray("mass").GetInformation().Get(vtkDataArray.UNITS_LABEL())
        equal(unit, "Msol", "unit of the mass")
        speed = wanted["unit_l"] / wanted["unit_t"] / 1e5
        assert numpy.allclose(values_of(sinks, "velocity"),
                              numpy.array([[1, 2, 3], [-1, 0, .5]]) * speed, rtol=1e-12), "velocity"
        equal(values_of(sinks, "level").tolist(), [6, 6], "a column that has no use here")

        clumps = data_of(reader, CLUMPS)
        equal((clumps.GetNumberOfPoints(), clumps.GetNumberOfVerts()), (2, 2), "clumps")
        equal(sorted(values_of(clumps, "index")), [1, 17], "numbers of the clumps")
        assert numpy.allclose(values_of(clumps, "mass"), numpy.array([.65, .3]) * solar, rtol=1e-12)
        radius = numpy.cbrt(3 * numpy.array([.65, .3]) / (4 * numpy.pi * numpy.array([50., 20.])))
        assert numpy.allclose(values_of(clumps, "radius"), radius * parsec, rtol=1e-12), "radius"

        glyph = simple.Glyph(Input=simple.OutputPort(reader, "Clumps"), GlyphType="Sphere")
        glyph.ScaleArray, glyph.ScaleFactor = ["POINTS", "radius"], 2.0
        glyph.GlyphMode = "All Points"
        glyph.UpdatePipeline()
        assert glyph.GetDataInformation().GetNumberOfCells() > 100, "glyphs"

        reader.ClumpList = "halos"
        reader.UpdatePipeline()
        halos = data_of(reader, CLUMPS)
        assert numpy.allclose(values_of(halos, "mass"), 0.95 * solar, rtol=1e-12), "mass of the halo"
        assert numpy.allclose(points_of(halos), numpy.array([[.2, .3, .25]]) * parsec, rtol=1e-14)

        reader.ReadSinks, reader.ReadClumps = 0, 0
        reader.UpdatePipeline()
        for port in (SINKS, CLUMPS):
            equal(data_of(reader, port).GetNumberOfPoints(), 0, "points at a port that is off")


def test_none():
    reader = simple.RAMSESReader()
    messages = Messages(reader)
    reader.FileName = info_file("sedov3d", 3)
    reader.UpdatePipeline()
    for port in (SINKS, CLUMPS):
        equal(data_of(reader, port).GetClassName(), "vtkPolyData", "class")
        equal(data_of(reader, port).GetNumberOfPoints(), 0, "points")
    equal(messages.errors + messages.warnings, [], "messages")


def test_broken_list():
    with Copy("sedov3d") as folder:
        path = os.path.join(with_lists(folder), "sink_00003.csv")
        with open(path, "a") as file:
            file.write("         3,  what\n")
        reader = simple.RAMSESReader()
        messages = Messages(reader)
        reader.FileName = info_file("sedov3d", 3, folder)
        reader.UpdatePipeline()
        equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
        assert "sink_00003.csv" in messages.errors[0], messages.errors[0]
        equal(data_of(reader, SINKS).GetNumberOfPoints(), 0, "sinks")
        equal(data_of(reader, CLUMPS).GetNumberOfPoints(), 2, "clumps all the same")
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves")


def fixture(run, number, **properties):
    if not os.path.isdir(os.path.join(FIXTURES, run)):
        print("         no", run)
        return None
    return reader_of(run, number, FIXTURES, Precision="double", **properties)


def test_lists_of_ramses():
    reader = fixture("sink3d", 3)
    if reader:
        path = os.path.join(FIXTURES, "sink3d", "output_00003", "sink_00003.csv")
        table = numpy.genfromtxt(path, delimiter=",", comments="#")
        sinks = data_of(reader, SINKS)
        assert numpy.array_equal(points_of(sinks), table[:, 2:5]), "places"
        assert numpy.array_equal(values_of(sinks, "mass"), table[:, 1]), "masses"
        equal(sinks.GetPointData().GetNumberOfArrays(), table.shape[1] + 2, "columns")
    reader = fixture("clumps3d", 2)
    if reader:
        clumps = data_of(reader, CLUMPS)
        equal(sorted(values_of(clumps, "index")), [1, 2, 3, 649], "clumps")
        close(values_of(clumps, "mass").sum(), 2.63671875, 1e-12, "mass of the clumps")


def test_fields_of_other_files():
    for run, number, names in (
            ("mhdtube3d", 2, ["B_field"]), ("cosmo3d", 3, ["potential", "acceleration"]),
            ("stromgren3d", 3, ["rt_photon_density_01", "rt_photon_flux_01"])):
        reader = fixture(run, number)
        if not reader:
            continue
        for name in names:
            assert name in reader.CellArrayStatus.Available, "%s: no %s" % (run, name)
        reader.CellArrayStatus = names
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        leaves = Leaves(mesh)
        for name in names:
            values = array_of(mesh, name)[leaves.index]
            assert numpy.isfinite(values).all(), run + ": " + name
            assert values.max() > values.min(), run + ": " + name + " is the same everywhere"
    reader = fixture("mhdtube3d", 2)
    if reader:
        assert numpy.abs(array_of(mesh_of(reader), "B_field")[:, 0] - 1).max() < 1e-12, "B_x is 1"
        for name in ("alfven_speed", "plasma_beta"):
            assert name in reader.DerivedArrayStatus.Available, name
        reader.CellArrayStatus, reader.DerivedArrayStatus = ["density", "B_field"], ["alfven_speed"]
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        field = numpy.sqrt((array_of(mesh, "B_field") ** 2).sum(axis=1))
        assert numpy.allclose(array_of(mesh, "alfven_speed"),
                              field / numpy.sqrt(array_of(mesh, "density")), rtol=1e-12), "alfven"


run_tests(globals())
