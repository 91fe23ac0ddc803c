"""What each property does: fields, level limit, units, precision, threads."""

import numpy
from paraview import simple
from pvr_check import (Copy, Leaves, array_of, arrays_in, close, equal, expected, fact, info_file, mesh_of,
                       reader_of, run_tests)

PARSEC = 3.08567758128e18


def test_defaults():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3))
    got = {name: str(reader.GetPropertyValue(name)).strip("'") for name in
           ("TimeUnit", "MaxLevel", "LengthUnit", "FieldUnits", "Precision", "MaxThreads",
            "PinThreads", "Prefetch", "CacheBudget")}
    equal(got, {"TimeUnit": "Myr", "MaxLevel": "0", "LengthUnit": "code", "FieldUnits": "code",
                "Precision": "float", "MaxThreads": "0", "PinThreads": "0", "Prefetch": "1",
                "CacheBudget": "0"},
          "defaults")
    equal(sorted(reader.CellArrayStatus), ["density", "pressure", "velocity"], "fields that are on")
    equal(sorted(reader.CellArrayStatus.Available),
          ["density", "domain", "level", "pressure", "velocity"], "fields that there are")
    # The panel's slider: every level of the output, and 0.
    domain = reader.SMProxy.GetProperty("MaxLevel").GetDomain("range")
    equal((domain.GetMinimum(0), domain.GetMaximum(0)), (0, expected("sedov3d", 3)["nlevelmax"]),
          "range of MaxLevel")


def test_names_of_components():
    velocity = mesh_of(reader_of("sedov3d", 3)).GetCellData().GetArray("velocity")
    equal([velocity.GetComponentName(c) for c in range(3)], ["x", "y", "z"], "component names")


