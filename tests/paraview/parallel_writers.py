"""Two ranks (pvbatch --symmetric): pieces and lists of pieces, written by Save Data and extractors.

Rank 0 writes "parallel: ok" into the file named by the first argument; the test looks for that.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from paraview import simple
from parallel_common import controller, rank, reduced, verdict
from pvr_check import expected, info_file, mesh_of

folder = verdict + ".files"
problems = []
if rank == 0:
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
controller.Barrier()


def check(right, what):
    if rank == 0 and not right:
        problems.append(what)


def save(name, proxy, listed):
    simple.SaveData(os.path.join(folder, name), proxy=proxy)
    controller.Barrier()
    read = simple.OpenDataFile(os.path.join(folder, listed))
    read.UpdatePipeline()
    steps = list(getattr(proxy, "TimestepValues", []))[:1]
    check(steps == [] or listed.endswith(".phtg") or list(read.TimestepValues) == steps,
          "time of " + listed)
    a, b = read.GetDataInformation(), proxy.GetDataInformation()
    return a, b


reader = simple.RAMSESReader(FileName=info_file("web3d", 2))
simple.GetAnimationScene().UpdateAnimationUsingDataTimeSteps()
reader.UpdatePipeline(reader.TimestepValues[0])
extractor = simple.CreateExtractor("AMRExportVTU", reader, registrationName="cells")
extractor.Writer.FileName = "step_{timestep}.vtu"
# Without FrameWindow ParaView 5.11 takes the first step alone with --symmetric.
simple.SaveExtracts(ExtractsOutputDirectory=folder, FrameWindow=[0, 1])
controller.Barrier()
extractor.Writer.UpdatePropertyInformation()
report = str(extractor.Writer.ThreadReport)
check("all ranks: slowest" in report and "MB written, mean" in report and
      "this rank (%d): " % rank in report, "report of a writer: " + report)
check(os.path.exists(os.path.join(folder, "step_0.pvtu")) and
      os.path.exists(os.path.join(folder, "step_1.pvtu")), "steps")
reader.UpdatePipeline(reader.TimestepValues[0])
a, b = save("mesh.fast-htg", reader, "mesh.vtm")
# (the arrays have room for trees of other ranks, which the information counts)
check(a.GetNumberOfCells() == mesh_of(reader).GetNumberOfCells(), "cells of mesh.vtm")
check(a.GetBounds() == b.GetBounds(), "bounds of mesh.vtm")
a, b = save("cells.vtu", reader, "cells.pvtu")
check(reduced(a.GetNumberOfCells()) == expected("web3d", 2)["leaf_cells"], "cells of cells.pvtu")

# A mesh that lies on both ranks.
spread = simple.HyperTreeGridRandom(Dimensions=[9, 9, 9], MaxDepth=3)
spread.UpdatePipeline()
a, b = save("spread.fast-htg", spread, "spread.vtm")
check(a.GetNumberOfCells() == b.GetNumberOfCells(), "cells of spread.vtm")
check(not os.path.exists(os.path.join(folder, "spread.htg")), "spread.htg")
a, b = save("listed.fast-phtg", spread, "listed.phtg")
check(a.GetNumberOfCells() == b.GetNumberOfCells(), "cells of listed.phtg")
check(a.GetCellDataInformation().GetArrayInformation(0).GetComponentRange(0) ==
      b.GetCellDataInformation().GetArrayInformation(0).GetComponentRange(0), "range of listed.phtg")

image = simple.Wavelet()
image.UpdatePipeline()
a, b = save("image.fast-vti", image, "image.pvti")
check(a.GetExtent() == b.GetExtent(), "extent of image.pvti")
check(a.GetPointDataInformation().GetArrayInformation(0).GetComponentRange(0) ==
      b.GetPointDataInformation().GetArrayInformation(0).GetComponentRange(0), "range of image.pvti")

# VTK's lists of images know no direction.
turned = simple.AMRProjection(Input=reader, Resolution=24, Direction="face-on")
turned.UpdatePipeline()
a, b = save("turned.fast-vti", turned, "turned.vtm")
check(a.GetNumberOfCells() == b.GetNumberOfCells() and
      max(abs(x - y) for x, y in zip(a.GetBounds(), b.GetBounds())) < 1e-9,
      "turned.vtm lies at %r, not %r" % (a.GetBounds(), b.GetBounds()))

points = simple.Sphere(ThetaResolution=40)
points.UpdatePipeline()
a, b = save("points.fast-vtp", points, "points.pvtp")
check(a.GetNumberOfCells() == b.GetNumberOfCells(), "cells of points.pvtp")
check(sorted(name for name in os.listdir(folder) if name.startswith("points_")) ==
      ["points_0.vtp", "points_1.vtp"], "pieces of points.pvtp")

# A Mera file is one, of all cells.
mera = os.path.join(folder, "output_00002.jld2")
simple.SaveData(mera, proxy=reader)
controller.Barrier()
read = simple.MeraReader(FileName=mera, ReadParticles=0)
numbers = simple.AMRStatistics(Input=read)
numbers.UpdatePipeline()
table = numbers.GetClientSideObject().GetOutputDataObject(0)
check(table.GetNumberOfRows() > 0 and table.GetColumnByName("cells").GetValue(0) ==
      expected("web3d", 2)["leaf_cells"], "cells of a Mera file")

if rank == 0:
    with open(verdict, "w") as file:
        file.write("parallel: ok" if not problems else "; ".join(problems))
    print("\n".join(problems) or "parallel: ok", flush=True)
