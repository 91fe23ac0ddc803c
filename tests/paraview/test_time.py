"""Time steps in each unit, which output a time means, and warnings for gaps."""

import os
import shutil

from paraview import simple
from pvr_check import (Copy, Messages, close, equal, expected, fact, info_file, mesh_of, number_of,
                       reader_of, run_tests)


def steps(reader, unit):
    reader.TimeUnit = unit
    reader.UpdatePipelineInformation()
    return list(reader.TimestepValues)


def test_units():
    reader = reader_of("web3d", 3)
    two, three = expected("web3d", 2), expected("web3d", 3)
    code = steps(reader, "code")
    equal(len(code), 2, "time steps")
    close(code[0], two["time_code"], 1e-13, "first time")
    close(code[1], three["time_code"], 1e-13, "second time")
    aexp = steps(reader, "expansion factor")
    close(aexp[0], two["aexp"], 1e-13, "first aexp")
    close(aexp[1], three["aexp"], 1e-13, "second aexp")
    equal(steps(reader, "output number"), [2.0, 3.0], "output numbers")
    myr = steps(reader, "Myr")
    # Flat LambdaCDM in closed form: age = 2 / (3 H0 sqrt(L)) asinh(sqrt(L/M) a^1.5)
    from math import asinh, sqrt
    hubble_myr = 3.08567758128e19 / 70.0 / (3.15576e7 * 1e6)
    for output, time in ((two, myr[0]), (three, myr[1])):
        m, l = output["omega_m"], output["omega_l"]
        age = 2 / (3 * sqrt(l)) * asinh(sqrt(l / m) * output["aexp"] ** 1.5) * hubble_myr
        close(time, age, 1e-6, "age of the universe")


def test_no_cosmology():
    reader = reader_of("legacy3d", 2)
    wanted = expected("legacy3d", 2)
    myr = steps(reader, "Myr")
    close(myr[0], wanted["time_code"] * wanted["unit_t"] / 3.15576e13, 1e-12, "Myr")


def test_nearest_at_or_below():
    reader = reader_of("web3d", 3, TimeUnit="output number")
    for time, number in ((2.0, 2), (3.0, 3), (2.999, 2), (7.0, 3), (1.0, 2), (3.0, 3), (2.0, 2)):
        reader.UpdatePipeline(time)
        mesh = mesh_of(reader)
        equal(number_of(mesh), number, "output at time %g" % time)
        equal(mesh.GetNumberOfLeaves(), expected("web3d", number)["leaf_cells"], "leaves at %g" % time)
        equal(mesh.GetInformation().Get(mesh.DATA_TIME_STEP()), float(number), "data time")


def test_named_output_without_time():
    for number in (2, 3):
        equal(number_of(mesh_of(reader_of("sedov3d", number))), number, "named output")


def test_facts():
    mesh = mesh_of(reader_of("web3d", 3))
    wanted = expected("web3d", 3)
    close(fact(mesh, "time_code"), wanted["time_code"], 1e-13, "time_code")
    close(fact(mesh, "aexp"), wanted["aexp"], 1e-13, "aexp")
    close(fact(mesh, "redshift"), 1 / wanted["aexp"] - 1, 1e-12, "redshift")
    for name in ("boxlen_info", "unit_l", "unit_d", "unit_t", "levelmin", "ncpu"):
        close(fact(mesh, name.replace("_info", "")), wanted[name], 1e-13, name)
    equal(fact(mesh, "levelmax"), wanted["nlevelmax"], "levelmax")
    assert fact(mesh, "source").endswith("info_00003.txt"), fact(mesh, "source")
    assert fact(mesh, "pvramses_version")
    assert "thread" in fact(mesh, "ThreadReport")


def copy_output(run, number, to):
    """A copy of an output under another number, in the way RAMSES names the files."""
    folder = os.path.join(run, "output_%05d" % to)
    shutil.copytree(os.path.join(run, "output_%05d" % number), folder)
    for name in os.listdir(folder):
        os.rename(os.path.join(folder, name),
                  os.path.join(folder, name.replace("_%05d" % number, "_%05d" % to)))


def test_gap_and_unfinished():
    with Copy("sedov3d") as folder:
        run = os.path.join(folder, "sedov3d")
        copy_output(run, 3, 6)
        os.mkdir(os.path.join(run, "output_00007"))  # RAMSES has just begun to write it
        reader = simple.RAMSESReader()
        messages = Messages(reader)
        reader.TimeUnit = "output number"
        reader.FileName = info_file("sedov3d", 2, folder)
        for _ in range(3):
            reader.UpdatePipelineInformation()
        equal(list(reader.TimestepValues), [2.0, 3.0, 6.0], "finished outputs")
        equal(messages.errors, [], "errors")
        equal(len(messages.warnings), 1, "warnings (%r)" % messages.warnings)
        assert "7" in messages.warnings[0], messages.warnings[0]
        # The run goes on: a new output is found, and the same time leads to the new data.
        copy_output(run, 3, 4)
        simple.ReloadFiles(reader)
        reader.UpdatePipeline(5.0)
        equal(list(reader.TimestepValues), [2.0, 3.0, 4.0, 6.0], "outputs after a change on disk")
        equal(number_of(mesh_of(reader)), 4, "output at time 5")


run_tests(globals())