def test_selection_runs_the_reader_again():
    reader = reader_of("sedov3d", 3)
    equal(arrays_in(mesh_of(reader)), ["density", "pressure", "velocity"], "default fields")
    reader.CellArrayStatus = ["pressure", "level"]
    reader.UpdatePipeline()
    equal(arrays_in(mesh_of(reader)), ["level", "pressure"], "chosen fields")
    reader.CellArrayStatus = []
    reader.UpdatePipeline()
    mesh = mesh_of(reader)
    equal(arrays_in(mesh), [], "no fields")
    equal(mesh.GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves without fields")


def test_selection_before_the_file_is_known():
    reader = simple.RAMSESReader()
    reader.CellArrayStatus = ["density"]
    reader.FileName = info_file("sedov3d", 3)
    reader.UpdatePipeline()
    assert "density" in arrays_in(mesh_of(reader)), arrays_in(mesh_of(reader))


def test_another_run_has_other_fields():
    reader = reader_of("sedov3d", 3)
    reader.FileName = info_file("legacy3d", 2)
    reader.UpdatePipeline()
    equal(arrays_in(mesh_of(reader)), ["density", "passive_scalar_1", "pressure", "velocity"],
          "fields of the other run")
    reader.FileName = info_file("sedov3d", 3)
    reader.UpdatePipeline()
    equal(arrays_in(mesh_of(reader)), ["density", "pressure", "velocity"], "fields of the first run")


def test_level_and_domain():
    for run, number in (("web3d", 2), ("sedov2d", 3), ("sedov1d", 2)):
        mesh = mesh_of(reader_of(run, number, CellArrayStatus=["level", "domain"]))
        wanted = expected(run, number)
        leaves = Leaves(mesh)
        level = array_of(mesh, "level")[leaves.index]
        width = wanted["coarse_cell_size"] / 2.0 ** level
        assert numpy.allclose(width, leaves.width, rtol=1e-12), run + ": level and size of cells"
        domain = array_of(mesh, "domain")[leaves.index]
        equal(sorted(set(domain)), list(range(1, wanted["ncpu"] + 1)), run + ": domains")
        # Coarse cells have their own level too.
        close(array_of(mesh, "level").min(), min(level.min(), array_of(mesh, "level").min()), 0, run)
        equal(level.max(), max(int(l) for l in wanted["leaf_cells_per_level"]), run + ": finest level")


def test_max_level():
    wanted = expected("web3d", 3)
    whole = {int(l): n for l, n in wanted["leaf_cells_per_level"].items()}
    deep = mesh_of(reader_of("web3d", 3))
    for limit in (9, 7, 5, 2):
        mesh = mesh_of(reader_of("web3d", 3, MaxLevel=limit, Precision="double"))
        leaves = Leaves(mesh)
        level = numpy.rint(-numpy.log2(leaves.width)).astype(int)
        got = dict(zip(*numpy.unique(level, return_counts=True)))
        for l, count in whole.items():
            if l < limit:
                equal(got.get(l, 0), count, "MaxLevel %d: leaves of level %d" % (limit, l))
        equal(max(got), limit, "MaxLevel %d: finest level" % limit)
        close(leaves.volume.sum(), 1.0, 1e-12, "volume")
        if limit < 9:
            assert mesh.GetNumberOfCells() < deep.GetNumberOfCells(), "fewer cells"
        # RAMSES' own coarse values of density are averages: the mass stays.
        mass = (array_of(mesh, "density")[leaves.index] * leaves.volume).sum()
        close(mass, wanted["total_mass"], 1e-9, "MaxLevel %d: mass" % limit)
    back = reader_of("web3d", 3, MaxLevel=6)
    back.MaxLevel = 0
    back.UpdatePipeline()
    equal(mesh_of(back).GetNumberOfLeaves(), wanted["leaf_cells"], "leaves of all levels again")


def test_length_unit():
    wanted = expected("web3d", 3)
    centimetres = {"code": 1 / wanted["unit_l"], "cm": 1.0, "AU": 1 / 1.495978707e13,
                   "pc": 1 / PARSEC, "kpc": 1e-3 / PARSEC, "Mpc": 1e-6 / PARSEC}
    reader = reader_of("web3d", 3)
    for unit, factor in centimetres.items():
        reader.LengthUnit = unit
        reader.UpdatePipeline()
        size = wanted["boxlen_info"] * wanted["unit_l"] * factor
        for axis in range(3):
            close(mesh_of(reader).GetBounds()[2 * axis + 1], size, 1e-12, "box in " + unit)


def test_field_units():
    from vtkmodules.vtkCommonCore import vtkDataArray
    wanted = expected("legacy3d", 2)
    d, l, t = wanted["unit_d"], wanted["unit_l"], wanted["unit_t"]
    factors = {"code": (1, 1, 1),
               "cgs": (d, l / t, d * (l / t) ** 2),
               "astro": (0.76 * d / 1.66e-24, l / t / 1e5, d * (l / t) ** 2 / 1.380649e-16)}
    labels = {"code": (None, None, None), "cgs": ("g/cm^3", "cm/s", "erg/cm^3"),
              "astro": ("cm^-3", "km/s", None)}
    reader = reader_of("legacy3d", 2, Precision="double")
    base = {name: array_of(mesh_of(reader), name).copy() for name in
            ("density", "velocity", "pressure", "passive_scalar_1")}
    for system in ("cgs", "astro", "code"):
        reader.FieldUnits = system
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        for name, factor, label in zip(("density", "velocity", "pressure"), factors[system],
                                       labels[system]):
            assert numpy.allclose(array_of(mesh, name), base[name] * factor, rtol=1e-12, atol=0), \
                "%s in %s" % (name, system)
            info = mesh.GetCellData().GetArray(name).GetInformation()
            got = info.Get(vtkDataArray.UNITS_LABEL())
            if label:
                equal(got, label, "unit of %s in %s" % (name, system))
            elif system == "code":
                assert not got, "unit in code units: %r" % got
        assert numpy.array_equal(array_of(mesh, "passive_scalar_1"), base["passive_scalar_1"]), \
            "a number without a dimension changed"


def test_precision():
    reader = reader_of("sedov3d", 3)
    single = array_of(mesh_of(reader), "density").copy()
    reader.Precision = "double"
    reader.UpdatePipeline()
    double = array_of(mesh_of(reader), "density")
    equal((single.dtype.name, double.dtype.name), ("float32", "float64"), "types")
    assert numpy.array_equal(single, double.astype("f4")), "float is not the rounded double"
    assert not numpy.array_equal(single.astype("f8"), double), "double has no more digits"


def test_threads_give_the_same_bits():
    names = ("density", "velocity", "pressure", "domain")
    arrays = []
    for threads, pin, prefetch in ((1, 0, 0), (2, 1, 1), (3, 0, 1)):
        with Copy("web3d") as folder:  # read anew, not shared
            reader = reader_of("web3d", 2, folder, MaxThreads=threads, PinThreads=pin,
                               Prefetch=prefetch, CellArrayStatus=list(names))
            mesh = mesh_of(reader)
            assert fact(mesh, "bytes_read") > 0, "nothing was read"
            arrays.append([array_of(mesh, name).copy() for name in names])
            report = fact(mesh, "ThreadReport")
            assert "%d thread" % threads in report, report
    for other in arrays[1:]:
        for a, b, name in zip(arrays[0], other, names):
            assert a.tobytes() == b.tobytes(), name + " depends on the threads"


def test_scripts_get_the_whole_though_progressive():
    with Copy("web3d") as folder:  # read anew, not shared
        by_level = mesh_of(reader_of("web3d", 2, folder, Progressive=1))
        assert fact(by_level, "bytes_read") > 0, "nothing was read"
        at_once = mesh_of(reader_of("web3d", 2))
        equal(by_level.GetNumberOfCells(), at_once.GetNumberOfCells(), "cells")
        assert array_of(by_level, "density").tobytes() == array_of(at_once, "density").tobytes()


def test_thread_report():
    reader = simple.RAMSESReader(FileName=info_file("web3d", 2))
    reader.UpdatePipelineInformation()
    equal(str(reader.ThreadReport).strip("'"), "", "report before reading")
    reader.UpdatePipeline()
    reader.UpdatePropertyInformation()
    report = str(reader.ThreadReport)
    for word in ("thread 0", "efficiency", "balance", "Output 2"):
        assert word in report, "%r is not in %r" % (word, report)
    assert "output 2" in str(reader.OutputFacts), reader.OutputFacts


run_tests(globals())
