"""Counts, places, bounds and sums of all fields over the leaves, against data/*/EXPECT.json."""

import numpy
from pvr_check import (OUTPUTS, Leaves, array_of, close, equal, expected, fact, mesh_of, reader_of,
                       run_tests)

# Names of the descriptor and of the old order, where the reader calls them otherwise.
RENAMED = {"thermal_pressure": "pressure"}
NOT_HYDRO = ("phi", "gx", "gy", "gz")


def check(run, number, precision, tolerance):
    wanted = expected(run, number)
    mesh = mesh_of(reader_of(run, number, Precision=precision))
    what = "%s %d %s: " % (run, number, precision)
    ndim = wanted["ndim"]
    equal(mesh.GetClassName(), "vtkHyperTreeGrid", what + "class")
    equal(mesh.GetDimension(), ndim, what + "dimension")
    equal(mesh.GetNumberOfLeaves(), wanted["leaf_cells"], what + "leaves")
    bounds = mesh.GetBounds()
    for axis in range(3):
        equal(bounds[2 * axis], 0.0, what + "lower bound")
        equal(bounds[2 * axis + 1], wanted["box_size_code"][axis] if axis < ndim else 0.0,
              what + "upper bound")

    leaves = Leaves(mesh)
    equal(len(leaves.index), wanted["leaf_cells"], what + "leaves by cursor")
    equal(len(set(leaves.index)), wanted["leaf_cells"], what + "different leaves")
    level = numpy.rint(numpy.log2(wanted["coarse_cell_size"] / leaves.width)).astype(int)
    found = {str(l): int(n) for l, n in zip(*numpy.unique(level, return_counts=True))}
    equal(found, wanted["leaf_cells_per_level"], what + "leaves per level")
    close(leaves.volume.sum(), wanted["volume"], 1e-12, what + "volume")

    names = 0
    for name, values in wanted["fields"].items():
        if name in NOT_HYDRO:
            continue
        name = RENAMED.get(name, name)
        if name[-2:] in ("_x", "_y", "_z"):
            got = array_of(mesh, name[:-2])[leaves.index, "xyz".index(name[-1])]
        else:
            got = array_of(mesh, name)[leaves.index]
        equal(got.dtype.name, "float32" if precision == "float" else "float64", what + "type")
        got = got.astype("f8")
        close(got.min(), values["min"], tolerance, what + name + " min")
        close(got.max(), values["max"], tolerance, what + name + " max")
        scale = max(values["sum_abs_field_volume"], 1e-300)
        total = (got * leaves.volume).sum()
        assert abs(total - values["sum_field_volume"]) <= tolerance * scale, \
            "%s%s sum: %r, expected %r" % (what, name, total, values["sum_field_volume"])
        names += 1
    assert names >= 3, what + "too few fields were compared"

    density = array_of(mesh, "density")[leaves.index].astype("f8")
    mass = density * leaves.volume
    close(mass.sum(), wanted["total_mass"], tolerance, what + "mass")
    for axis in range(ndim):
        close((mass * leaves.centre[:, axis]).sum() / mass.sum(), wanted["center_of_mass"][axis],
              tolerance, what + "centre of mass")
    if precision == "double" and density.max() > 1.001 * numpy.median(density):
        where = leaves.centre[density.argmax()]
        peak = wanted["densest_cell"]["center"]
        # An explosion in a corner has several densest cells, mirror images up to rounding.
        same = numpy.abs(density - density.max()) <= 1e-9 * density.max()
        assert any(numpy.allclose(place[:ndim], peak, atol=1e-12)
                   for place in leaves.centre[same]), what + "densest cell at %r" % (where,)
    equal(int(fact(mesh, "ncpu")), wanted["ncpu"], what + "ncpu")
    equal(mesh.GetCellData().GetScalars().GetName(), "density", what + "active scalars")


def test_double():
    for run, number in OUTPUTS:
        check(run, number, "double", 1e-12)


def test_float():
    for run, number in OUTPUTS:
        if run != "web3d":
            check(run, number, "float", 2e-6)


run_tests(globals())
