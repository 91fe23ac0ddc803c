"""A piece that one rank cannot write: told, and all that stood there before stays.

Run on two ranks and more: parallel_refused.py refused VERDICT.
"""

import os

from paraview import simple
from parallel_common import check, controller, read, run_parts, verdict

FOLDER = verdict + ".files"


def contents():
    """Names and bytes of what stands in the folder."""
    found = {}
    for name in sorted(os.listdir(FOLDER)):
        path = os.path.join(FOLDER, name)
        found[name] = open(path, "rb").read() if os.path.isfile(path) else "a folder"
    return found


def check_refused():
    rank = controller.GetLocalProcessId()
    last = controller.GetNumberOfProcesses() - 1
    piece = os.path.join(FOLDER, "x_%d.vtu" % last)
    if rank == 0:
        os.makedirs(FOLDER, exist_ok=True)
        for name in os.listdir(FOLDER):
            path = os.path.join(FOLDER, name)
            (os.rmdir if os.path.isdir(path) else os.remove)(path)
    controller.Barrier()
    reader = read("sedov3d", 3)
    simple.SaveData(os.path.join(FOLDER, "x.vtu"), proxy=reader)
    controller.Barrier()
    whole = contents()
    check(len(whole) == last + 2, "pieces and their list: %s" % sorted(whole))
    controller.Barrier()
    if rank == 0:
        os.remove(piece)
        os.mkdir(piece)  # no file can be put there
    controller.Barrier()
    before = contents()
    simple.SaveData(os.path.join(FOLDER, "x.vtu"), proxy=reader, ChooseArraysToWrite=1,
                    CellDataArrays=["density"])
    simple.SaveData(os.path.join(FOLDER, "missing", "x.fast-htg"), proxy=reader)
    controller.Barrier()
    check(contents() == before, "something was written")


run_parts(globals())
