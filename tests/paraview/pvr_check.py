"""pvr_check - what the tests in pvpython share: data, expectations, leaves, messages.

A failed reader raises nothing in pvpython and ends with status 0, so every test asserts on results.
Expectations are those of data/*/EXPECT.json, found by another program that reads the Fortran records
by itself.
"""

import json
import os
import shutil
import sys
import tempfile
import traceback

import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkHyperTreeGridNonOrientedGeometryCursor

DATA = os.environ["PVRAMSES_DATA"]
# A folder with more outputs, laid out as data/ is; tests of them are left out where it is not there.
FIXTURES = os.environ.get("PVRAMSES_FIXTURES",
                          os.path.join(os.path.dirname(os.path.dirname(DATA)), "shared", "fixtures"))
OUTPUTS = [("web3d", 2), ("web3d", 3), ("sedov3d", 2), ("sedov3d", 3), ("sedov2d", 2), ("sedov2d", 3),
           ("sedov1d", 2), ("legacy3d", 2)]


def info_file(run, number, root=DATA):
    return os.path.join(root, run, "output_%05d" % number, "info_%05d.txt" % number)


def expected(run, number):
    with open(os.path.join(DATA, run, "EXPECT.json")) as file:
        return json.load(file)["outputs"]["output_%05d" % number]


def reader_of(run, number, root=DATA, **properties):
    """The reader with its output read, as the VTK object and the proxy."""
    reader = simple.RAMSESReader(FileName=info_file(run, number, root))
    for name, value in properties.items():
        setattr(reader, name, value)
    reader.UpdatePipeline()
    return reader


def mesh_of(reader):
    return reader.GetClientSideObject().GetOutputDataObject(0)


def number_of(mesh):
    return int(fact(mesh, "output_number"))


def fact(mesh, name):
    array = mesh.GetFieldData().GetAbstractArray(name)
    assert array is not None, "no %s in the field data" % name
    return array.GetValue(0)


def array_of(mesh, name):
    array = mesh.GetCellData().GetArray(name)
    assert array is not None, "no array %s" % name
    return vtk_to_numpy(array)


def arrays_in(mesh):
    data = mesh.GetCellData()
    return sorted(data.GetArrayName(i) for i in range(data.GetNumberOfArrays()))


class Leaves:
    """The leaves of a mesh by VTK's own cursors: index into arrays, depth in the tree, bounds."""

    def __init__(self, mesh):
        index, depth, low, high = [], [], [], []
        cursor = vtkHyperTreeGridNonOrientedGeometryCursor()
        corner = [0.0] * 6

        def visit():
            if cursor.IsLeaf():
                cursor.GetBounds(corner)
                index.append(cursor.GetGlobalNodeIndex())
                depth.append(cursor.GetLevel())
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
        self.index = numpy.array(index)
        self.depth = numpy.array(depth)
        low, high = numpy.array(low), numpy.array(high)
        self.centre = 0.5 * (low + high)
        size = high - low
        self.width = size[:, 0]
        self.volume = numpy.prod(size[:, : mesh.GetDimension()], axis=1)


class Messages:
    """Counts what a VTK object tells as errors and warnings, instead of printing it."""

    def __init__(self, reader):
        from vtkmodules.util.misc import calldata_type
        from vtkmodules.util.vtkConstants import VTK_STRING
        self.errors, self.warnings = [], []

        @calldata_type(VTK_STRING)
        def error(_object, _event, text):
            self.errors.append(text)

        @calldata_type(VTK_STRING)
        def warning(_object, _event, text):
            self.warnings.append(text)

        algorithm = reader.GetClientSideObject()
        algorithm.AddObserver("ErrorEvent", error)
        algorithm.AddObserver("WarningEvent", warning)


def why_failed(data):
    """What the field data of an output say that failed, or None."""
    why = data.GetFieldData().GetAbstractArray("pvramses_error")
    return why.GetValue(0) if why else None


class Copy:
    """A copy of a run that a test may spoil; removed at the end of the `with` block."""

    def __init__(self, *runs):
        self.runs = runs

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="pvramses-test-")
        for run in self.runs:
            shutil.copytree(os.path.join(DATA, run), os.path.join(self.folder, run))
        return self.folder

    def __exit__(self, *_why):
        shutil.rmtree(self.folder)


def close(got, wanted, tolerance, what):
    scale = max(abs(wanted), abs(got), 1e-30)  # below: nothing, to single precision
    assert abs(got - wanted) <= tolerance * scale, \
        "%s: %r, expected %r" % (what, got, wanted)


def equal(got, wanted, what):
    assert got == wanted, "%s: %r, expected %r" % (what, got, wanted)


def run_tests(names):
    """Runs the functions test_* of a script; status 1 if one fails or none is there."""
    tests = [(name, function) for name, function in sorted(names.items())
             if name.startswith("test_") and callable(function)]
    failed = 0
    for name, function in tests:
        try:
            function()
            print("ok      ", name, flush=True)
        except Exception:  # the report of a test, not an error to hide
            failed += 1
            print("FAILED  ", name, flush=True)
            traceback.print_exc()
    print("%d tests, %d failed" % (len(tests), failed), flush=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if failed or not tests else 0)  # also if something hangs or crashes at the exit
