"""What is read when fields, levels and time steps are chosen one after another, and what is shared."""

import gc
import os
import shutil
import time

from paraview import simple
from pvr_check import (Copy, array_of, arrays_in, equal, expected, fact, mesh_of, number_of,
                       reader_of, run_tests)


def bytes_read(reader):
    return fact(mesh_of(reader), "bytes_read")


def report(reader):
    return fact(mesh_of(reader), "ThreadReport")


def address(mesh, name):
    return array_of(mesh, name).__array_interface__["data"][0]


def forget(*readers):
    for reader in readers:
        simple.Delete(reader)
    gc.collect()


def test_a_field_switched_on():
    with Copy("web3d") as folder:
        reader = reader_of("web3d", 3, folder, CellArrayStatus=["density"])
        first = bytes_read(reader)
        cells = mesh_of(reader).GetNumberOfCells()
        place = address(mesh_of(reader), "density")
        reader.CellArrayStatus = ["density", "pressure"]
        reader.UpdatePipeline()
        equal(arrays_in(mesh_of(reader)), ["density", "pressure"], "fields")
        equal(address(mesh_of(reader), "density"), place, "density is the same memory")
        second = bytes_read(reader)
        # The values of all cells and their records' lengths; the octs (32 bytes of sons, 24 of
        # centre for 8 cells) are not read again.
        assert 8 * cells * 0.99 <= second <= 1.1 * 8 * cells, (second, cells)
        assert second < first - 5 * cells, "the structure was read again: %d, %d" % (first, second)
        assert "1 were in memory" in report(reader), report(reader)
        reader.CellArrayStatus = ["pressure"]
        reader.UpdatePipeline()
        equal(bytes_read(reader), 0, "bytes for a field switched off")
        reader.CellArrayStatus = ["density", "pressure"]
        reader.UpdatePipeline()
        equal(bytes_read(reader), 0, "bytes for a field switched on again")
        equal(address(mesh_of(reader), "density"), place, "density is the same memory")
        reader.CellArrayStatus = ["density", "pressure"]
        reader.DerivedArrayStatus = ["temperature"]
        reader.UpdatePipeline()
        equal(bytes_read(reader), 0, "bytes for a derived field of what is there")
        forget(reader)


def test_a_second_reader():
    with Copy("sedov3d") as folder:
        one = reader_of("sedov3d", 2, folder)
        other = reader_of("sedov3d", 2, folder)
        assert bytes_read(one) > 0
        assert bytes_read(other) < 2000, "a second reader read %d bytes" % bytes_read(other)
        for name in arrays_in(mesh_of(one)):
            equal(address(mesh_of(other), name), address(mesh_of(one), name), name + " is shared")
        place = address(mesh_of(one), "density")
        forget(one)  # the other's data stays
        equal(address(mesh_of(other), "density"), place, "density is still there")
        equal(mesh_of(other).GetNumberOfLeaves(), expected("sedov3d", 2)["leaf_cells"], "leaves")
        forget(other)
        del one, other
        gc.collect()
        # All readers are gone, and what they kept with them.
        again = reader_of("sedov3d", 2, folder)
        assert bytes_read(again) > 100000, "%d bytes after all was given back" % bytes_read(again)
        forget(again)


def test_levels():
    with Copy("web3d") as folder:
        whole = reader_of("web3d", 3, folder)
        all_bytes = bytes_read(whole)
        forget(whole)
    with Copy("web3d") as folder:
        reader = reader_of("web3d", 3, folder, MaxLevel=7)
        less = bytes_read(reader)
        assert less < all_bytes
        reader.MaxLevel = 0
        reader.UpdatePipeline()
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 3)["leaf_cells"], "leaves")
        assert bytes_read(reader) <= all_bytes - less, "%d, %d, %d" % (bytes_read(reader), all_bytes,
                                                                      less)
        assert "3 were made" in report(reader), report(reader)
        for level in (8, 5, 0):
            reader.MaxLevel = level
            reader.UpdatePipeline()
            equal(bytes_read(reader), 0, "bytes for MaxLevel %d" % level)
        forget(reader)


def test_properties_that_read_nothing():
    with Copy("web3d") as folder:
        reader = reader_of("web3d", 2, folder, Precision="double")
        for name, value in (("LengthUnit", "kpc"), ("FieldUnits", "cgs"), ("Precision", "float")):
            setattr(reader, name, value)
            reader.UpdatePipeline()
            equal(bytes_read(reader), 0, "bytes for " + name)
        reader.LengthUnit = "code"
        reader.UpdatePipeline()
        equal(mesh_of(reader).GetBounds(), (0.0, 1.0, 0.0, 1.0, 0.0, 1.0), "bounds")
        forget(reader)


def test_budget():
    with Copy("sedov3d") as folder:
        reader = reader_of("sedov3d", 2, folder, CacheBudget=1, Prefetch=0)
        reader.UpdatePipeline(reader.TimestepValues[0])
        # What is shown is found whatever the budget.
        reader.CellArrayStatus = ["density"]
        reader.UpdatePipeline(reader.TimestepValues[0])
        equal(bytes_read(reader), 0, "bytes for fewer fields")
        other = reader_of("sedov3d", 2, folder)
        equal(other.CacheBudget, 0, "another reader's own property")
        forget(reader, other)


