"""The converter from pvpython: what the plugin brings can be imported once it is loaded."""

import os
import pathlib
import shutil
import tempfile

from paraview import simple  # noqa: F401: loads the plugin
import pvramses_convert
import pvramses_map
import pvramses_view
from pvr_check import equal, run_tests

DATA = pathlib.Path(os.environ["PVRAMSES_DATA"])


def test_report_is_a_dictionary():
    with tempfile.TemporaryDirectory() as folder:
        old, new = pathlib.Path(folder, "old"), pathlib.Path(folder, "new")
        old.mkdir()
        shutil.copy(DATA / "mera" / "mera144_hydro_00002.jld2", old / "output_00002.jld2")
        (old / "output_00003.jld2").write_text("no HDF5")
        report = pvramses_convert.convert(old, new)
        equal((report["success"], report["failed"], report["skipped"]), (1, 1, 0), "files")
        equal([path.name for path in new.glob("*.jld2")], ["output_00002.jld2"], "what is there")
        reader = simple.MeraReader(FileName=str(new / "output_00002.jld2"))
        reader.UpdatePipeline()
        equal(reader.GetDataInformation().GetNumberOfCells() > 0, True, "cells")


def test_finds_the_program_beside_the_plugin():
    named = os.environ.pop("PVRAMSES")
    try:
        found = pathlib.Path(pvramses_convert.program())
    finally:
        os.environ["PVRAMSES"] = named
    equal(found.resolve(), pathlib.Path(named).resolve(), "program")


def test_others_are_there_too():
    equal(callable(pvramses_view.log_slice) and callable(pvramses_map.show_map), True, "functions")


if __name__ == "__main__":
    run_tests(globals())
