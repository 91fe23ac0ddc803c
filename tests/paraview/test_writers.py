"""Save Data and extractors: files of our writers read back by VTK's own readers, and stock writers
in their places."""

import glob
import os
import tempfile

import numpy
from paraview import simple
from paraview.servermanager import vtkSMProxyManager
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringArray, vtkStringOutputWindow
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData, vtkUnstructuredGrid
from vtkmodules.vtkIOXML import (vtkXMLHyperTreeGridReader, vtkXMLImageDataReader,
                                 vtkXMLPolyDataReader, vtkXMLUnstructuredGridReader)
from pvr_check import (Copy, Leaves, array_of, arrays_in, equal, expected, fact, info_file, mesh_of,
                       reader_of, run_tests)

FOLDER = tempfile.TemporaryDirectory(prefix="pvramses-writers-")


def path_of(name):
    return os.path.join(FOLDER.name, name)


def read(path, kind):
    reader = kind()
    reader.SetFileName(path)
    reader.Update()
    equal(reader.GetErrorCode(), 0, path)
    data = reader.GetOutput()
    data.reader = reader
    return data


def attributes(data):
    return [("points", data.GetPointData()), ("cells", data.GetCellData())]


def same_arrays(got, wanted):
    for what, of_wanted in attributes(wanted):
        of_got = dict(attributes(got))[what]
        names = [of_wanted.GetArrayName(i) for i in range(of_wanted.GetNumberOfArrays())]
        equal([of_got.GetArrayName(i) for i in range(of_got.GetNumberOfArrays())], names, what)
        for name in names:
            a, b = of_got.GetArray(name), of_wanted.GetArray(name)
            equal(vtk_to_numpy(a).dtype, vtk_to_numpy(b).dtype, name)
            equal(vtk_to_numpy(a).tobytes(), vtk_to_numpy(b).tobytes(), name)
            equal([a.GetComponentName(c) for c in range(a.GetNumberOfComponents())],
                  [b.GetComponentName(c) for c in range(b.GetNumberOfComponents())], name)


def writer_of(name, proxy):
    return simple.CreateWriter(path_of(name), proxy=proxy).SMProxy.GetXMLName()


def test_stock_writers_keep_their_places():
    mesh = reader_of("sedov2d", 3)
    wavelet, sphere = simple.Wavelet(), simple.Sphere()
    grid = simple.Tetrahedralize(Input=wavelet)
    for proxy, ends in ((mesh, {"htg": "HyperTreeGridWriter", "phtg": "XMLPHyperTreeGridWriter"}),
                        (wavelet, {"vti": "XMLImageDataWriter", "pvti": "XMLPImageDataWriter"}),
                        (sphere, {"vtp": "XMLPolyDataWriter", "pvtp": "XMLPPolyDataWriter"}),
                        (grid, {"vtu": "XMLUnstructuredGridWriter",
                                "pvtu": "XMLPUnstructuredGridWriter"})):
        proxy.UpdatePipeline()
        for end, name in ends.items():
            equal(writer_of("x." + end, proxy), name, end)
    # What no stock writer takes, and what is asked for by name, is ours.
    for proxy, name, wanted in ((mesh, "x.vtu", "ZAMRExportVTU"), (mesh, "x.fast-htg", "ZAMRExportHTG"),
                                (sphere, "x.fast-vtp", "ZAMRExportVTP"),
                                (wavelet, "x.fast-vti", "ZAMRExportVTI"),
                                (grid, "x.fast-vtu", "ZAMRExportVTU")):
        equal(writer_of(name, proxy), wanted, name)
    # Every other writer comes before ours in the alphabet.
    definitions = vtkSMProxyManager.GetProxyManager().GetActiveSessionProxyManager() \
        .GetProxyDefinitionManager().NewSingleGroupIterator("writers")
    names = []
    definitions.InitTraversal()
    while not definitions.IsDoneWithTraversal():
        names.append(definitions.GetProxyName())
        definitions.GoToNextItem()
    ours = [name for name in names if name.startswith("ZAMRExport")]
    equal(len(ours), 4, "our writers")
    assert max(name for name in names if name not in ours and not name.startswith("Z")) < min(ours)


