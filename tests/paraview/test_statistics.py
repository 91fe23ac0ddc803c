"""AMRStatistics: numbers, masses and centres of real outputs as EXPECT.json has them; masks, particles,
units, angular momentum of a turning body."""

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy

import pvr_check as check


def table_of(source, **properties):
    """Rows of the table, by their group: dictionaries by column."""
    proxy = simple.AMRStatistics(Input=source, **properties)
    proxy.UpdatePipeline()
    table = proxy.GetClientSideObject().GetOutputDataObject(0)
    check.equal(table.GetClassName(), "vtkTable", "kind")
    rows = {}
    for r in range(table.GetNumberOfRows()):
        row = {table.GetColumn(c).GetName(): table.GetColumn(c).GetValue(r)
               for c in range(table.GetNumberOfColumns())}
        rows[row["group"]] = row
    return rows


def test_meshes_of_real_outputs():
    for run, number in check.OUTPUTS:
        reader = check.reader_of(run, number, Precision=1)
        expected = check.expected(run, number)
        rows = table_of(reader)
        total = rows["total"]
        check.equal(total["cells"], expected["leaf_cells"], "cells of %s" % run)
        check.close(total["volume"], expected["volume"], 1e-13, "volume")
        check.close(total["mass"], expected["total_mass"], 1e-13, "mass")
        if "center_of_mass" in expected:
            for axis in range(expected["ndim"]):
                check.close(total["center_of_mass_" + "xyz"[axis]], expected["center_of_mass"][axis],
                            1e-12, "centre of mass")
        for level, count in expected["leaf_cells_per_level"].items():
            check.equal(rows["level " + level]["cells"], count, "cells of level " + level)
            check.equal(rows["level " + level]["level"], int(level), "number of the level")
        for name in ("density", "pressure"):
            wanted = expected["fields"].get(name)
            if wanted:
                check.close(total[name + "_min"], wanted["min"], 1e-13, name)
                check.close(total[name + "_max"], wanted["max"], 1e-13, name)
                check.close(total[name + "_mean"] * total["volume"], wanted["sum_field_volume"],
                            1e-12, name)
        masses = [row["mass"] for group, row in rows.items() if group != "total"]
        check.close(float(numpy.sum(masses)),
                    total["mass"], 1e-13, "masses of the levels")


def test_particles():
    reader = check.reader_of("web3d", 2, Precision=1)
    expected = check.expected("web3d", 2)["particles"]
    rows = table_of(simple.OutputPort(reader, "Particles"))
    check.equal(rows["total"]["particles"], expected["count"], "particles")
    check.equal(rows["dark_matter"]["particles"], expected["count"], "dark matter")
    check.close(rows["dark_matter"]["mass"], rows["total"]["mass"], 1e-14, "mass")
    points = reader.GetClientSideObject().GetOutputDataObject(1)
    places = vtk_to_numpy(points.GetPoints().GetData())
    mass = vtk_to_numpy(points.GetPointData().GetArray("mass"))
    centre = (places * mass[:, None]).sum(axis=0) / mass.sum()
    velocity = vtk_to_numpy(points.GetPointData().GetArray("velocity"))
    momentum = numpy.cross(places - centre, velocity * mass[:, None])
    for axis in range(3):
        name = "xyz"[axis]
        check.close(rows["total"]["center_of_mass_" + name], centre[axis], 1e-12, "centre")
        scale = abs(momentum[:, axis]).sum()
        got = rows["total"]["angular_momentum_" + name]
        assert abs(got - momentum[:, axis].sum()) < 1e-12 * scale, (got, momentum.sum(axis=0))
    families = table_of(simple.OutputPort(check.reader_of("legacy3d", 2), "Particles"))
    assert "star" in families and families["star"]["mass"] > 0, sorted(families)