def loading_ahead():
    """True while a thread of that name (reader/cache/pvr_ahead.h) is at work."""
    for task in os.listdir("/proc/self/task"):
        try:
            with open("/proc/self/task/%s/comm" % task) as file:
                if file.read().strip() == "pvr-ahead":
                    return True
        except OSError:
            pass  # it has just ended
    return False


def read_so_far():
    """Bytes that this process has read from anywhere."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


def wait_for_loading_ahead(begin, least):
    """Waits until `least` bytes more than `begin` were read, so that it has begun, and then until
    it has ended: on a busy machine a thread of the lowest priority takes its time for both."""
    for _ in range(12000):
        if read_so_far() - begin > least and not loading_ahead():
            return True
        time.sleep(0.01)
    return False


def test_the_next_step_is_loaded_ahead():
    with Copy("web3d") as folder:
        reader = reader_of("web3d", 2, folder, Prefetch=0)
        steps = list(reader.TimestepValues)
        reader.UpdatePipeline(steps[0])
        assert not loading_ahead(), "loading ahead though that is switched off"
        begin = read_so_far()
        reader.Prefetch = 1
        reader.UpdatePipeline(steps[0])
        assert wait_for_loading_ahead(begin, 1 << 20), "nothing was loaded ahead"
        reader.UpdatePipeline(steps[1])
        equal(number_of(mesh_of(reader)), 3, "output")
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("web3d", 3)["leaf_cells"], "leaves")
        equal(bytes_read(reader), 0, "bytes for the step that was loaded ahead")
        reader.UpdatePipeline(steps[0])
        equal(bytes_read(reader), 0, "bytes for the step that was shown before")
        forget(reader)


def test_changing_at_once_while_loading_ahead():
    with Copy("sedov3d") as folder:
        reader = reader_of("sedov3d", 2, folder)
        steps = list(reader.TimestepValues)
        for i in range(30):
            reader.MaxLevel = (5, 6, 0)[i % 3]
            reader.Prefetch = i % 5 != 0
            reader.UpdatePipeline(steps[i % 2])
            equal(number_of(mesh_of(reader)), 2 + i % 2, "output")
        reader.MaxLevel = 0
        reader.UpdatePipeline(steps[0])
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 2)["leaf_cells"], "leaves")
        forget(reader)  # while the next step may be loading


def resident():
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) << 10
    raise RuntimeError("no VmRSS")


def another_output(run, number, to):
    """The same output under another number: its own info file, links for the large ones."""
    source, target = (os.path.join(run, "output_%05d" % n) for n in (number, to))
    os.mkdir(target)
    for name in os.listdir(source):
        place = os.path.join(target, name.replace("_%05d" % number, "_%05d" % to))
        if name.startswith("info_"):
            shutil.copyfile(os.path.join(source, name), place)
        else:
            os.symlink(os.path.join(source, name), place)


def test_memory_stays_flat_over_many_steps():
    with Copy("web3d") as folder:
        run = os.path.join(folder, "web3d")
        for number in range(4, 52):
            another_output(run, 2, number)
        reader = reader_of("web3d", 2, folder, TimeUnit="output number", CacheBudget=16)
        reader.UpdatePipelineInformation()
        steps = list(reader.TimestepValues)
        equal(len(steps), 50, "time steps")
        data, sizes = 0, []
        for step in steps:
            reader.UpdatePipeline(step)
            mesh = mesh_of(reader)
            equal(number_of(mesh), int(step), "output")
            data += sum(array_of(mesh, name).nbytes for name in arrays_in(mesh))
            sizes.append(resident())
        # All steps together are many times what memory may grow by once it is at work.
        grown = max(sizes[10:]) - max(sizes[5:10])
        assert data > 150 << 20, "too little data (%d MiB) to see a leak" % (data >> 20)
        assert grown < 24 << 20, "memory grew by %d MiB" % (grown >> 20)
        print("          %d MiB of data, memory grew by %d KiB" % (data >> 20, grown >> 10))
        forget(reader)


def test_an_output_written_anew():
    with Copy("sedov2d") as folder:
        reader = reader_of("sedov2d", 2, folder)
        first = mesh_of(reader).GetNumberOfLeaves()
        run = os.path.join(folder, "sedov2d")
        two, three = (os.path.join(run, "output_%05d" % n) for n in (2, 3))
        for name in os.listdir(two):
            os.remove(os.path.join(two, name))
        for name in os.listdir(three):
            with open(os.path.join(three, name), "rb") as source:
                with open(os.path.join(two, name.replace("_00003", "_00002")), "wb") as target:
                    target.write(source.read())
        simple.ReloadFiles(reader)
        reader.UpdatePipeline()
        assert bytes_read(reader) > 0
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov2d", 3)["leaf_cells"], "leaves")
        assert first != mesh_of(reader).GetNumberOfLeaves()
        forget(reader)


run_tests(globals())