def test_save_data_of_others_is_unchanged():
    wavelet = simple.Wavelet()
    wavelet.UpdatePipeline()
    simple.SaveData(path_of("stock.vti"), proxy=wavelet)
    with open(path_of("stock.vti"), "rb") as file:
        head = file.read(300)
    assert b'compressor=' not in head and b"4096" not in head, head


def test_meshes():
    reader = reader_of("sedov3d", 3)
    wanted = mesh_of(reader)
    simple.SaveData(path_of("mesh.fast-htg"), proxy=reader)
    assert not os.path.exists(path_of("mesh.fast-htg"))
    got = read(path_of("mesh.htg"), vtkXMLHyperTreeGridReader)
    equal(got.GetBounds(), wanted.GetBounds(), "bounds")
    equal(arrays_in(got), arrays_in(wanted), "arrays")
    for name in arrays_in(wanted):
        equal(array_of(got, name).tobytes(), array_of(wanted, name).tobytes(), name)
    a, b = Leaves(got), Leaves(wanted)
    assert numpy.array_equal(a.index, b.index) and numpy.array_equal(a.centre, b.centre)
    times = got.reader.GetOutputInformation(0).Get(got.reader.GetExecutive().TIME_STEPS())
    equal(times[0], wanted.GetInformation().Get(wanted.DATA_TIME_STEP()), "time")

    simple.SaveData(path_of("cells.vtu"), proxy=reader, Compressor="ZLib", CompressionLevel=9)
    cells = read(path_of("cells.vtu"), vtkXMLUnstructuredGridReader)
    equal(cells.GetNumberOfCells(), expected("sedov3d", 3)["leaf_cells"], "cells")
    for name in ("unit_l", "time_code", "output_number"):
        equal(fact(cells, name), fact(wanted, name), name)
    for name in ("source", "pvramses_version", "command"):
        assert cells.GetFieldData().GetAbstractArray(name).GetValue(0), name
    # And once more from there: nothing is lost, nothing told twice.
    read_again = simple.OpenDataFile(path_of("cells.vtu"))
    simple.SaveData(path_of("again.fast-vtu"), proxy=read_again)
    again = read(path_of("again.vtu"), vtkXMLUnstructuredGridReader)
    names = [[data.GetFieldData().GetArrayName(i) for i in range(data.GetFieldData().GetNumberOfArrays())]
             for data in (cells, again)]
    equal(sorted(names[0]), sorted(names[1]), "facts")
    equal(len(set(names[1])), len(names[1]), "facts told once")
    equal(list(simple.OpenDataFile(path_of("again.vtu")).TimestepValues), list(read_again.TimestepValues),
          "time")
    order = numpy.argsort(b.index)
    for name in arrays_in(wanted):
        equal(array_of(cells, name).tobytes(), array_of(wanted, name)[b.index[order]].tobytes(), name)


def test_chosen_arrays():
    reader = reader_of("sedov3d", 3)
    simple.SaveData(path_of("chosen.fast-htg"), proxy=reader, ChooseArraysToWrite=1,
                    CellDataArrays=["pressure"], Compressor="None", MaxThreads=3)
    equal(arrays_in(read(path_of("chosen.htg"), vtkXMLHyperTreeGridReader)), ["pressure"], "arrays")


def test_a_mesh_that_was_cut():
    reader = reader_of("sedov3d", 3)
    cut = simple.Threshold(Input=reader, Scalars=["CELLS", "density"], LowerThreshold=1.0,
                           UpperThreshold=10.0)
    cut.UpdatePipeline()
    wanted = mesh_of(cut)
    simple.SaveData(path_of("cut.fast-htg"), proxy=cut)
    got = read(path_of("cut.htg"), vtkXMLHyperTreeGridReader)
    equal(got.GetNumberOfCells(), wanted.GetNumberOfCells(), "cells")
    for index in Leaves(mesh_of(reader)).index:
        equal(got.GetMask().GetValue(int(index)), wanted.GetMask().GetValue(int(index)), "mask")


def producer_of(data):
    proxy = simple.TrivialProducer()
    proxy.GetClientSideObject().SetOutput(data)
    proxy.UpdatePipeline()
    return proxy


