"""Any number of ranks (pvbatch --symmetric): what they read together is what one process reads.

    parallel_ranks.py PART... VERDICT

Parts are functions check_PART below.
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersHyperTree import vtkHyperTreeGridContour
from vtkmodules.vtkFiltersParallel import vtkHyperTreeGridGhostCellsGenerator
from parallel_common import (DOMAINS, SPLITS, TREES, check, controller, rank, ranks, read, reduced,
                             run_parts, same_everywhere, shared_copy, share_text, visible)
from pvr_check import DATA, Messages, array_of, expected, fact, info_file, mesh_of


def total_of(mesh, name):
    leaves, own = visible(mesh)
    if not own.any():
        return 0.0
    values = array_of(mesh, name)[leaves.index[own]].astype(float)
    check(not numpy.isnan(values).any(), "own leaves without %s" % name)
    return float((values * leaves.volume[own]).sum())


def check_output(run, number, split):
    what = "%s %d by %s: " % (run, number, SPLITS[split])
    wanted = expected(run, number)
    reader = read(run, number, RankSplit=split, CellArrayStatus=["density", "pressure"],
                  Precision="double")
    mesh = mesh_of(reader)
    _, own = visible(mesh)
    check(reduced(own.sum()) == wanted["leaf_cells"],
          what + "%d leaves on all ranks" % reduced(own.sum()))
    pressure = "pressure" if "pressure" in wanted["fields"] else "thermal_pressure"
    for name, theirs in (("density", "density"), ("pressure", pressure)):
        got, right = reduced(total_of(mesh, name)), wanted["fields"][theirs]["sum_field_volume"]
        check(abs(got - right) <= 1e-12 * abs(right), what + "%s %r, not %r" % (name, got, right))
    for axis, size in enumerate(mesh.GetDimensions()):
        same_everywhere(size, what + "dimension %d" % axis)
    same_everywhere(fact(mesh, "root_level"), what + "root level")
    simple.Delete(reader)


def check_sums():
    for split in SPLITS:
        for output in (("sedov3d", 3), ("sedov2d", 3), ("sedov1d", 2), ("legacy3d", 2)):
            check_output(*output, split)


def check_particles():
    wanted = expected("web3d", 2)["particles"]
    for split in SPLITS:
        reader = read("web3d", 2, RankSplit=split)
        simple.OutputPort(reader, "Particles").UpdatePipeline()
        points = reader.GetClientSideObject().GetOutputDataObject(1)
        count = points.GetNumberOfPoints()
        check(reduced(count) == wanted["count"], "%d particles" % reduced(count))
        mass = points.GetPointData().GetArray("mass")
        here = float(vtk_to_numpy(mass).astype(float).sum()) if count else 0.0
        right = wanted["columns"]["mass"]["sum"]
        check(abs(reduced(here) - right) < 1e-6 * right, "their mass %r" % reduced(here))
        # counts by family are those of all ranks
        counts = points.GetFieldData().GetArray("family_count")
        counted = sum(counts.GetValue(i) for i in range(counts.GetNumberOfTuples()))
        check(counted == wanted["count"], "%d particles in families" % counted)
        simple.Delete(reader)


def contour_cells(mesh):
    contour = vtkHyperTreeGridContour()
    contour.SetInputData(mesh)
    contour.SetInputArrayToProcess(0, 0, 0, 1, "density")
    contour.SetValue(0, 1.5)
    contour.Update()
    return contour.GetOutput().GetNumberOfCells()


def check_mera():
    """A Mera file: its cells and particles once on all ranks, with the values of one process."""
    path = os.path.join(DATA, "mera", "mera190_multi_00002.jld2")
    alone = simple.MeraReader(FileName=path, CellArrayStatus=["density", "velocity", "level"],
                              Precision="double")
    algorithm = alone.GetClientSideObject()
    algorithm.UpdatePiece(0, 1, 0)  # each rank reads all
    whole = mesh_of(alone)
    leaves, own = visible(whole)
    values = dict(zip(map(bytes, leaves.centre[own]), array_of(whole, "density")[leaves.index[own]]))
    for properties in (dict(), dict(MaxLevel=5),
                       dict(RegionType="sphere", RegionCenter=[0.45, 0.5, 0.5], RegionRadius=0.2)):
        wanted = simple.MeraReader(FileName=path, CellArrayStatus=["density"], **properties)
        wanted.GetClientSideObject().UpdatePiece(0, 1, 0)
        count = visible(mesh_of(wanted))[1].sum()
        reader = simple.MeraReader(FileName=path, CellArrayStatus=["density", "velocity", "level"],
                                   Precision="double", **properties)
        reader.UpdatePipeline()
        mesh = mesh_of(reader)
        leaves, own = visible(mesh)
        check(reduced(own.sum()) == count, "%d leaves of a Mera file, not %d, with %r" %
              (reduced(own.sum()), count, properties))
        for axis, size in enumerate(mesh.GetDimensions()):
            same_everywhere(size, "a Mera file's dimension %d" % axis)
        same_everywhere(fact(mesh, "root_level"), "a Mera file's root level")
        if own.any() and not properties.get("MaxLevel"):
            found = array_of(mesh, "density")[leaves.index[own]]
            wrong = sum(values.get(bytes(at)) != value
                        for at, value in zip(leaves.centre[own], found))
            check(wrong == 0, "%d other densities" % wrong)
        simple.Delete(reader)
        simple.Delete(wanted)
    reader = simple.MeraReader(FileName=path)
    simple.OutputPort(reader, "Particles").UpdatePipeline()
    points = reader.GetClientSideObject().GetOutputDataObject(1)
    counts = points.GetFieldData().GetArray("family_count")
    total = fact(points, "particles_in_files") if counts else 0
    check(reduced(points.GetNumberOfPoints()) == total,
          "%d particles, not %d" % (reduced(points.GetNumberOfPoints()), total))
    simple.Delete(reader)
    simple.Delete(alone)


def check_contour():
    """After the Ghost Cells filter a contour by trees is that of one process."""
    alone = simple.RAMSESReader(FileName=info_file("sedov3d", 3), CellArrayStatus=["density"])
    algorithm = alone.GetClientSideObject()
    algorithm.UpdatePiece(0, 1, 0)  # each rank reads all
    whole = contour_cells(mesh_of(alone))
    check(whole > 0, "no contour")
    reader = read("sedov3d", 3, RankSplit=TREES, CellArrayStatus=["density"])
    ghosts = vtkHyperTreeGridGhostCellsGenerator()
    ghosts.SetInputData(mesh_of(reader))
    ghosts.UpdatePiece(rank, ranks, 1)
    parts = reduced(contour_cells(ghosts.GetOutputDataObject(0)))
    check(parts == whole, "contour of %d cells on %d ranks, %d on one" % (parts, ranks, whole))
    simple.Delete(reader)
    simple.Delete(alone)


def check_mean_velocity():
    """Subtracting the mean velocity takes that of all ranks."""
    options = dict(CellArrayStatus=["density", "velocity"], DerivedArrayStatus=["kinetic_energy"],
                   BulkVelocity=1, Precision="double")
    names = ["kinetic_energy"]
    alone = simple.RAMSESReader(FileName=info_file("web3d", 2), **options)
    alone.GetClientSideObject().UpdatePiece(0, 1, 0)
    mesh = mesh_of(alone)
    leaves, own = visible(mesh)
    right = [float(array_of(mesh, name)[leaves.index[own]].sum()) for name in names]
    reader = read("web3d", 2, **options)
    mesh = mesh_of(reader)
    leaves, own = visible(mesh)
    for name, wanted in zip(names, right):
        here = float(array_of(mesh, name)[leaves.index[own]].sum()) if own.any() else 0.0
        check(abs(reduced(here) - wanted) <= 1e-10 * abs(wanted), "%s %r, %r on one rank" %
              (name, reduced(here), wanted))
    simple.Delete(reader)
    simple.Delete(alone)


def check_time():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 2))
    for step, number in ((1, 3), (0, 2), (1, 3)):
        reader.UpdatePipeline(reader.TimestepValues[step])
        mesh = mesh_of(reader)
        check(fact(mesh, "output_number") == number, "output %d" % fact(mesh, "output_number"))
        _, own = visible(mesh)
        check(reduced(own.sum()) == expected("sedov3d", number)["leaf_cells"], "leaves in time")
    simple.Delete(reader)


def check_lists():
    """Sinks and clumps are there once; a list that cannot be read is told of by all ranks."""
    with shared_copy("sedov3d") as folder:
        output = os.path.join(folder, "sedov3d", "output_00003")
        sinks = os.path.join(output, "sink_00003.csv")
        if rank == 0:
            with open(sinks, "w") as file:
                file.write(" # id,msink,x,y,z\n # 1,m,l,l,l\n 1,0.5,0.1,0.2,0.3\n 2,0.25,0.4,0.2,0.1\n")
            for domain in range(1, 5):
                with open(os.path.join(output, "clump_00003.txt%05d" % domain), "w") as file:
                    file.write("index peak_x peak_y peak_z mass_cl\n%d 0.1 0.2 0.%d 1.5\n" % (domain, domain))
        controller.Barrier()
        for split in (TREES, DOMAINS):
            reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3, folder), RankSplit=split)
            for port, count, mass in ((2, 2, 0.75), (3, 4, 6.0)):
                simple.OutputPort(reader, port).UpdatePipeline()
                points = reader.GetClientSideObject().GetOutputDataObject(port)
                here = points.GetNumberOfPoints()
                check(reduced(here) == count, "%d points of port %d" % (reduced(here), port))
                masses = vtk_to_numpy(points.GetPointData().GetArray("mass")).sum() if here else 0.0
                check(reduced(masses) == mass, "their mass %r" % reduced(masses))
            simple.Delete(reader)
        controller.Barrier()
        if rank == 0:
            with open(sinks, "a") as file:
                file.write(" 3,none\n")
        controller.Barrier()
        reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3, folder))
        messages = Messages(reader)
        simple.OutputPort(reader, 2).UpdatePipeline()
        check(len(messages.errors) == 1 and "sink_00003.csv: line 5" in messages.errors[0],
              "a broken list: %r" % messages.errors)
        simple.Delete(reader)
        controller.Barrier()


def damage(path, how):
    """What rank 0 does to a file."""
    if how == "is not there":
        os.remove(path)
    elif how == "is cut":
        os.truncate(path, os.path.getsize(path) // 2)
    elif how == "is a folder":
        os.remove(path)
        os.mkdir(path)
    elif how == "is garbage":
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 3)
            file.write(b"\x5a" * (os.path.getsize(path) // 3))


def check_spoilt(folder, split, name, how, port):
    """All ranks tell of the file once, and have nothing of its port."""
    path = os.path.join(folder, "web3d", "output_00002", name)
    if rank == 0:
        shutil.copy(path, folder)
        damage(path, how)
    controller.Barrier()
    reader = simple.RAMSESReader(FileName=info_file("web3d", 2, folder), RankSplit=split)
    messages = Messages(reader)
    simple.OutputPort(reader, port).UpdatePipeline()
    what = "%s %s, by %s: " % (name, how, SPLITS[split])
    check(len(messages.errors) == 1 and
          (name in messages.errors[0] or "not finished" in messages.errors[0]),
          what + "%r" % messages.errors)
    data = reader.GetClientSideObject().GetOutputDataObject(port)
    check(data.GetNumberOfElements(0 if port else 1) == 0, what + "there is something")
    text = messages.errors[0].split("): ", 1)[-1] if messages.errors else ""
    check(text == share_text(text), what + "not the same on all ranks")
    simple.Delete(reader)
    controller.Barrier()
    if rank == 0:
        if os.path.isdir(path):
            os.rmdir(path)
        shutil.move(os.path.join(folder, name), path)
    controller.Barrier()


def check_bad_files():
    """Files that one rank alone needs, or that tell of all, are spoilt in many ways."""
    with shared_copy("web3d") as folder:
        for split in (TREES, DOMAINS):
            for how, domains in (("is not there", (1, 2, 4)), ("is cut", (2, 4)), ("is a folder", (4,)),
                                 ("is garbage", (2,))):
                for domain in domains:
                    for kind, port in (("amr", 0), ("hydro", 0), ("part", 1)):
                        check_spoilt(folder, split, "%s_00002.out%05d" % (kind, domain), how, port)
                check_spoilt(folder, split, "info_00002.txt", how, 0)


run_parts(globals())
