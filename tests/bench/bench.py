"""Runs the benchmarks and prints figures side by side (see bench.sh)."""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench_maps

HERE = pathlib.Path(__file__).resolve().parent


def run(command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def output_json(command, **options):
    """The JSON object that standard output ends with."""
    text = run(command, stdout=subprocess.PIPE, **options).stdout
    return json.loads(text[re.search(r"^\{", text, re.M).start():])


def make_output(build, folder, kind, cells, name=None, more=()):
    """Generates an output, or takes the one that is there from an earlier run."""
    target = folder / f"{name or kind}-{cells}"
    stamp = target / "made.json"
    if not stamp.exists():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        made = run([build / "bin/pvr_generate", target, "--cells", str(cells), "--kind", kind, *more],
                   stdout=subprocess.PIPE).stdout
        stamp.write_text(made)
    return pathlib.Path(json.loads(stamp.read_text())["path"])


def warm(output):
    """Brings the output's files into the page cache."""
    for path in output.iterdir():
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


def python_with_yt():
    for python in ("/usr/bin/python3", "python3"):
        if subprocess.run([python, "-c", "import yt"], capture_output=True).returncode == 0:
            return python
    return None


def bench_yt(output, leaf_cells):
    python = python_with_yt()
    if python is None:
        print("  yt is not installed (Debian: python3-yt): left out")
        return None
    result = output_json([python, HERE / "bench_yt.py", output], stderr=subprocess.DEVNULL)
    if result["leaf_cells"] != leaf_cells:
        sys.exit(f"yt finds {result['leaf_cells']} leaf cells, not {leaf_cells}")
    return result["seconds"]


def peak_above_arrays(build, output, threads):
    result = output_json([build / "bin/pvramses", "load", output, "--json", "--quiet",
                          "--threads", str(threads)])
    return (result["peak_rss_bytes"] - result["array_bytes"]) / result["array_bytes"], result


def plugin_folder(build):
    cache = (build / "CMakeCache.txt").read_text()
    found = re.search(r"^PVRAMSES_PLUGIN_DIR:INTERNAL=(.*)$", cache, re.M)
    return found.group(1) if found else None


def bench_paraview(build, output, runs, fields=None):
    """Medians of UpdatePipeline, of Apply to the first slice, and of `pvramses load`."""
    plugins = plugin_folder(build)
    if plugins is None or shutil.which("pvpython") is None:
        print("  ParaView's plugin is not built: left out")
        return None
    environment = dict(os.environ, PV_PLUGIN_PATH=plugins)
    display = str(200 + os.getpid() % 20000)
    command = ["xvfb-run", "-a", "-n", display, "-s", "-noreset", "pvpython",
               str(HERE / "bench_paraview.py"), str(output)]
    load = [build / "bin/pvramses", "load", output, "--json", "--quiet", "--precision", "float"]
    if fields:
        command += ["--fields", ",".join(fields)]
        load += ["--fields", ",".join(fields)]
    update, slices, core, last = [], [], [], {}
    for _ in range(runs):
        last = output_json(command, env=environment)
        update.append(last["update_seconds"])
        slices.append(last["slice_seconds"])
        core.append(output_json(load)["seconds"])
    return {"update": statistics.median(update), "slice": statistics.median(slices),
            "load": statistics.median(core), "last": last}


def report_paraview(figures):
    print(f"  in ParaView: UpdatePipeline {figures['update']:.3f} s, pvramses load "
          f"{figures['load']:.3f} s: ratio {figures['update'] / figures['load']:.2f}")
    print(f"  in ParaView: Apply to the first rendered slice {figures['slice']:.3f} s: "
          f"{figures['slice'] / figures['load']:.2f} times pvramses load")


def bench_grids(build, output):
    """Leaf cells and a covering grid; leaf cells in ParaView against its own filter."""
    result = output_json([build / "bin/pvr_bench_grids", output])
    plugins = plugin_folder(build)
    if plugins is not None and shutil.which("pvpython") is not None:
        command = ["pvpython", str(HERE / "bench_leaf_cells.py"), str(output)]
        runs = [output_json(command, env=dict(os.environ, PV_PLUGIN_PATH=plugins)) for _ in range(3)]
        last = runs[-1]
        ours, theirs = (min(run[name] for run in runs) for name in ("seconds", "vtk_seconds"))
        print(f"  in ParaView: {last['leaf_cells'] / 1e6:.2f} million leaf cells in {ours:.3f} s, its own "
              f"filter {theirs:.3f} s: {theirs / ours:.0f} times (aim: 10); memory "
              f"{last['bytes'] / last['vtk_bytes']:.2f} of its (aim: at most 0.5)")
        result["paraview"] = last
    return result


def bench_ranks(arguments, folder):
    """Reading and projecting 10 million cells in 64 domains, on one rank and on two, of one thread."""
    plugins = plugin_folder(arguments.build)
    if plugins is None or not all(shutil.which(name) for name in ("pvbatch", "mpirun")):
        print("  ParaView or MPI is not there: ranks are left out")
        return None
    output = make_output(arguments.build, folder, "clustered", 10000000, "ranks", ["--ncpu", "64"])
    warm(output)
    environment = dict(os.environ, PV_PLUGIN_PATH=plugins)
    result = folder / "ranks.json"
    figures = {}
    for ranks, split in ((1, "By trees"), (2, "By trees"), (2, "By domains")):
        runs = []
        for _ in range(arguments.runs):
            display = str(200 + os.getpid() % 20000)
            run(["xvfb-run", "-a", "-n", display, "mpirun", "--allow-run-as-root",
                 "--oversubscribe", "--bind-to", "core", "-np", str(ranks), "pvbatch", "--symmetric",
                 str(HERE / "bench_ranks.py"), str(output), split, str(result)],
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            runs.append(json.loads(result.read_text()))
        runs.sort(key=lambda numbers: numbers["seconds"])
        figures[f"{ranks} {split}"] = runs[len(runs) // 2]
    one = figures["1 By trees"]
    for name, numbers in figures.items():
        most = 1.25 if "trees" in name else 1.05
        print(f"  {name.lower()}: {numbers['seconds']:.3f} s ({numbers['load_seconds']:.3f} s of it "
              f"reading), gain {one['seconds'] / numbers['seconds']:.2f} (aim of two: 1.7); bytes "
              f"read {numbers['bytes_read'] / one['bytes_read']:.3f} times those of one rank (aim: at most "
              f"{most})")
    return figures


def bench_plan(build):
    """Who would read what of 10^9 cells in 4096 domains: the worst of what the test of it tells."""
    print("\nplans of 10^9 cells in 4096 domains for 2 to 1024 ranks")
    environment = dict(os.environ, PVR_GENERATE=str(build / "bin/pvr_generate"))
    told = run([build / "bin/test_plan"], env=environment, capture_output=True).stdout
    planned = re.findall(r"planned for \d+ ranks, \d+ domains in ([\d.]+) s; .* (\d+) MiB", told)
    splits = re.findall(r"(\d+) ranks by (\w+).*max/mean ([\d.]+) \(at best ([\d.]+)\)", told)
    worst = max(float(imbalance) / float(best) for _, _, imbalance, best in splits)
    domains = max(float(imbalance) for ranks, how, imbalance, _ in splits
                  if how == "domains" and 4096 // int(ranks) >= 8)
    print(f"  {max(float(seconds) for seconds, _ in planned):.2f} s, "
          f"{max(int(mebibytes) for _, mebibytes in planned)} MiB (aim: under 2 s and 1024 MiB); largest "
          f"number of cells at most {worst:.2f} times the best possible (aim: 1.1), by domains "
          f"{domains:.3f} times the mean (aim: 1.2)")
    return {"planned": planned, "worst": worst, "domains": domains}


def bench_kind(arguments, folder, kind):
    output = make_output(arguments.build, folder, kind, arguments.cells)
    warm(output)
    print(f"\n{kind}: {output}")
    sys.stdout.flush()
    load = output_json([arguments.build / "bin/pvr_bench_load", output, "--runs",
                        str(arguments.runs)])
    share, _ = peak_above_arrays(arguments.build, output, load["threads"])
    print(f"  one field takes {100 * load['one_field_seconds'] / load['load_seconds']:.0f} % of the "
          f"time of all; peak memory above the arrays {100 * share:.0f} % of them")
    print(f"  two levels less: {load['coarse_bytes_read'] / 1e6:.0f} MB read of "
          f"{load['bytes_read'] / 1e6:.0f} MB")
    cache = output_json([arguments.build / "bin/pvr_bench_cache", output, "--runs",
                         str(arguments.runs)])
    derived = output_json([arguments.build / "bin/pvr_bench_derived", output, "--runs",
                           str(arguments.runs), "--field", "temperature"])["fields"]["temperature"]
    print(f"  temperature: {derived['seconds']:.3f} s, copying its inputs "
          f"{derived['copy_seconds']:.3f} s: ratio "
          f"{derived['seconds'] / derived['copy_seconds']:.2f}")
    grids = bench_grids(arguments.build, output)
    maps = bench_maps.measure(arguments.build, output, arguments.runs, output_json, python_with_yt())
    yt = bench_yt(output, load["leaf_cells"])
    if yt is not None:
        print(f"  yt, the same five fields of all leaf cells: {yt:.2f} s: pvramses is "
              f"{yt / load['load_seconds']:.0f} times faster")
    paraview = bench_paraview(arguments.build, output, arguments.runs)
    if paraview is not None:
        report_paraview(paraview)
    return {"load": load, "cache": cache, "grids": grids, "maps": maps, "temperature": derived,
            "yt_seconds": yt, "paraview": paraview, "peak_above_arrays": share}


def bench_region(arguments, folder):
    """Spheres of 1 % of the volume, of an output of many domains."""
    output = make_output(arguments.build, folder, "clustered", arguments.cells, "region",
                         ("--ncpu", "96"))
    warm(output)
    print(f"\nregions: {output}")
    sys.stdout.flush()
    figures = output_json([arguments.build / "bin/pvr_bench_region", output, "--runs",
                           str(arguments.runs)])
    print(f"  1 % of the volume: at most {figures['worst_bytes']:.2f} times the octs' bytes of the "
          f"domains that own a cell in it are read; a byte takes "
          f"{figures['time_per_byte']:.1f} times as long as of the whole mesh")
    return figures


def bench_convert(arguments, folder):
    """Mera files, converted one at a time and many at once."""
    return output_json([sys.executable, HERE / "bench_convert.py", arguments.build, folder, "--runs",
                        str(arguments.runs)])


def bench_particles(arguments, folder):
    """Ten million particles in the domains of the clustered output."""
    output = make_output(arguments.build, folder, "clustered", arguments.cells)
    print("\nparticles")
    sys.stdout.flush()
    target = folder / "particles"
    figures = output_json([arguments.build / "bin/pvr_bench_particles", output, target, "--runs",
                           str(arguments.runs)])
    python = python_with_yt()
    if python is not None:  # which wants all files of the mesh too
        made = target / output.name
        for path in output.iterdir():
            if not (made / path.name).exists():
                (made / path.name).symlink_to(path)
        warm(made)
        yt = output_json([python, HERE / "bench_yt.py", made, "particles"],
                         stderr=subprocess.DEVNULL)
        if yt["particles"] != figures["particles"]:
            sys.exit(f"yt finds {yt['particles']} particles, not {figures['particles']}")
        print(f"  yt, the same columns: {yt['seconds']:.2f} s: pvramses is "
              f"{yt['seconds'] / figures['load_double_seconds']:.0f} times faster")
        figures["yt_seconds"] = yt["seconds"]
    return figures


def bench_progressive(arguments, folder):
    """Level by level from a disk that needs 10 s for all, and from memory."""
    output = make_output(arguments.build, folder, "clustered", arguments.cells)
    warm(output)
    for seconds in (10, 0):
        print(f"\nlevel by level, {f'a load of {seconds} s' if seconds else 'from memory'}: {output}")
        sys.stdout.flush()
        run([arguments.build / "bin/pvr_bench_progressive", output, str(seconds)])


def bench_export(arguments, output):
    """Files of the mesh and of its leaf cells, on a RAM disk where there is one."""
    ram = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="pvramses-export-",
                                     dir=ram if os.access(ram, os.W_OK) else None) as folder:
        figures = output_json([arguments.build / "bin/pvr_bench_export", output, folder, "--keep",
                               "--runs", str(arguments.runs)])
        vtk = None
        if shutil.which("pvpython") is not None:
            vtk = output_json(["pvpython", HERE / "bench_vtk_writers.py", folder])
    print(f"\nexport: {output}, LZ4, to {'a RAM disk' if os.access(ram, os.W_OK) else 'the disk'}")
    for kind in ("htg", "vtu"):
        ours = figures[kind]
        print(f"  .{kind}: {ours['seconds_1']:.3f} s with 1 thread, {ours['seconds_n']:.3f} s with "
              f"{figures['threads']} (gain {ours['speedup']:.2f}, aim: 1.75); liblz4 alone and writing "
              f"{ours['reference_1']:.3f} s, {ours['reference_n']:.3f} s: "
              f"{100 * ours['rate_of_reference_1']:.0f} %, {100 * ours['rate_of_reference_n']:.0f} % "
              f"of its rate (aim: 80 %)")
        print(f"        these gain {ours['reference_1'] / ours['reference_n']:.2f} from {figures['threads']} "
              f"threads; writing alone {ours['writing_1']:.3f} s, {ours['writing_n']:.3f} s")
        if vtk is not None:
            theirs = vtk[kind]["seconds"]
            print(f"        VTK's own writer {theirs:.3f} s: {theirs / ours['seconds_1']:.2f} times "
                  f"as long as 1 thread (aim: 1.1), {theirs / ours['seconds_n']:.2f} as "
                  f"{figures['threads']} (aim: 2)")
    print(f"  geometry: {figures['geometry_htg'] / 1e6:.2f} MB in .htg, "
          f"{figures['geometry_vtu'] / 1e6:.0f} MB in .vtu: "
          f"{figures['geometry_htg'] / figures['geometry_vtu']:.4f} of it (aim: at most 0.1)")
    return {"ours": figures, "vtk": vtk}


def bench_mera(arguments, folder):
    """Writing and reading a Mera file, on a RAM disk where there is one."""
    output = make_output(arguments.build, folder, "clustered", arguments.cells)
    warm(output)
    print("\nMera file of clustered")
    sys.stdout.flush()
    fast = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else folder) as room:
        path = pathlib.Path(room) / "output_00002.jld2"
        runs = [output_json([arguments.build / "bin/pvramses", "export", output, "--out", path, "--json",
                             "--quiet"]) for _ in range(arguments.runs)]
        written = statistics.median(one["seconds"] for one in runs)
        print(f"  written with LZ4, read back and compared: {written:.2f} s, {runs[0]['bytes_in'] / 1e6:.0f} MB "
              f"as {runs[0]['bytes_out'] / 1e6:.0f} MB (the output loaded before: "
              f"{runs[-1]['load_seconds']:.2f} s)")
        threads = str(len(runs[0]["threads"]["per_thread"]))
        run([arguments.build / "bin/pvr_bench_mera", path, threads, str(arguments.runs)])
        share = output_json([arguments.build / "bin/pvramses", "load", path, "--json", "--quiet"])
        above = (share["peak_rss_bytes"] - share["array_bytes"]) / share["leaf_cells"]
        print(f"  peak memory above the arrays: {above:.1f} bytes a cell")
    return {"write_seconds": written, "bytes_out": runs[0]["bytes_out"], "peak_bytes_per_cell": above}


def peak_bytes(command):
    """Most memory that the command held."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return 1024 * usage.ru_maxrss


def bench_large(arguments, folder):
    output = make_output(arguments.build, folder, "clustered", arguments.large)
    print(f"\nlarge: {output}")
    load = output_json([arguments.build / "bin/pvramses", "load", output, "--json", "--quiet",
                        "--precision", "float", "--fields", "density"])
    print(f"  {load['leaf_cells'] / 1e6:.1f} million leaf cells, one field: {load['seconds']:.2f} s, "
          f"{load['array_bytes'] / 1e6:.0f} MB of array, peak {load['peak_rss_bytes'] / 1e6:.0f} MB")
    with tempfile.TemporaryDirectory(dir=folder) as room:
        above = peak_bytes([arguments.build / "bin/pvramses", "export", output, "--quiet", "--precision",
                            "float", "--fields", "density", "--out", pathlib.Path(room) / "cells.vtu"])
    above -= load["array_bytes"]
    print(f"  written as .vtu: peak {above / 2 ** 20:.0f} MiB above the arrays, the octree included")
    paraview = bench_paraview(arguments.build, output, 1, fields=["density"])
    if paraview is not None:
        report_paraview(paraview)
        print(f"  in ParaView: peak {paraview['last']['peak_rss_bytes'] / 1e6:.0f} MB")
    return {"load": load, "paraview": paraview, "export_bytes_above_arrays": above}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cells", type=int, default=10800000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--dir", default="")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.dir or pathlib.Path(tempfile.gettempdir()) / "pvramses-bench")
    print("\nranks: load and map of 10 million cells, 64 domains, one thread each")
    ranks = bench_ranks(arguments, folder)
    plan = bench_plan(arguments.build)
    results = {kind: bench_kind(arguments, folder, kind) for kind in ("clustered", "zoom")}
    results["region"] = bench_region(arguments, folder)
    results["mera"] = bench_mera(arguments, folder)
    results["convert"] = bench_convert(arguments, folder)
    results["particles"] = bench_particles(arguments, folder)
    bench_progressive(arguments, folder)
    results["export"] = bench_export(
        arguments, make_output(arguments.build, folder, "clustered", arguments.cells))
    if arguments.large > 0:
        results["large"] = bench_large(arguments, folder)
    results["ranks"], results["plan"] = ranks, plan
    target = arguments.build / "bench.json"
    target.write_text(json.dumps(results, indent=1))
    print(f"\nall figures: {target}; the outputs stay in {folder} for the next run")


if __name__ == "__main__":
    main()
