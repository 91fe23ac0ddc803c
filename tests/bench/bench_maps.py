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
    figures = output_json([build / "bin/pvr_bench_project", output, "--runs", str(3 * runs), "--pixels",
                           str(PIXELS)])
    seconds = {name[:-8]: value for name, value in figures.items() if name.endswith("_seconds")}
    straight = seconds["surface_density"]
    print(f"  surface density {straight:.3f} s (aim: at most 0.35); one thread "
          f"{seconds['one_thread'] / straight:.2f} times as long as {figures['threads']} (aim: 1.75); five "
          f"fields {seconds['five_fields'] / seconds['one_field']:.2f} times one (aim: at most 2.2); "
          f"oblique {seconds['oblique'] / straight:.2f} times straight (aim: at most 4)")
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
        # one after the other: a virtual machine's host takes back what memory is free for seconds
        for jobs in (1,) * runs + (2,) * runs:
            figures = output_json([build / "bin/pvramses", "series", folder, "--jobs", str(jobs),
                                   "--threads", "1", "--json", "--quiet"])
            assert figures["done"] == 10, figures
            best[jobs] = min(best.get(jobs, 1e9), figures["seconds"])
    print(f"  series of ten outputs: {best[1]:.2f} s with one job, {best[2]:.2f} s with two: "
          f"{best[1] / best[2]:.2f} times (aim: 1.7)")
    return best


def measure(build, output, runs, output_json, python):
    result = {"loaded": loaded(build, output, runs, output_json),
              "files": from_files(build, output, runs, output_json)}
    ours = result["files"]["seconds"]
    program = os.environ.get("AMR2MAP", "")
    if program:
        result["amr2map"] = amr2map(program, output, runs)
        print(f"  amr2map: {result['amr2map']:.3f} s: {result['amr2map'] / ours:.2f} times as long "
              f"(aim: 2)")
    else:
        print("  amr2map of RAMSES' utils is left out: AMR2MAP=path names it")
    if python is not None:
        yt = output_json([python, HERE / "bench_yt_map.py", output, str(PIXELS)],
                         stderr=subprocess.DEVNULL)
        result["yt"] = yt["seconds"]
        print(f"  yt: {yt['seconds']:.2f} s: {yt['seconds'] / ours:.0f} times as long (aim: 12)")
    result["series"] = series(build, output, 3, output_json)
    return result
