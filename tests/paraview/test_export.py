"""Files of `pvramses export`, read back by VTK's own readers: every value bit for bit, the geometry
to the last digit; and opened by a ParaView without the plugin."""

import os
import subprocess
import sys
import tempfile

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray
from vtkmodules.vtkIOXML import (vtkXMLHyperTreeGridReader, vtkXMLImageDataReader,
                                 vtkXMLPolyDataReader, vtkXMLUnstructuredGridReader)
from pvr_check import (DATA, OUTPUTS, Leaves, array_of, arrays_in, close, equal, expected, fact,
                       info_file, mesh_of, reader_of, run_tests)

PROGRAM = os.environ["PVRAMSES"]
FOLDER = tempfile.TemporaryDirectory(prefix="pvramses-export-")


def path_of(name):
    return os.path.join(FOLDER.name, name)


def export(run, number, name, *options):
    done = subprocess.run([PROGRAM, "export", info_file(run, number), "--out", path_of(name), "--quiet",
                           "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return path_of(name)


def read(path, kind=vtkXMLHyperTreeGridReader):
    reader = kind()
    reader.SetFileName(path)
    reader.Update()
    assert reader.GetErrorCode() == 0, path
    data = reader.GetOutput()
    data.reader = reader
    return data


def same_bits(got, wanted, what):
    equal(got.dtype, wanted.dtype, what + ": type")
    equal(got.shape, wanted.shape, what + ": shape")
    assert got.tobytes() == wanted.tobytes(), "%s: other bits" % what


def same_geometry(got, wanted):
    """Leaf by leaf: places, sizes and indices."""
    a, b = Leaves(got), Leaves(wanted)
    same_bits(a.index, b.index, "indices of leaves")
    same_bits(a.depth, b.depth, "depths of leaves")
    assert numpy.array_equal(a.centre, b.centre), "leaves lie elsewhere"
    same_bits(a.width, b.width, "widths of leaves")


def test_mesh_comes_back():
    for run, number in OUTPUTS:
        reader = reader_of(run, number, Precision="double",
                           CellArrayStatus=["density", "1", "velocity", "1", "pressure", "1",
                                            "level", "1", "domain", "1"])
        wanted = mesh_of(reader)
        for compressor in ("lz4", "zlib", "none"):
            got = read(export(run, number, "mesh.htg", "--compressor", compressor,
                              "--fields", "density,velocity,pressure,level,domain"))
            what = "%s %d %s" % (run, number, compressor)
            equal(got.GetNumberOfCells(), wanted.GetNumberOfCells(), what + ": cells")
            equal(got.GetNumberOfLeaves(), expected(run, number)["leaf_cells"], what + ": leaves")
            equal(arrays_in(got), arrays_in(wanted), what)
            for name in arrays_in(got):
                same_bits(array_of(got, name), array_of(wanted, name), what + " " + name)
        if run != "web3d":  # cursors are slow
            same_geometry(got, wanted)


def test_leaf_cells_come_back():
    for run, number in OUTPUTS:
        if run == "web3d":
            continue  # cursors are slow
        wanted = mesh_of(reader_of(run, number, Precision="double",
                                   CellArrayStatus=["density", "velocity", "level"]))
        leaves = Leaves(wanted)
        order = numpy.argsort(leaves.index)
        got = read(export(run, number, "cells.vtu", "--fields", "density,velocity,level"),
                   vtkXMLUnstructuredGridReader)
        equal(got.GetNumberOfCells(), expected(run, number)["leaf_cells"], run + ": cells")
        for name in ("density", "velocity", "level"):
            same_bits(array_of(got, name), array_of(wanted, name)[leaves.index[order]], run + " " + name)
        points = vtk_to_numpy(got.GetPoints().GetData())
        equal(len(numpy.unique(points, axis=0)), len(points), run + ": points that are shared")
        corners = vtk_to_numpy(got.GetCells().GetConnectivityArray()).reshape(got.GetNumberOfCells(), -1)
        equal(len(numpy.unique(corners)), len(points), run + ": points that are used")
        box = points[corners]
        assert numpy.array_equal(0.5 * (box.min(axis=1) + box.max(axis=1)), leaves.centre[order]), run
        width = box.max(axis=1) - box.min(axis=1)
        assert numpy.array_equal(width[:, 0], leaves.width[order]), run
        assert set(vtk_to_numpy(got.GetCellTypesArray())) == {{1: 3, 2: 8, 3: 11}[wanted.GetDimension()]}
    none = read(export("sedov3d", 3, "none.vtu", "--lmin", "20"), vtkXMLUnstructuredGridReader)
    equal((none.GetNumberOfCells(), none.GetNumberOfPoints()), (0, 0), "nothing")
    equal(arrays_in(none), ["density", "pressure", "velocity"], "arrays of nothing")


def leaf_boxes(path):
    """Of a .vtu: the grid, lower corners and widths of its cells."""
    grid = read(path, vtkXMLUnstructuredGridReader)
    points = vtk_to_numpy(grid.GetPoints().GetData())
    corners = vtk_to_numpy(grid.GetCells().GetConnectivityArray()).reshape(grid.GetNumberOfCells(), -1)
    low = points[corners[:, 0]]  # the corners of VTK's voxels go from the lowest to the highest
    return grid, low, points[corners[:, -1]] - low


def test_sums_are_those_of_another_program():
    for run, number in OUTPUTS:
        wanted = expected(run, number)
        names = ("density", "pressure", "velocity_x")
        grid, _, width = leaf_boxes(export(run, number, "sums.vtu", "--fields", ",".join(names)))
        volume = numpy.prod(width[:, :wanted["ndim"]], axis=1)
        close(numpy.sum(volume), wanted["volume"], 1e-12, run + ": volume")
        for name in names:
            values, fields = array_of(grid, name), wanted["fields"]
            field = fields[name if name in fields else "thermal_" + name]
            equal((values.min(), values.max()), (field["min"], field["max"]), run + " " + name)
            error = abs(numpy.sum(values * volume) - field["sum_field_volume"])
            assert error <= 1e-12 * field["sum_abs_field_volume"], "%s %s: sum" % (run, name)


def test_coarser_cells_are_means_by_volume():
    """By hand: the fine leaves in each coarser cell."""
    run, number, lmax = "sedov3d", 3, 4
    options = ("--fields", "density,pressure,velocity")
    fine, low, width = leaf_boxes(export(run, number, "fine.vtu", *options))
    coarse, at, wide = leaf_boxes(export(run, number, "coarse.vtu", *options, "--lmax", str(lmax)))
    logs, *_ = leaf_boxes(export(run, number, "logs.vtu", *options, "--lmax", str(lmax), "--log10", "pressure"))
    side = wide.min()
    assert (wide == side).all() and width.min() == side / 4, "levels of the test's output"
    cells = round(0.5 / side)

    def place(corner):
        x, y, z = numpy.floor(corner / side + 1e-9).astype(int).T
        return x + cells * (y + cells * z)

    volume = numpy.prod(width, axis=1)
    for name in ("density", "pressure", "velocity"):
        values = array_of(fine, name).reshape(len(volume), -1)
        for c in range(values.shape[1]):
            mean = numpy.bincount(place(low), volume * values[:, c]) / side ** 3
            got = array_of(coarse, name).reshape(len(wide), -1)[:, c]
            assert numpy.allclose(got, mean[place(at)], rtol=1e-13, atol=1e-13), name
    assert numpy.allclose(array_of(logs, "log10_pressure"), numpy.log10(array_of(coarse, "pressure")),
                          rtol=1e-15), "logarithms of means"


def test_uniform_grids():
    for run, number in (("sedov3d", 3), ("sedov2d", 3), ("sedov1d", 2)):
        wanted = expected(run, number)
        for level in (4, 6):
            image = read(export(run, number, "grid.vti", "--fields", "density,velocity,level",
                                "--grid-level", str(level)), vtkXMLImageDataReader)
            size = wanted["box_size_code"][:wanted["ndim"]]
            equal(image.GetNumberOfCells(),
                  numpy.prod([round(s / (wanted["coarse_cell_size"] / 2 ** level)) for s in size]),
                  "cells")
            equal(image.GetBounds()[1], size[0], "size")
            volume = numpy.prod(image.GetSpacing()[:wanted["ndim"]])
            close(numpy.sum(array_of(image, "density")) * volume, wanted["total_mass"], 1e-12, "mass")
            equal(array_of(image, "velocity").shape[1], 3, "components")


def test_mass_is_that_of_another_program():
    for run, number in (("sedov3d", 3), ("sedov2d", 3), ("legacy3d", 2)):
        wanted = expected(run, number)
        mesh = read(export(run, number, "mass.htg", "--fields", "density"))
        leaves = Leaves(mesh)
        close(numpy.sum(array_of(mesh, "density")[leaves.index] * leaves.volume),
              wanted["total_mass"], 1e-12, run + ": mass")


def test_units_time_and_origin():
    run, number = "web3d", 3
    path = export(run, number, "units.htg", "--units", "astro", "--length-unit", "Mpc",
                  "--fields", "density,velocity,temperature", "--log10", "density,temperature")
    mesh = read(path)
    equal(arrays_in(mesh), ["log10_density", "log10_temperature", "velocity"], "names")
    units = {name: mesh.GetCellData().GetArray(name).GetInformation().Get(vtkDataArray.UNITS_LABEL())
             for name in arrays_in(mesh)}
    equal(units, {"log10_density": "log10(cm^-3)", "log10_temperature": "log10(K)",
                  "velocity": "km/s"}, "units")
    reader = reader_of(run, number, Precision="double", FieldUnits="astro", LengthUnit="Mpc")
    wanted = mesh_of(reader)
    same_bits(array_of(mesh, "velocity"), array_of(wanted, "velocity"), "velocity")
    with numpy.errstate(all="ignore"):
        logarithm = numpy.log10(array_of(wanted, "density"))
    assert numpy.allclose(array_of(mesh, "log10_density"), logarithm, rtol=1e-15, atol=0)
    equal(mesh.GetBounds(), wanted.GetBounds(), "bounds")
    information = mesh.reader.GetOutputInformation(0)
    steps = information.Get(mesh.reader.GetExecutive().TIME_STEPS())
    close(steps[0], fact(wanted, "time_myr"), 1e-15, "time")
    with open(path, "rb") as file:
        head = file.read(6000).decode("ascii", "replace")
    for word in ("command", "pvramses_version", "source", "unit_l", "aexp"):
        assert 'Name="%s"' % word in head, word


def test_levels():
    run, number = "sedov3d", 3
    whole = read(export(run, number, "whole.htg", "--fields", "density,mass,cell_size,volume,level"))
    leaves = Leaves(whole)
    mass = numpy.sum(array_of(whole, "mass")[leaves.index])
    for lmax in (3, 4, 5):
        mesh = read(export(run, number, "coarse.htg", "--fields", "density,mass,cell_size,volume,level",
                           "--lmax", str(lmax)))
        coarse = Leaves(mesh)
        equal(int(array_of(mesh, "level")[coarse.index].max()), lmax, "deepest level")
        at = coarse.index
        close(numpy.sum(array_of(mesh, "mass")[at]), mass, 1e-13, "mass of cells")
        close(numpy.sum(array_of(mesh, "density")[at] * coarse.volume), mass, 1e-13, "mass")
        assert numpy.allclose(array_of(mesh, "volume")[at], coarse.volume, rtol=1e-14)
        assert numpy.allclose(array_of(mesh, "cell_size")[at], coarse.width, rtol=1e-14)
    finest = int(array_of(whole, "level").max())
    mesh = read(export(run, number, "fine.htg", "--fields", "density,level", "--lmin", str(finest)))
    assert mesh.HasMask()
    mask = numpy.array([mesh.GetMask().GetValue(i) for i in range(mesh.GetNumberOfCells())])
    equal(int((mask == 0).sum() - (numpy.delete(mask, leaves.index) == 0).sum()),
          int((array_of(whole, "level")[leaves.index] == finest).sum()), "leaves that are shown")
    assert numpy.isnan(array_of(mesh, "density")[mask == 1]).all()
    mesh = read(export(run, number, "none.htg", "--fields", "density", "--lmin", str(finest + 1)))
    mask = numpy.array([mesh.GetMask().GetValue(i) for i in range(mesh.GetNumberOfCells())])
    assert mask[leaves.index].all(), "nothing is to be shown"


def test_points_come_back():
    for run, number in (("web3d", 3), ("legacy3d", 2)):
        if not any(name.startswith("part_") for name in os.listdir(os.path.dirname(info_file(run, number)))):
            continue
        reader = reader_of(run, number, Precision="double")
        names = list(reader.PointArrayStatus.Available)
        reader.PointArrayStatus = names
        reader.FamilyStatus = list(reader.FamilyStatus.Available)
        simple.UpdatePipeline(proxy=simple.OutputPort(reader, "Particles"))
        wanted = reader.GetClientSideObject().GetOutputDataObject(1)
        got = read(export(run, number, "points.vtp", "--fields", ",".join(names)), vtkXMLPolyDataReader)
        equal(got.GetNumberOfPoints(), expected(run, number)["particles"]["count"], run + ": points")
        equal(got.GetNumberOfVerts(), got.GetNumberOfPoints(), run + ": vertices")
        same_bits(vtk_to_numpy(got.GetVerts().GetConnectivityArray()),
                  numpy.arange(got.GetNumberOfPoints()), run + ": points of the vertices")
        same_bits(vtk_to_numpy(got.GetPoints().GetData()),
                  vtk_to_numpy(wanted.GetPoints().GetData()).astype("f8"), run + ": positions")
        for name in names:
            array = wanted.GetPointData().GetArray(name)
            same_bits(vtk_to_numpy(got.GetPointData().GetArray(name)), vtk_to_numpy(array),
                      "%s %s" % (run, name))


# What a ParaView without the plugin does with the files: it knows them by their names alone.
PLAIN = """
import sys
from paraview import simple
for path in sys.argv[1:]:
    source = simple.OpenDataFile(path)
    source.UpdatePipeline()
    info = source.GetDataInformation()
    print(path, source.SMProxy.GetXMLName(), info.GetNumberOfCells(), info.GetDataSetTypeAsString())
    for time in getattr(source, "TimestepValues", []):
        print("time", repr(time))
"""


def test_paraview_without_the_plugin_opens_them():
    files = [export("sedov3d", 3, "plain.htg"), export("sedov3d", 3, "plain.vtu"),
             export("sedov3d", 3, "a<b> & 'c'.vti", "--grid-level", "4"), export("web3d", 3, "plain.vtp")]
    run = subprocess.run([PROGRAM, "export", os.path.join(DATA, "sedov3d"), "--outputs", "1:9", "--out",
                          path_of("many.htg"), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()
    files.append(path_of("many.pvd"))
    script = path_of("plain.py")
    with open(script, "w") as file:
        file.write(PLAIN)
    environment = {name: value for name, value in os.environ.items() if name != "PV_PLUGIN_PATH"}
    done = subprocess.run(["pvpython", script, *files], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert "plain.htg HyperTreeGridReader 8008 vtkHyperTreeGrid" in text, text
    assert "plain.vtu XMLUnstructuredGridReader 7071 vtkUnstructuredGrid" in text, text
    assert "a<b> & 'c'.vti XMLImageDataReader 4096 vtkImageData" in text, text
    assert "plain.vtp XMLPolyDataReader 32768 vtkPolyData" in text, text
    assert "many.pvd PVDReader" in text, text
    times = [float(line.split()[1]) for line in text.splitlines() if line.startswith("time ")]
    wanted = [fact(mesh_of(reader_of(run, number)), "time_myr")
              for run, number in (("sedov3d", 2), ("sedov3d", 3), ("web3d", 3))]
    equal(times, [*3 * [wanted[1]], wanted[2], *wanted[:2]], "times")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    run_tests(globals())
