"""Which files and folders open with our reader, and that others go where they always went."""

import os
import re
import shutil
import tempfile

from paraview import simple
from pvr_check import DATA, equal, expected, info_file, mesh_of, run_tests


def opened_by(path):
    source = simple.OpenDataFile(path)
    return source.GetXMLName() if source else None


def test_info_file():
    reader = simple.OpenDataFile(info_file("sedov3d", 3))
    equal(reader.GetXMLName(), "AMRRamsesReader", "reader of an info file")
    equal(reader.GetXMLLabel(), "RAMSES Reader", "label")
    reader.UpdatePipeline()
    equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves")


def test_folder():
    for ending in ("", "/"):
        reader = simple.OpenDataFile(os.path.join(DATA, "sedov3d", "output_00003") + ending)
        assert reader is not None, "the folder did not open"
        equal(reader.GetXMLName(), "AMRRamsesReader", "reader of a folder")
        reader.UpdatePipeline()
        equal(mesh_of(reader).GetNumberOfLeaves(), expected("sedov3d", 3)["leaf_cells"], "leaves")


def test_other_files_keep_their_readers():
    folder = tempfile.mkdtemp(prefix="output_00001")  # the name alone must not do
    try:
        csv = os.path.join(folder, "table.csv")
        text = os.path.join(folder, "notes.txt")
        fake = os.path.join(folder, "info_00001.txt")
        stray = os.path.join(folder, "info_00001.txt.csv")
        for path in (csv, text, fake, stray):
            with open(path, "w") as file:
                file.write("x,y\n1,2\n3,4\n")
        for path in (csv, text, fake, stray):
            equal(opened_by(path), "CSVReader", "reader of " + os.path.basename(path))
        table = simple.OpenDataFile(csv)
        table.UpdatePipeline()
        equal(table.GetDataInformation().GetNumberOfRows(), 2, "rows of the table")
        # Other text files inside an output folder are not ours.
        inside = os.path.join(DATA, "sedov3d", "output_00003", "hydro_file_descriptor.txt")
        equal(opened_by(inside), "CSVReader", "reader of a text file in an output folder")
    finally:
        shutil.rmtree(folder)


def test_the_dialog_lists_files():
    """File > Open makes one regular expression of all patterns of all readers, in which only . and *
    are looked after: one wrong pattern, and it shows no file at all."""
    manager = simple.servermanager.vtkSMProxyManager.GetProxyManager()
    session = simple.servermanager.ActiveConnection.Session
    types = manager.GetReaderFactory().GetSupportedFileTypes(session)
    listed = re.findall(r"\(([^()]*)\)(?:;;|$)", types)
    patterns = {pattern for group in listed for pattern in group.split()}
    for pattern in ("info_*.txt", "output_*", "*.jld2"):
        assert pattern in patterns, pattern + " is not offered"
    for pattern in patterns:
        re.compile(pattern.replace(".", r"\.").replace("*", ".*"))


def test_default_reader_of_info_files():
    """Where more than one reader takes a file, the window asks; "Set reader as default" there keeps
    the patterns of the reader's first description in the alphabet."""
    reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3))
    hints = reader.SMProxy.GetHints()
    found = [hints.GetNestedElement(i) for i in range(hints.GetNumberOfNestedElements())]
    kinds = {hint.GetAttribute("file_description"): hint.GetAttribute("filename_patterns")
             for hint in found if hint.GetName() == "ReaderFactory"}
    equal(kinds[min(kinds)], "info_*.txt", "the first of %s" % sorted(kinds))


def test_can_read_file():
    def can(path):
        proxy = simple.servermanager.sources.RAMSESReader().SMProxy
        return int(simple.servermanager.vtkSMReaderFactory.CanReadFile(path, proxy))

    equal(can(info_file("web3d", 2)), 1, "info file")
    equal(can(os.path.join(DATA, "web3d", "output_00002")), 1, "folder")
    for no in (DATA, os.path.join(DATA, "web3d"), "/", "", "/nonexistent/info_00001.txt",
               os.path.join(DATA, "web3d", "EXPECT.json"),
               os.path.join(DATA, "web3d", "output_00002", "amr_00002.out00001")):
        equal(can(no), 0, repr(no))


run_tests(globals())
