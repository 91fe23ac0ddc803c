"""Maps, files and numbers of each output of a run, on any number of ranks; to be taken as it is, or
as a beginning.

    mpirun -np 8 pvbatch --symmetric maps_and_exports.py output_00002/info_00002.txt FOLDER [STEPS]

Into FOLDER come, for each output (or the first STEPS of them): a map of the surface density and the
gas temperature along z (map_N.vti), the particles (particles_N.vtp) and the mesh (mesh_N.htg), those
of several ranks in pieces with a list (.pvtp, .vtm), and a table by level (numbers_N.csv).
pvramses.slurm beside this file is a batch script that runs it. PV_PLUGIN_PATH must name the folder
of the plugin.
"""

import sys

from paraview import simple

info, folder = sys.argv[1], sys.argv[2]
reader = simple.RAMSESReader(FileName=info)
reader.CellArrayStatus = ["density", "pressure"]
reader.DerivedArrayStatus = ["temperature"]
reader.FieldUnits, reader.LengthUnit = "astro", "kpc"
# reader.MaxLevel = 12                       # coarser cells, fewer bytes read
# reader.RegionType, reader.RegionRadius = "sphere", 50.0
reader.UpdatePipelineInformation()
steps = len(reader.TimestepValues)
if len(sys.argv) > 3:
    steps = min(steps, int(sys.argv[3]))

surface = simple.AMRProjection(Input=reader)
surface.Arrays = ["density"]
surface.Mode, surface.Direction, surface.Resolution = "surface density", "z", 1024
surface.RankLayout = "Whole on the First"  # in one file, of any number of ranks
numbers = simple.AMRStatistics(Input=reader)

simple.GetAnimationScene().UpdateAnimationUsingDataTimeSteps()
for kind, source, name in (("AMRExportVTI", surface, "map_{timestep:05d}.vti"),
                           ("AMRExportHTG", reader, "mesh_{timestep:05d}.htg"),
                           ("AMRExportVTP", simple.OutputPort(reader, "Particles"),
                            "particles_{timestep:05d}.vtp"),
                           ("CSV", numbers, "numbers_{timestep:05d}.csv")):
    extractor = simple.CreateExtractor(kind, source)
    extractor.Writer.FileName = name
# With --symmetric ParaView 5.11 takes the first step alone where it is not told the steps.
simple.SaveExtracts(ExtractsOutputDirectory=folder, FrameWindow=[0, steps - 1])

reader.UpdatePropertyInformation()
if simple.servermanager.vtkProcessModule.GetProcessModule().GetPartitionId() == 0:
    print(str(reader.ThreadReport).strip("[]'").replace("\\n", "\n"))
