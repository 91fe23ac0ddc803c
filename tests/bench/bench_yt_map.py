"""Makes a map of the density with yt, and prints the seconds as JSON."""

import json
import pathlib
import sys
import time

import yt

yt.set_log_level(50)
folder, pixels = pathlib.Path(sys.argv[1]), int(sys.argv[2])
info = next(folder.glob("info_*.txt"))
begin = time.perf_counter()
dataset = yt.load(str(info))
image = dataset.proj(("ramses", "Density"), "z").to_frb(dataset.domain_width[0], pixels)
values = image["ramses", "Density"]
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, "mean": float(values.mean())}))
