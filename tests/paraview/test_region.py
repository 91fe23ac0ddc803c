"""Regions in ParaView: cropped bounds, masked cells, the same values as in the whole mesh."""

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkHyperTreeGridNonOrientedGeometryCursor

from pvr_check import (Copy, Messages, array_of, close, equal, expected, fact, info_file, mesh_of, reader_of,
                       run_tests)


class Shown:
    """The leaves that are not masked: index, lower and upper corner."""

    def __init__(self, mesh):
        index, low, high = [], [], []
        cursor = vtkHyperTreeGridNonOrientedGeometryCursor()
        corner = [0.0] * 6

        def visit():
            if cursor.IsMasked():
                return
            if cursor.IsLeaf():
                cursor.GetBounds(corner)
                index.append(cursor.GetGlobalNodeIndex())
                low.append(corner[0::2])
                high.append(corner[1::2])
                return
            for child in range(cursor.GetNumberOfChildren()):
                cursor.ToChild(child)
                visit()
                cursor.ToParent()

        for tree in range(mesh.GetMaxNumberOfTrees()):
            if mesh.GetTree(tree):
                mesh.InitializeNonOrientedGeometryCursor(cursor, tree, False)
                visit()
        self.index = numpy.array(index, dtype=int)
        self.low, self.high = numpy.array(low).reshape(-1, 3), numpy.array(high).reshape(-1, 3)
        self.centre = 0.5 * (self.low + self.high)
        self.volume = numpy.prod(self.high - self.low, axis=1)


def overlapping(leaves, centre, radius, box):
    """Which leaves a ball overlaps, in the periodic box."""
    square = numpy.zeros(len(leaves.index))
    for axis in range(3):
        best = numpy.full(len(leaves.index), numpy.inf)
        for image in (-box, 0.0, box):
            c = centre[axis] + image
            away = numpy.maximum(0, numpy.maximum(leaves.low[:, axis] - c, c - leaves.high[:, axis]))
            best = numpy.minimum(best, away)
        square += best**2
    return square < radius**2


def test_a_sphere():
    whole = mesh_of(reader_of("sedov3d", 3, Precision="double"))
    box = whole.GetBounds()[1]
    centre, radius = [0.45 * box, 0.4 * box, 0.52 * box], 0.17 * box
    reader = reader_of("sedov3d", 3, Precision="double", RegionType="sphere", RegionCenter=centre,
                       RegionRadius=radius)
    part = mesh_of(reader)
    all_leaves, leaves = Shown(whole), Shown(part)
    wanted = overlapping(all_leaves, centre, radius, box)
    equal(len(leaves.index), int(wanted.sum()), "leaves of the sphere")
    # the same cells, in the same place, with the same values: told by their centres
    def table(mesh, shown, chosen):
        values = array_of(mesh, "pressure")[shown.index]
        rows = numpy.column_stack([numpy.round(shown.centre / box, 9), values])[chosen]
        return rows[numpy.lexsort(rows.T[2::-1])]
    assert numpy.array_equal(table(part, leaves, slice(None)), table(whole, all_leaves, wanted)), \
        "cells of the sphere are not those of the whole"
    # bounds: the sphere's, to one tree
    tree = [(b - a) / (n - 1) for a, b, n in zip(part.GetBounds()[0::2], part.GetBounds()[1::2],
                                                part.GetDimensions())]
    for axis in range(3):
        low, high = part.GetBounds()[2 * axis:2 * axis + 2]
        assert centre[axis] - radius - tree[axis] < low <= centre[axis] - radius, (axis, low)
        assert centre[axis] + radius <= high < centre[axis] + radius + tree[axis], (axis, high)


def test_ranges_are_of_the_region():
    reader = reader_of("sedov3d", 3, Precision="double", RegionType="sphere",
                       RegionCenter=[0.125] * 3, RegionRadius=0.05)
    part = mesh_of(reader)
    low, high = reader.GetDataInformation().GetCellDataInformation().GetArrayInformation(
        "density").GetComponentRange(0)
    values = array_of(part, "density")
    assert numpy.isnan(values).any(), "nothing is NaN"
    shown = array_of(part, "density")[Shown(part).index]
    assert not numpy.isnan(shown).any(), "a cell that is shown is NaN"
    equal((low, high), (numpy.nanmin(values), numpy.nanmax(values)), "range without what is outside")


