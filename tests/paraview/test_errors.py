"""Missing and broken files: an empty output, one message, and a way back. Stopping half-way."""

import os

from paraview import simple
from pvr_check import (Copy, Messages, arrays_in, equal, expected, fact, info_file, mesh_of,
                       run_tests)


def is_empty(reader):
    mesh = mesh_of(reader)
    equal(mesh.GetClassName(), "vtkHyperTreeGrid", "class of the output")
    return mesh.GetNumberOfCells() == 0 and arrays_in(mesh) == []


def check_recovers(reader, messages):
    reader.FileName = info_file("sedov3d", 3)
    before = len(messages.errors)
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"],
          "leaves after the error")
    equal(len(messages.errors), before, "errors after the file name is right")


def test_missing_file():
    reader = simple.RAMSESReader()
    messages = Messages(reader)
    reader.FileName = "/nonexistent/output_00001/info_00001.txt"
    reader.UpdatePipelineInformation()
    reader.UpdatePipelineInformation()
    equal(messages.errors, [], "errors before data is asked for")
    reader.UpdatePipeline()
    assert is_empty(reader)
    equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
    assert "/nonexistent/output_00001/info_00001.txt" in messages.errors[0], messages.errors[0]
    check_recovers(reader, messages)


def test_no_file_name():
    reader = simple.RAMSESReader()
    messages = Messages(reader)
    reader.UpdatePipeline()
    assert is_empty(reader)
    equal(len(messages.errors), 1, "messages (%r)" % messages.errors)


def test_error_after_success():
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 2))
    messages = Messages(reader)
    reader.UpdatePipeline()
    assert not is_empty(reader)
    reader.FileName = "/nonexistent/info_00002.txt"
    reader.UpdatePipeline()
    assert is_empty(reader), "the old data stayed after an error"
    equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
    check_recovers(reader, messages)


def truncated(kind):
    with Copy("sedov3d") as folder:
        path = os.path.join(folder, "sedov3d", "output_00003", "%s_00003.out00002" % kind)
        with open(path, "rb") as file:
            whole = file.read()
        with open(path, "wb") as file:
            file.write(whole[:len(whole) * 2 // 3])
        reader = simple.RAMSESReader()
        messages = Messages(reader)
        reader.FileName = info_file("sedov3d", 3, folder)
        reader.UpdatePipeline()
        assert is_empty(reader), kind
        equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
        assert os.path.basename(path) in messages.errors[0], messages.errors[0]
        # The file is mended: the same reader reads it.
        with open(path, "wb") as file:
            file.write(whole)
        reader.GetClientSideObject().Modified()
        reader.GetClientSideObject().Update()
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves")
        check_recovers(reader, messages)


def test_truncated_hydro():
    truncated("hydro")


def test_truncated_amr():
    truncated("amr")


def test_missing_domain():
    with Copy("sedov3d") as folder:
        os.remove(os.path.join(folder, "sedov3d", "output_00003", "hydro_00003.out00003"))
        reader = simple.RAMSESReader()
        messages = Messages(reader)
        reader.FileName = info_file("sedov3d", 3, folder)
        reader.UpdatePipeline()
        assert is_empty(reader)
        equal(len(messages.errors), 1, "messages (%r)" % messages.errors)
        assert "hydro_00003.out00003" in messages.errors[0], messages.errors[0]
        check_recovers(reader, messages)


def test_stop_half_way():
    reader = simple.RAMSESReader()
    messages = Messages(reader)
    reader.FileName = info_file("web3d", 3)
    reader.MaxThreads = 1  # the calling thread reads all: it tells the progress often
    algorithm = reader.GetClientSideObject()
    seen = []

    def stop(caller, _event):
        seen.append(caller.GetProgress())
        if caller.GetProgress() > 0.1:
            caller.SetAbortExecuteAndUpdateTime()

    tag = algorithm.AddObserver("ProgressEvent", stop)
    algorithm.Update()  # the mesh alone: progress of another port begins anew
    assert len(seen) >= 2, "progress was told %d times" % len(seen)
    assert seen == sorted(seen), "progress went back: %r" % seen
    assert seen[-2] < 0.95, "the reader went on: %r" % seen  # the last one is the pipeline's own
    assert is_empty(reader), "data in spite of the stop"
    equal(messages.errors, [], "stopping is no error")
    algorithm.RemoveObserver(tag)
    algorithm.SetAbortExecute(0)
    algorithm.Modified()
    algorithm.Update()
    mesh = mesh_of(reader)
    equal(mesh.GetNumberOfLeaves(), expected("web3d", 3)["leaf_cells"], "leaves after a stop")
    equal(int(fact(mesh, "output_number")), 3, "output after a stop")


run_tests(globals())
