"""Times reading and projecting an output on several ranks of one thread each (pvbatch --symmetric):

    bench_ranks.py OUTPUT SPLIT RESULT

SPLIT is "By trees" or "By domains". Rank 0 writes a line of JSON into the file RESULT.
"""

import json
import pathlib
import sys
import time

from paraview import simple
from vtkmodules.vtkParallelCore import vtkCommunicator, vtkMultiProcessController
from vtkmodules.vtkCommonCore import vtkDoubleArray

controller = vtkMultiProcessController.GetGlobalController()
output, split, result = sys.argv[1:]
info = str(next(pathlib.Path(output).glob("info_*.txt")))


def reduced(value, operation):
    one, all_ = vtkDoubleArray(), vtkDoubleArray()
    one.InsertNextValue(value)
    all_.InsertNextValue(0)
    controller.AllReduce(one, all_, operation)
    return all_.GetValue(0)


reader = simple.RAMSESReader(FileName=info, RankSplit=split, Precision="double", MaxThreads=1)
surface = simple.AMRProjection(Input=reader, Arrays=["density"], Resolution=1024, MaxThreads=1)
reader.UpdatePipelineInformation()
controller.Barrier()
begin = time.perf_counter()
reader.UpdatePipeline()
loaded = time.perf_counter() - begin
surface.UpdatePipeline()
controller.Barrier()
whole = time.perf_counter() - begin
mesh = reader.GetClientSideObject().GetOutputDataObject(0)
read = mesh.GetFieldData().GetArray("bytes_read").GetValue(0)
numbers = {"ranks": controller.GetNumberOfProcesses(), "seconds": whole,
           "load_seconds": reduced(loaded, vtkCommunicator.MAX_OP),
           "bytes_read": reduced(read, vtkCommunicator.SUM_OP)}
if controller.GetLocalProcessId() == 0:
    pathlib.Path(result).write_text(json.dumps(numbers))
