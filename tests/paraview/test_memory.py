"""The reader's arrays go to VTK without a copy, and are freed with the pipeline."""

import gc

from paraview import simple
from pvr_check import array_of, arrays_in, equal, info_file, mesh_of, run_tests

MIB = 1 << 20


def resident():
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def read():
    reader = simple.RAMSESReader(FileName=info_file("web3d", 3))
    reader.Precision = "double"
    reader.UpdatePipeline()
    return reader


def bytes_of(mesh):
    return sum(array_of(mesh, name).nbytes for name in arrays_in(mesh))


def test_no_copy():
    first = read()  # what is loaded once (libraries, tables) does not count
    simple.Delete(first)
    del first
    gc.collect()
    before = resident()
    reader = read()
    data = bytes_of(mesh_of(reader))
    assert data > 10 * MIB, "too little data (%d bytes) to see a copy" % data
    grown = resident() - before
    assert grown < 1.7 * data, "%d MiB more for %d MiB of data: a copy?" % (grown // MIB,
                                                                           data // MIB)
    simple.Delete(reader)


def test_freed():
    sizes = []
    for _ in range(8):
        reader = read()
        data = bytes_of(mesh_of(reader))
        simple.Delete(reader)
        del reader
        gc.collect()
        sizes.append(resident())
    grown = sizes[-1] - sizes[1]
    assert grown < data, "memory grew by %d MiB in 6 rounds of %d MiB" % (grown // MIB, data // MIB)


def test_data_outlives_the_reader():
    reader = read()
    mesh = mesh_of(reader)
    total = float(array_of(mesh, "density").sum())
    simple.Delete(reader)
    del reader
    gc.collect()
    others = [read() for _ in range(2)]  # would take the memory if it were free
    equal(float(array_of(mesh, "density").sum()), total, "sum after the reader is gone")
    for other in others:
        simple.Delete(other)


run_tests(globals())