def fill(data, points, cells):
    """Arrays of all types, with names that XML must escape."""
    generator = numpy.random.RandomState(1)
    for attribute, count in ((data.GetPointData(), points), (data.GetCellData(), cells)):
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
            array = numpy_to_vtk(generator.randint(0, 100, (count, 3)).astype(kind), deep=1)
            array.SetName('a <"%s"> & b\'s' % kind)
            array.SetComponentName(0, "<x>")
            array.SetComponentName(1, "y")
            array.SetComponentName(2, "z")
            attribute.AddArray(array)
        real = numpy.full(count, numpy.nan)
        real[::2] = numpy.inf
        array = numpy_to_vtk(real, deep=1)
        array.SetName("not numbers")
        attribute.AddArray(array)
        attribute.SetActiveScalars("not numbers")
    texts = vtkStringArray()
    texts.SetName("texts")
    for text in ("one", "Z\u00fcrich <&>", ""):
        texts.InsertNextValue(text)
    data.GetFieldData().AddArray(texts)
    data.GetFieldData().AddArray(numpy_to_vtk(numpy.array([1.5, numpy.nan]), deep=1))
    data.GetFieldData().GetArray(1).SetName("numbers")


def check_fields(got):
    texts = got.GetFieldData().GetAbstractArray("texts")
    equal([texts.GetValue(i) for i in range(texts.GetNumberOfValues())],
          ["one", "Z\u00fcrich <&>", ""], "texts")
    numbers = vtk_to_numpy(got.GetFieldData().GetArray("numbers"))
    assert numbers[0] == 1.5 and numpy.isnan(numbers[1])


def test_all_types_of_arrays():
    image = vtkImageData()
    image.SetExtent(3, 40, -2, 20, 0, 0)
    image.SetOrigin(0.1, 0.2, 1 / 3)
    image.SetSpacing(0.7, 1e-9, 3)
    fill(image, image.GetNumberOfPoints(), image.GetNumberOfCells())
    simple.SaveData(path_of("types.fast-vti"), proxy=producer_of(image))
    got = read(path_of("types.vti"), vtkXMLImageDataReader)
    equal((got.GetExtent(), got.GetOrigin(), got.GetSpacing()),
          (image.GetExtent(), image.GetOrigin(), image.GetSpacing()), "image")
    same_arrays(got, image)
    check_fields(got)
    equal(got.GetCellData().GetScalars().GetName(), "not numbers", "active scalars")

    sphere = simple.Sphere(ThetaResolution=30)
    sphere.UpdatePipeline()
    points = vtkPolyData()
    points.DeepCopy(sphere.GetClientSideObject().GetOutputDataObject(0))
    fill(points, points.GetNumberOfPoints(), points.GetNumberOfCells())
    simple.SaveData(path_of("types.fast-vtp"), proxy=producer_of(points), Compressor="None")
    got = read(path_of("types.vtp"), vtkXMLPolyDataReader)
    same_arrays(got, points)
    check_fields(got)
    equal(vtk_to_numpy(got.GetPoints().GetData()).tobytes(),
          vtk_to_numpy(points.GetPoints().GetData()).tobytes(), "points")
    equal(vtk_to_numpy(got.GetPolys().GetConnectivityArray()).tolist(),
          vtk_to_numpy(points.GetPolys().GetConnectivityArray()).tolist(), "polygons")

    tetrahedra = simple.Tetrahedralize(Input=simple.Wavelet())
    tetrahedra.UpdatePipeline()
    grid = vtkUnstructuredGrid()
    grid.DeepCopy(tetrahedra.GetClientSideObject().GetOutputDataObject(0))
    fill(grid, grid.GetNumberOfPoints(), grid.GetNumberOfCells())
    simple.SaveData(path_of("types.fast-vtu"), proxy=producer_of(grid))
    got = read(path_of("types.vtu"), vtkXMLUnstructuredGridReader)
    same_arrays(got, grid)
    equal(vtk_to_numpy(got.GetCells().GetConnectivityArray()).tolist(),
          vtk_to_numpy(grid.GetCells().GetConnectivityArray()).tolist(), "cells")
    equal(set(vtk_to_numpy(got.GetCellTypesArray())), {10}, "types")