def test_across_a_border():
    whole = Shown(mesh_of(reader_of("web3d", 2)))
    reader = reader_of("web3d", 2, RegionType="sphere", RegionCenter=[0.02, 0.98, 0.5],
                       RegionRadius=0.1)
    part = mesh_of(reader)
    bounds = part.GetBounds()
    assert bounds[0] < 0 and bounds[1] < 0.2 and bounds[2] > 0.8 and bounds[3] > 1, bounds
    equal(len(Shown(part).index), int(overlapping(whole, [0.02, 0.98, 0.5], 0.1, 1.0).sum()), "leaves")
    points = simple.OutputPort(reader, "Particles")
    simple.UpdatePipeline(proxy=points)
    where = vtk_to_numpy(reader.GetClientSideObject().GetOutputDataObject(1).GetPoints().GetData())
    distance = numpy.linalg.norm(where - numpy.array([0.02, 0.98, 0.5]), axis=1)
    assert len(where) > 10 and distance.max() <= 0.1 * (1 + 1e-12), (len(where), distance.max())


def test_units_and_shapes():
    reader = reader_of("web3d", 3, RegionType="box", RegionCenter=[0.5] * 3, RegionSize=[0.2, 0.3, 0.1])
    leaves = len(Shown(mesh_of(reader)).index)
    kpc = mesh_of(reader_of("web3d", 3, LengthUnit="kpc")).GetBounds()[1]
    other = reader_of("web3d", 3, LengthUnit="kpc", RegionType="box", RegionCenter=[0.5 * kpc] * 3,
                      RegionSize=[0.2 * kpc, 0.3 * kpc, 0.1 * kpc])
    equal(len(Shown(mesh_of(other)).index), leaves, "the same box in kpc")
    reader.RegionCells = "centre"
    reader.UpdatePipeline()
    shown = Shown(mesh_of(reader))
    assert len(shown.index) < leaves, "no cell less by centre"
    assert (numpy.abs(shown.centre - 0.5) <= numpy.array([0.1, 0.15, 0.05])).all(), "a centre outside"
    reader.RegionType = "cylinder"
    reader.RegionRadius, reader.RegionHeight = 0.2, 0.1
    reader.UpdatePipeline()
    shown = Shown(mesh_of(reader))
    close(shown.volume.sum(), numpy.pi * 0.04 * 0.1, 0.1, "volume of the cylinder")
    reader.RegionType = "none"
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 3)["leaf_cells"], "leaves of all")
    assert not mesh_of(reader).HasMask(), "a mask without a region"


def test_boxes_as_the_widget_keeps_them():
    box = {"RegionType": "box", "RegionCenter": [0.4, 0.45, 0.5], "RegionSize": [0.2, 0.3, 0.1]}
    leaves = len(Shown(mesh_of(reader_of("web3d", 3, **box))).index)
    corner = reader_of("web3d", 3, RegionUseReferenceBounds=0, RegionType="box",
                       RegionCenter=[0.3, 0.3, 0.45], RegionSize=[0.2, 0.3, 0.1])
    equal(len(Shown(mesh_of(corner)).index), leaves, "from its corner")
    twice = reader_of("web3d", 3, RegionReferenceBounds=[-1, 1, -1, 1, 0, 2], RegionType="box",
                      RegionCenter=[0.4, 0.45, 0.45], RegionSize=[0.1, 0.15, 0.05])
    equal(len(Shown(mesh_of(twice)).index), leaves, "from twice as large bounds")


def test_defaults_fit_the_box():
    for run in "web3d", "sedov3d":  # a box of side 1, as most are, and another
        reader = simple.RAMSESReader(FileName=info_file(run, 3))
        reader.UpdatePipeline()
        box = mesh_of(reader).GetBounds()[1]
        for got, wanted in zip(reader.RegionCenter, [box / 2] * 3):
            close(got, wanted, 1e-12, "default centre of " + run)
        for got, wanted in zip(reader.RegionSize, [box / 2] * 3):
            close(got, wanted, 1e-12, "default size of " + run)
        close(reader.RegionRadius, box / 4, 1e-12, "default radius of " + run)
        close(reader.RegionHeight, box / 2, 1e-12, "default height of " + run)
    later = simple.RAMSESReader(RegionType="sphere", RegionRadius=0.1)
    later.FileName = info_file("sedov3d", 3)
    later.UpdatePipeline()
    equal(len(Shown(mesh_of(later)).index),
          len(Shown(mesh_of(reader_of("sedov3d", 3, RegionType="sphere", RegionRadius=0.1))).index),
          "a file that is named later")


