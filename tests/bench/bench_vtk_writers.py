"""VTK's own writers on the files of pvr_bench_export (--keep), with the same blocks: seconds of
Write alone (wall, and of the processor), best of the runs. Run by pvpython; VTK 9.2's .htg writer
spoils the header of what it writes, but does all of the work."""

import json
import os
import sys
import time

from vtkmodules.vtkIOXML import (vtkXMLHyperTreeGridReader, vtkXMLHyperTreeGridWriter,
                                 vtkXMLUnstructuredGridReader, vtkXMLUnstructuredGridWriter)

folder, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
result = {}
for kind, reader_class, writer_class in (
        ("htg", vtkXMLHyperTreeGridReader, vtkXMLHyperTreeGridWriter),
        ("vtu", vtkXMLUnstructuredGridReader, vtkXMLUnstructuredGridWriter)):
    reader = reader_class()
    reader.SetFileName(os.path.join(folder, "bench." + kind))
    begin = time.monotonic()
    reader.Update()
    reading = time.monotonic() - begin
    seconds, busy = [], []
    for _ in range(runs):
        writer = writer_class()
        writer.SetInputData(reader.GetOutput())
        writer.SetFileName(os.path.join(folder, "vtk." + kind))
        writer.SetDataModeToAppended()
        writer.EncodeAppendedDataOff()
        writer.SetHeaderTypeToUInt64()
        writer.SetCompressorTypeToLZ4()
        writer.SetBlockSize(1 << 20)
        begin, begin_busy = time.monotonic(), time.process_time()
        writer.Write()
        seconds.append(time.monotonic() - begin)
        busy.append(time.process_time() - begin_busy)
    result[kind] = {"seconds": min(seconds), "processor_seconds": min(busy), "read_seconds": reading,
                    "bytes": os.path.getsize(os.path.join(folder, "vtk." + kind))}
    os.remove(os.path.join(folder, "vtk." + kind))
print(json.dumps(result))
