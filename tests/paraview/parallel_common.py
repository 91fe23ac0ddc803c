"""parallel_common - what the tests on several ranks (pvbatch --symmetric) share.

Rank 0 writes "parallel: ok" into the file named by the last argument; run_parallel.py looks for that,
and for complaints of any rank in files beside it.
"""

import contextlib
import os
import sys
import traceback

import numpy
from paraview import simple
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkIntArray
from vtkmodules.vtkParallelCore import vtkCommunicator, vtkMultiProcessController
from pvr_check import Copy, Leaves, info_file

controller = vtkMultiProcessController.GetGlobalController()
rank, ranks = controller.GetLocalProcessId(), controller.GetNumberOfProcesses()
# else rank 0 alone runs the script
symmetric = simple.servermanager.vtkProcessModule.GetProcessModule().GetSymmetricMPIMode()
verdict = sys.argv[-1]
problems = []
AUTO, TREES, DOMAINS = 0, 1, 2
SPLITS = {AUTO: "auto", TREES: "trees", DOMAINS: "domains"}


def check(right, what):
    if not right:
        problems.append("rank %d of %d: %s" % (rank, ranks, what))


def reduced(value, operation=vtkCommunicator.SUM_OP):
    """Over all ranks."""
    one, all_ = vtkDoubleArray(), vtkDoubleArray()
    one.InsertNextValue(value)
    all_.InsertNextValue(0)
    controller.AllReduce(one, all_, operation)
    return all_.GetValue(0)


def share_text(text):
    """What rank 0 has."""
    codes = vtkIntArray()
    codes.SetNumberOfValues(4096)
    for i in range(4096):
        codes.SetValue(i, ord(text[i]) if i < len(text) else 0)
    controller.Broadcast(codes, 0)
    return "".join(chr(codes.GetValue(i)) for i in range(4096) if codes.GetValue(i))


@contextlib.contextmanager
def shared_copy(run):
    """A folder with a copy of the run, which rank 0 makes and removes."""
    with Copy(run) if rank == 0 else contextlib.nullcontext("") as folder:
        yield share_text(folder)


def same_everywhere(value, what):
    low, high = reduced(value, vtkCommunicator.MIN_OP), reduced(value, vtkCommunicator.MAX_OP)
    check(low == high, "%s: %r to %r over the ranks" % (what, low, high))


def visible(mesh):
    """The leaves of this rank that are its own, by VTK's cursors."""
    if mesh.GetNumberOfCells() == 0:
        return None, numpy.zeros(0, dtype=bool)
    leaves = Leaves(mesh)
    hidden = numpy.zeros(len(leaves.index), dtype=bool)
    if mesh.HasMask():
        mask = mesh.GetMask()
        hidden = numpy.array([bool(mask.GetValue(int(i))) for i in leaves.index])
    return leaves, ~hidden


def read(run, number, **properties):
    reader = simple.RAMSESReader(FileName=info_file(run, number))
    for name, value in properties.items():
        setattr(reader, name, value)
    reader.UpdatePipeline()
    return reader


def run_parts(functions):
    """Runs check_PART for each argument but the last."""
    try:
        for part in sys.argv[1:-1]:
            functions["check_" + part]()
    except Exception:  # a rank that waits for this one would wait for ever
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    if problems:
        print("\n".join(problems), flush=True)
        with open("%s.rank%d" % (verdict, rank), "w") as file:
            file.write("\n".join(problems))
    if symmetric:
        controller.Barrier()
    if rank == 0:
        with open(verdict, "w") as file:
            file.write("parallel: ok")
        print("parallel: ok on %d ranks" % ranks, flush=True)