def numbers_of(reader):
    return [*reader.RegionCenter, *reader.RegionSize, reader.RegionRadius, reader.RegionHeight]


def test_numbers_that_look_like_defaults():
    # ParaView leaves out numbers that are those of the XML
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3), RegionType="box",
                                 RegionCenter=[0.5] * 3, RegionSize=[0.5] * 3, RegionRadius=0.25,
                                 RegionHeight=0.5)
    equal(numbers_of(reader), [0.5] * 6 + [0.25, 0.5], "as they were given")


def test_numbers_that_nobody_gave_follow_the_unit():
    kpc = 5717.7
    for told in True, False:  # the unit was changed before the first Apply, or later
        reader = simple.RAMSESReader(FileName=info_file("web3d", 3))
        if told:
            reader.UpdatePipeline()
        reader.LengthUnit = "kpc"
        reader.UpdatePipeline()
        time = mesh_of(reader).GetMTime()
        for got, share in zip(numbers_of(reader), [0.5] * 6 + [0.25, 0.5]):
            close(got, share * kpc, 1e-4, "a number that nobody gave")
        reader.UpdatePipeline()
        equal(mesh_of(reader).GetMTime(), time, "made once")
    reader.RegionRadius = 0.7  # what is given is in the unit that is given with it
    reader.LengthUnit = "Mpc"
    reader.UpdatePipeline()
    equal(reader.RegionRadius, 0.7, "a number that was given")
    reader = reader_of("web3d", 3, RegionType="sphere")
    reader.LengthUnit = "kpc"
    reader.UpdatePipeline()
    equal(numbers_of(reader), [0.5] * 6 + [0.25, 0.5], "of a region that is shown")


def test_nothing_there():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3))
    messages = Messages(reader)
    reader.RegionType = "sphere"
    reader.RegionCenter = [7, 7, 7]
    reader.RegionRadius = 0.1
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), 0, "leaves")
    equal(messages.errors, [], "errors")
    equal(len(messages.warnings), 1, "warnings")
    assert "the box of this output reaches from (0, 0, 0) to (0.5, 0.5, 0.5)" in messages.warnings[0], \
        messages.warnings
    equal(fact(mesh_of(reader), "output_number"), 3, "field data")


def test_wrong_region():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3))
    messages = Messages(reader)
    reader.RegionType = "cylinder"
    reader.RegionAxis = [0, 0, 0]
    reader.UpdatePipeline()
    equal(len(messages.errors), 1, "errors")
    assert "direction" in messages.errors[0], messages.errors


def test_less_is_read():
    def bytes_of(root, **properties):
        return fact(mesh_of(reader_of("web3d", 2, root, CellArrayStatus=["density"], **properties)),
                    "bytes_read")
    with Copy("web3d") as folder:  # which no cache knows
        small = bytes_of(folder, RegionType="sphere", RegionCenter=[0.1] * 3, RegionRadius=0.02)
        whole = bytes_of(folder)
    assert small < 0.6 * whole, (small, whole)


def test_derived_centre_stays_that_of_the_box():
    properties = dict(Precision="double", DerivedArrayStatus=["radius"])
    box = mesh_of(reader_of("sedov3d", 3)).GetBounds()[1]
    part = mesh_of(reader_of("sedov3d", 3, RegionType="box", RegionCenter=[0.2 * box] * 3,
                             RegionSize=[0.1 * box] * 3, **properties))
    shown = Shown(part)
    radius = numpy.linalg.norm(shown.centre - 0.5 * box, axis=1)
    assert numpy.allclose(array_of(part, "radius")[shown.index], radius, rtol=1e-12)


def test_slices_show_the_region_alone():
    reader = reader_of("sedov3d", 3, RegionType="sphere", RegionCenter=[0.25] * 3, RegionRadius=0.1)
    cut = simple.Slice(Input=reader)
    cut.SliceType.Origin, cut.SliceType.Normal = [0.2501] * 3, [0, 0, 1]
    cut.UpdatePipeline()
    bounds = cut.GetDataInformation().GetBounds()
    assert bounds[0] > 0.1 and bounds[1] < 0.4, bounds
    values = cut.GetDataInformation().GetCellDataInformation().GetArrayInformation("density")
    assert numpy.isfinite(values.GetComponentRange(0)).all(), "NaN in a slice"


run_tests(globals())
