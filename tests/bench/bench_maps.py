"""Maps, side by side: of a mesh in memory, straight from the files, by RAMSES' own amr2map, by yt;
a series of ten outputs with one and two jobs (see bench.py)."""

import os
import pathlib
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PIXELS = 2048


def loaded(build, output, runs, output_json):
    """Of a mesh in memory: figures of pvr_bench_project, with their ratios."""
    figures = output_json([build / "bin/pvr_bench_project", output, "--runs", str(runs), "--pixels",
                           str(PIXELS)])
    seconds = {name[:-8]: value for name, value in figures.items() if name.endswith("_seconds")}
    print(f"  five fields take {seconds['five_fields'] / seconds['one_field']:.2f} times one, oblique "
          f"{seconds['oblique'] / seconds['surface_density']:.2f} times straight, one thread "
          f"{seconds['one_thread'] / seconds['surface_density']:.2f} times all")
    return figures


def from_files(build, output, runs, output_json):
    """Seconds from the page cache to the map, the process's start counted."""
    best, inside = [], []
    for _ in range(runs):
        begin = time.perf_counter()
        figures = output_json([build / "bin/pvramses", "project", output, "--pixels", str(PIXELS),
                               "--json", "--quiet"])
        best.append(time.perf_counter() - begin)
        inside.append(figures["seconds"])
    print(f"  pvramses project: {min(best):.3f} s ({min(inside):.3f} s of it the map), peak "
          f"{figures['peak_rss_bytes'] / 1e6:.0f} MB")
    return {"seconds": min(best), "map_seconds": min(inside), "peak": figures["peak_rss_bytes"]}


def amr2map(program, output, runs):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "-inp", str(output), "-out", str(pathlib.Path(folder) / "map"), "-dir",
                   "z", "-nx", str(PIXELS), "-ny", str(PIXELS), "-typ", "1", "-act", "1"]
        best = []
        for _ in range(runs):
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            best.append(time.perf_counter() - begin)
    return min(best)


def series(build, output, runs, output_json):
    """Ten outputs (links to one), two jobs of a thread against one."""
    with tempfile.TemporaryDirectory() as folder:
        number = output.name[-5:]
        for i in range(10):
            target = pathlib.Path(folder) / ("output_%05d" % (i + 1))
            target.mkdir()
            for path in output.iterdir():
                name = path.name.replace("_" + number, "_%05d" % (i + 1))
                os.symlink(path, target / name)
        best = {}
        for jobs in (1, 2) * runs:
            figures = output_json([build / "bin/pvramses", "series", folder, "--jobs", str(jobs),
                                   "--threads", "1", "--json", "--quiet"])
            assert figures["done"] == 10, figures
            best[jobs] = min(best.get(jobs, 1e9), figures["seconds"])
    print(f"  series of ten outputs: {best[1]:.2f} s with one job, {best[2]:.2f} s with two: "
          f"{best[1] / best[2]:.2f} times")
    return best


def measure(build, output, runs, output_json, python):
    result = {"loaded": loaded(build, output, runs, output_json),
              "files": from_files(build, output, runs, output_json)}
    ours = result["files"]["seconds"]
    program = os.environ.get("AMR2MAP", "")
    if program:
        result["amr2map"] = amr2map(program, output, runs)
        print(f"  amr2map: {result['amr2map']:.3f} s: {result['amr2map'] / ours:.2f} times as long")
    else:
        print("  amr2map of RAMSES' utils is left out: AMR2MAP=path names it")
    if python is not None:
        yt = output_json([python, HERE / "bench_yt_map.py", output, str(PIXELS)],
                         stderr=subprocess.DEVNULL)
        result["yt"] = yt["seconds"]
        print(f"  yt: {yt['seconds']:.2f} s: {yt['seconds'] / ours:.0f} times as long")
    result["series"] = series(build, output, 2, output_json)
    return result
