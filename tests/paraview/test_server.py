"""A client of a pvserver of two ranks: it reads, sums up and projects; plugins that differ are told of.

Usage: pvpython test_server.py PORT VERSION SERVER_VERSION   (none: the server has no plugin)
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.environ["PVRAMSES_PYTHON"])

from paraview import servermanager, simple
import pvramses_view as rv
from pvr_check import expected, info_file


def says(call, *texts):
    try:
        call()
    except RuntimeError as error:
        assert all(text in str(error) for text in texts), str(error)
        return
    raise AssertionError("nothing was said of " + texts[0])


says(lambda: rv.check_versions("0.1.0", "0.2.0"), "version 0.1.0 in this client", "0.2.0 on the server")
says(lambda: rv.check_versions("0.1.0", None), "server has not loaded")
says(lambda: rv.check_versions(None, "0.1.0"), "this client has not", "0.1.0")
port, here, there = int(sys.argv[1]), sys.argv[2], sys.argv[3]
time.sleep(3)  # until the server listens; Connect waits some more
if there == "none":
    says(lambda: rv.connect("localhost", port), "server has not loaded")
elif there != here:
    says(lambda: rv.connect("localhost", port), "version %s in this client" % here,
         "%s on the server" % there)
    simple.RAMSESReader(FileName=info_file("web3d", 2))  # says it, as in the window
else:
    rv.connect("localhost", port)
    reader = simple.RAMSESReader(FileName=info_file("web3d", 2))
    reader.UpdatePipeline(reader.TimestepValues[0])
    assert "2 ranks by trees" in rv.thread_report(reader), rv.thread_report(reader)
    numbers = simple.AMRStatistics(Input=reader)
    numbers.UpdatePipeline(reader.TimestepValues[0])
    table = servermanager.Fetch(numbers)
    wanted = expected("web3d", 2)["leaf_cells"]
    found = table.GetColumnByName("cells").GetValue(0)
    assert found == wanted, "%d cells, not %d" % (found, wanted)
    surface = simple.AMRProjection(Input=reader, Resolution=64)
    surface.UpdatePipeline(reader.TimestepValues[0])
    assert surface.GetDataInformation().GetNumberOfCells() == 64 * 64
print("server: ok", flush=True)