def test_a_body_that_turns():
    reader = check.reader_of("sedov3d", 2, Precision=1, CellArrayStatus=["density"])
    # turning about the z axis through (0.1, 0.2) with 3 radians per unit of time
    turning = simple.ProgrammableFilter(
        Input=reader, OutputDataSetType="Same as Input")
    turning.Script = """
import numpy
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkHyperTreeGridNonOrientedGeometryCursor as Cursor
mesh = self.GetOutputDataObject(0)
mesh.ShallowCopy(self.GetInputDataObject(0, 0))
speed = numpy.zeros((mesh.GetNumberOfCells(), 3))
cursor, corner = Cursor(), [0.0] * 6
def visit():
    cursor.GetBounds(corner)
    x, y = (corner[0] + corner[1]) / 2, (corner[2] + corner[3]) / 2
    speed[cursor.GetGlobalNodeIndex()] = -3 * (y - 0.2), 3 * (x - 0.1), 0
    for child in range(0 if cursor.IsLeaf() else cursor.GetNumberOfChildren()):
        cursor.ToChild(child); visit(); cursor.ToParent()
for tree in range(mesh.GetMaxNumberOfTrees()):
    mesh.InitializeNonOrientedGeometryCursor(cursor, tree, False)
    visit()
array = numpy_to_vtk(speed, deep=True)
array.SetName("velocity")
mesh.GetCellData().AddArray(array)
"""
    mesh = check.mesh_of(reader)
    leaves = check.Leaves(mesh)
    mass = check.array_of(mesh, "density")[leaves.index] * leaves.volume
    about = table_of(turning, CenterType="Point", Center=[0.1, 0.2, 0.0])["total"]
    inertia = (mass * ((leaves.centre[:, 0] - 0.1) ** 2 + (leaves.centre[:, 1] - 0.2) ** 2)).sum()
    check.close(about["angular_momentum_z"], 3 * inertia, 1e-12, "angular momentum")
    centre = (mass[:, None] * leaves.centre).sum(axis=0) / mass.sum()
    inertia = (mass * ((leaves.centre - centre)[:, :2] ** 2).sum(axis=1)).sum()
    own = table_of(turning)["total"]
    check.close(own["angular_momentum_z"], 3 * inertia, 1e-12, "about the centre of mass")
    check.close(own["bulk_velocity_y"], 3 * (centre[0] - 0.1), 1e-12, "bulk velocity")


def test_masks_and_units():
    reader = check.reader_of("web3d", 2, Precision=1, FieldUnits=2, LengthUnit=2,
                             DerivedArrayStatus=["mass"])
    mesh = check.mesh_of(reader)
    leaves = check.Leaves(mesh)
    mass, density = (check.array_of(mesh, name)[leaves.index] for name in ("mass", "density"))
    proxy = simple.AMRStatistics(Input=reader)
    proxy.UpdatePipeline()
    table = proxy.GetClientSideObject().GetOutputDataObject(0)
    column = table.GetColumnByName("mass")
    check.close(column.GetValue(0), mass.sum(), 1e-12, "solar masses")
    check.equal(column.GetInformation().Get(column.UNITS_LABEL()), "Msol", "unit")
    middle = float(numpy.quantile(density, 0.9))
    part = simple.Threshold(Input=reader, Scalars=["CELLS", "density"])
    part.LowerThreshold, part.UpperThreshold = middle, 1e30
    rows = table_of(part)
    check.equal(rows["total"]["cells"], int((density >= middle).sum()), "dense cells")
    check.close(rows["total"]["mass"], mass[density >= middle].sum(), 1e-12, "their mass")


def test_what_is_refused():
    source = simple.HyperTreeGrid(BranchFactor=3)
    statistics = simple.AMRStatistics(Input=source)
    messages = check.Messages(statistics)
    statistics.UpdatePipeline()
    table = statistics.GetClientSideObject().GetOutputDataObject(0)
    check.equal(table.GetNumberOfColumns(), 0, "columns of a mesh that is no octree")
    check.equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
    assert "branch factor of 3" in messages.errors[0], messages.errors
    assert check.why_failed(table) in messages.errors[0], check.why_failed(table)
    source.BranchFactor = 2
    statistics.UpdatePipeline()
    table = statistics.GetClientSideObject().GetOutputDataObject(0)
    check.equal(table.GetColumnByName("cells").GetValue(0),
                source.GetClientSideObject().GetOutputDataObject(0).GetNumberOfLeaves(), "cells")
    check.equal(check.why_failed(table), None, "failure afterwards")


if __name__ == "__main__":
    check.run_tests(globals())
