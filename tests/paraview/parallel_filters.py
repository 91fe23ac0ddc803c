"""Any number of ranks (pvbatch --symmetric): what filters make of all ranks' cells is what they make
of one process's.

    parallel_filters.py PART... VERDICT

Parts are functions check_PART below.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDoubleArray
from vtkmodules.vtkParallelCore import vtkCommunicator
from parallel_common import SPLITS, check, controller, rank, ranks, read, reduced, run_parts
from pvr_check import info_file, mesh_of

FIELDS = ["density", "velocity", "pressure", "level"]
OPTIONS = dict(CellArrayStatus=FIELDS, Precision="double")


def alone(proxy):
    """Its output as one process makes it, without the other ranks."""
    algorithm = proxy.GetClientSideObject()
    algorithm.UpdatePiece(0, 1, 0)
    return algorithm.GetOutputDataObject(0)


def together(proxy):
    proxy.UpdatePipeline()
    return proxy.GetClientSideObject().GetOutputDataObject(0)


def both(make, run="sedov3d", number=3):
    """The results of one process and of all ranks, for each way to split."""
    source = simple.RAMSESReader(FileName=info_file(run, number), **OPTIONS)
    whole = make(source)
    right = alone(whole)
    for split in SPLITS:
        reader = read(run, number, RankSplit=split, **OPTIONS)
        filtered = make(reader)
        yield "by " + SPLITS[split], right, together(filtered), filtered
        simple.Delete(filtered)
        simple.Delete(reader)
    simple.Delete(whole)
    simple.Delete(source)


def arrays_of(data):
    return {data.GetArrayName(i): vtk_to_numpy(data.GetArray(i))
            for i in range(data.GetNumberOfArrays())
            if data.GetArray(i) and data.GetArray(i).GetNumberOfTuples()}


def compare(right, got, tolerance, what, scales={}):
    check(sorted(right) == sorted(got), "%s: arrays %r, not %r" % (what, sorted(got), sorted(right)))
    for name in sorted(set(right) & set(got)):
        a, b = right[name].astype(float), got[name].astype(float)
        if a.shape != b.shape:
            check(False, "%s %s: %r values, not %r" % (what, name, b.shape, a.shape))
            continue
        check((numpy.isnan(a) == numpy.isnan(b)).all(), "%s %s: other holes" % (what, name))
        scale = scales.get(name) or (max(numpy.nanmax(numpy.abs(a)), 1e-300) if a.size else 1)
        if name.startswith("angular_momentum"):  # what is added up nearly cancels
            scale = right["mass"].max() * right["velocity_x_max"].max()
        worst = numpy.nanmax(numpy.abs(a - b)) / scale if a.size else 0
        check(worst <= tolerance, "%s %s: off by %.3g" % (what, name, worst))


def check_statistics():
    for what, right, got, proxy in both(lambda reader: simple.AMRStatistics(Input=reader)):
        if rank > 0:
            check(got.GetNumberOfRows() == 0, "rows on rank %d" % rank)
            continue
        compare(arrays_of(right.GetRowData()), arrays_of(got.GetRowData()), 1e-12,
                "statistics " + what)
        proxy.UpdatePropertyInformation()
        report = str(proxy.ThreadReport)
        check(ranks == 1 or "all ranks: slowest" in report, "no report of all ranks: " + report)


def check_particles():
    """By family."""
    source = simple.RAMSESReader(FileName=info_file("web3d", 2), **OPTIONS)
    whole = simple.AMRStatistics(Input=simple.OutputPort(source, "Particles"))
    right = alone(whole)
    reader = read("web3d", 2, **OPTIONS)
    got = together(simple.AMRStatistics(Input=simple.OutputPort(reader, "Particles")))
    if rank == 0:
        compare(arrays_of(right.GetRowData()), arrays_of(got.GetRowData()), 1e-12, "particles")


def places_in(part, whole, of_cells):
    """Numbers in all of an image of the cells or points of a part of it, and which are its own."""
    grid = []
    for axis in range(3):
        (low, high), (first, last) = (image.GetExtent()[2 * axis:2 * axis + 2]
                                      for image in (part, whole))
        flat = first == last or not of_cells
        grid.append((numpy.arange(low, high + flat) - first, last - first + flat))
    (x, nx), (y, ny), (z, _) = grid
    numbers = (x[None, None, :] + nx * (y[None, :, None] + ny * z[:, None, None])).ravel()
    data = part.GetCellData() if of_cells else part.GetPointData()
    ghosts = data.GetArray("vtkGhostType")
    own = vtk_to_numpy(ghosts) & 1 == 0 if ghosts else numpy.ones(len(numbers), dtype=bool)
    return numbers, own


def compare_part(right, got, tolerance, what):
    """What the ranks have of an image is, together, that of one process: each cell on one rank."""
    of_cells = right.GetCellData().GetNumberOfArrays() > 0
    parts = right.GetCellData() if of_cells else right.GetPointData()
    seen = numpy.zeros(right.GetNumberOfCells() if of_cells else right.GetNumberOfPoints())
    if got.GetNumberOfPoints():
        check(numpy.allclose(got.GetOrigin() + got.GetSpacing(),
                             right.GetOrigin() + right.GetSpacing(), rtol=1e-12, atol=1e-12),
              "%s: elsewhere" % what)
        numbers, own = places_in(got, right, of_cells)
        seen[numbers[own]] += 1
        here = arrays_of(got.GetCellData() if of_cells else got.GetPointData())
        here.pop("vtkGhostType", None)
        all_of_it = arrays_of(parts)
        compare({name: values[numbers] for name, values in all_of_it.items()}, here, tolerance,
                what, {name: numpy.nanmax(numpy.abs(values)) for name, values in all_of_it.items()})
    counts, all_ = vtkDoubleArray(), vtkDoubleArray()
    for value in seen:
        counts.InsertNextValue(value)
    all_.SetNumberOfValues(len(seen))
    controller.AllReduce(counts, all_, vtkCommunicator.SUM_OP)
    seen = vtk_to_numpy(all_)
    # (neighbours share a row of points)
    check(seen.min() == 1 and seen.max() <= (1 if of_cells else 2), "%s: %d to %d times" %
          (what, seen.min(), seen.max()))


def maps(**properties):
    def make(reader):
        view = simple.AMRProjection(Input=reader)
        view.Arrays = ["density", "velocity"]
        for name, value in properties.items():
            setattr(view, name, value)
        return view
    return make


def check_maps():
    for properties in (dict(Mode="surface density", Direction="z", Resolution=100),
                       dict(Mode="mean", Direction="custom", LineOfSight=[1, 2, 3], Resolution=64),
                       dict(Mode="dispersion", Direction="x", Resolution=64),
                       dict(Mode="max", Direction="y", Resolution=64),
                       dict(Mode="mean", Direction="face-on", Resolution=64, SpinRadius=0.2)):
        run = "web3d" if properties["Direction"] == "face-on" else "sedov3d"  # that turns
        for what, right, got, _ in both(maps(**properties), run):
            # (the line of sight is a sum over all ranks' cells)
            compare_part(right, got, 1e-12 if run == "web3d" else 1e-13,
                         "map %r %s" % (properties, what))


def check_inputs():
    """Maps of what is no mesh: images with values in points or cells, leaf cells, particles."""
    def read_run():
        return simple.RAMSESReader(FileName=info_file("web3d", 2), CellArrayStatus=["density"],
                                   Precision="double")

    def wavelet():
        return simple.Wavelet(WholeExtent=[-10, 10, -8, 8, -6, 7])

    for what, make, properties in (
            ("points of an image", wavelet, dict(Mode="sum", Direction="custom")),
            ("points of an image along z", wavelet, dict(Mode="sum", Direction="z")),
            ("cells of an image", lambda: simple.PointDatatoCellData(Input=wavelet()),
             dict(Mode="sum", Direction="custom")),
            ("leaf cells", lambda: simple.AMRLeafCells(Input=read_run()), dict()),
            ("leaf cells and ghosts", lambda: simple.GhostCellsGenerator(
                Input=simple.AMRLeafCells(Input=read_run())), dict()),
            ("particles", lambda: simple.OutputPort(read_run(), "Particles"), dict()),
            ("particles as balls", lambda: simple.OutputPort(read_run(), "Particles"),
             dict(Kernel="cubic spline"))):
        got, right = (simple.AMRProjection(Input=make(), Resolution=32, Weighting="volume",
                                           **properties) for _ in range(2))
        compare_part(alone(right), together(got), 1e-12, what)
        simple.Delete(got)
        simple.Delete(right)


def check_on_first():
    """All of an image on rank 0, where that is asked for."""
    for make in (maps(Resolution=100, RankLayout="Whole on the First"),
                 grids(Level=5, RankLayout="Whole on the First")):
        for what, right, got, _ in both(make):
            if rank > 0:
                check(got.GetNumberOfPoints() == 0, "an image on rank %d" % rank)
                continue
            check(right.GetExtent() == got.GetExtent(), "extent %r" % (got.GetExtent(),))
            for data in ("GetCellData", "GetPointData"):
                compare(arrays_of(getattr(right, data)()), arrays_of(getattr(got, data)()), 1e-13,
                        "on the first rank " + what)


def grids(**properties):
    def make(reader):
        grid = simple.AMRCoveringGrid(Input=reader)
        grid.CellArrays = ["density", "velocity", "level"]
        for name, value in properties.items():
            setattr(grid, name, value)
        return grid
    return make


def check_grids():
    for properties in (dict(), dict(Level=3), dict(Level=5, Weighting="Mass"),
                       dict(Resolution="Dimensions", SamplingDimensions=[13, 22, 17]),
                       dict(Sampling="Nearest", Level=5, OutputAs="Cell Data"),
                       dict(Level=2, OutputAs="Cell Data")):
        for what, right, got, _ in both(grids(**properties)):
            compare_part(right, got, 1e-13, "grid %r %s" % (properties, what))


def check_leaves():
    """Leaf cells with ghosts of ParaView's: points and what cell data to point data makes of them."""
    source = simple.RAMSESReader(FileName=info_file("sedov3d", 3), **OPTIONS)
    cells = simple.AMRLeafCells(Input=source)
    whole = simple.CellDatatoPointData(Input=cells)
    right = alone(whole)
    right_cells = cells.GetClientSideObject().GetOutputDataObject(0)
    table = {}
    values = vtk_to_numpy(right.GetPointData().GetArray("density"))
    for i, at in enumerate(vtk_to_numpy(right.GetPoints().GetData())):
        table[at.tobytes()] = values[i]
    for split in SPLITS:
        reader = read("sedov3d", 3, RankSplit=split, **OPTIONS)
        leaves = simple.AMRLeafCells(Input=reader)
        count = together(leaves).GetNumberOfCells()
        check(reduced(count) == right_cells.GetNumberOfCells(), "%d leaves" % reduced(count))
        newer = hasattr(simple, "GhostCells")  # from 5.12 on
        ghosts = (simple.GhostCells if newer else simple.GhostCellsGenerator)(Input=leaves)
        ghosts.BuildIfRequired = 0
        setattr(ghosts, "NumberOfGhostLayers" if newer else "MinimumNumberOfGhosts", 1)
        points = simple.CellDatatoPointData(Input=ghosts)
        mesh = together(points)
        own = numpy.ones(mesh.GetNumberOfPoints(), dtype=bool)
        flags = mesh.GetPointData().GetArray("vtkGhostType")
        if flags:
            own = vtk_to_numpy(flags) == 0
        check(reduced(own.sum()) == right.GetNumberOfPoints(),
              "%d points of all ranks, %d of one" % (reduced(own.sum()), right.GetNumberOfPoints()))
        worst, strange = 0.0, 0
        if mesh.GetNumberOfPoints():
            density = vtk_to_numpy(mesh.GetPointData().GetArray("density"))
            where = vtk_to_numpy(mesh.GetPoints().GetData())
            for i in numpy.flatnonzero(own):
                wanted = table.get(where[i].tobytes())
                if wanted is None:
                    strange += 1
                else:
                    worst = max(worst, abs(density[i] - wanted) / abs(wanted))
        check(strange == 0, "%d points that one process has not" % strange)
        check(worst < 1e-12, "density at points off by %g (%s)" % (worst, SPLITS[split]))
        for proxy in (points, ghosts, leaves, reader):
            simple.Delete(proxy)


if __name__ == "__main__":
    run_parts(globals())