def test_nothing():
    emptied = vtkUnstructuredGrid()
    emptied.Initialize()  # as a pipeline does: it has no array of cells then
    for kind, data, reader in (("vtp", vtkPolyData(), vtkXMLPolyDataReader),
                               ("vtu", vtkUnstructuredGrid(), vtkXMLUnstructuredGridReader),
                               ("vtu", emptied, vtkXMLUnstructuredGridReader)):
        proxy = simple.TrivialProducer()
        proxy.GetClientSideObject().SetOutput(data)
        proxy.UpdatePipeline()
        simple.SaveData(path_of("nothing.fast-" + kind), proxy=proxy)
        equal(read(path_of("nothing." + kind), reader).GetNumberOfCells(), 0, kind)


def test_nothing_of_what_could_not_be_read():
    with Copy("sedov3d") as folder:
        os.truncate(os.path.join(folder, "sedov3d", "output_00003", "hydro_00003.out00002"), 3000)
        reader = simple.RAMSESReader(FileName=info_file("sedov3d", 3, folder))
        window, before = vtkStringOutputWindow(), vtkOutputWindow.GetInstance()
        vtkOutputWindow.SetInstance(window)
        for kind, source in (("htg", reader), ("vtu", reader),
                             ("vtu", simple.AMRLeafCells(Input=reader)),
                             ("vti", simple.AMRProjection(Input=reader)),
                             ("vti", simple.AMRCoveringGrid(Input=reader))):
            simple.SaveData(path_of("unread.fast-" + kind), proxy=source)
        simple.SaveData(path_of("unread.jld2"), proxy=reader)
        vtkOutputWindow.SetInstance(before)
        equal(window.GetOutput().count("not written, because"), 5, window.GetOutput())
        assert window.GetOutput().count("hydro_00003.out00002") >= 6, window.GetOutput()
        equal([name for name in os.listdir(FOLDER.name) if name.startswith("unread")], [], "files")
        simple.Delete(reader)


def test_a_path_that_cannot_be_written():
    reader = reader_of("sedov2d", 3)
    window, before = vtkStringOutputWindow(), vtkOutputWindow.GetInstance()
    vtkOutputWindow.SetInstance(window)
    simple.SaveData(os.path.join(FOLDER.name, "missing", "x.fast-htg"), proxy=reader)
    vtkOutputWindow.SetInstance(before)
    assert "missing/x.htg" in window.GetOutput() and "No such file" in window.GetOutput(), \
        window.GetOutput()
    assert not os.path.exists(os.path.join(FOLDER.name, "missing"))


def test_extractors_write_every_step():
    for proxy in list(simple.GetSources().values()):
        simple.Delete(proxy)  # their times would be steps too
    folder = path_of("steps")
    os.mkdir(folder)
    reader = reader_of("sedov3d", 2)
    extractors = []
    for kind, end in (("HTG", "htg"), ("VTU", "vtu")):
        extractor = simple.CreateExtractor("AMRExport" + kind, reader, registrationName=kind)
        extractor.Writer.FileName = "gas_{timestep:03d}." + end
        extractor.Writer.MaxThreads = 2
        extractor.Writer.Compressor = "LZ4"
        extractors.append(extractor)
    simple.SaveExtracts(ExtractsOutputDirectory=folder)
    for step, number in enumerate((2, 3)):
        wanted = mesh_of(reader_of("sedov3d", number))
        got = read(os.path.join(folder, "gas_%03d.htg" % step), vtkXMLHyperTreeGridReader)
        equal(array_of(got, "density").tobytes(), array_of(wanted, "density").tobytes(), "density")
        times = got.reader.GetOutputInformation(0).Get(got.reader.GetExecutive().TIME_STEPS())
        equal(times[0], fact(wanted, "time_myr"), "time")
        cells = read(os.path.join(folder, "gas_%03d.vtu" % step), vtkXMLUnstructuredGridReader)
        equal(cells.GetNumberOfCells(), expected("sedov3d", number)["leaf_cells"], "cells")
    equal(len(glob.glob(os.path.join(folder, "gas_*"))), 4, "files")
    for extractor in extractors:
        simple.Delete(extractor)


if __name__ == "__main__":
    run_tests(globals())
