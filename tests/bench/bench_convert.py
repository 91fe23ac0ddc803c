"""Converting Mera files: one large file, many at once, and under a limit of memory.

    bench_convert.py BUILD FOLDER [--runs N]

Files are made from generated outputs: with columns as Mera 1.9 writes them, and as LZ4 frames of linked
blocks, as Mera wrote them until 1.7. Sources and targets are on a RAM disk, so that no disk is measured;
what reading back and bringing to the disk take is told apart.
"""

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


def tell(text):
    """For people; standard output is for the figures as JSON."""
    print(text, file=sys.stderr, flush=True)


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def make_file(build, folder, cells):
    """Paths of a Mera file of so many cells: of today, and of old."""
    new, old = folder / f"mera-{cells}.jld2", folder / f"mera-{cells}-old.jld2"
    if not old.exists():
        target = folder / f"mera-output-{cells}"
        run(build / "bin/pvr_generate", target, "--cells", cells)
        (output,) = target.glob("output_*")
        run(build / "bin/pvramses", "export", output, "--out", new, "--quiet")
        run(build / "bin/pvr_bench_old_mera", new, old)
        shutil.rmtree(target)
    return new, old


def convert(build, old, new, threads, *options):
    """The report; `new` is made and taken away again."""
    report = json.loads(run(build / "bin/pvramses", "convert", old, new, "--threads", threads, "--quiet", "--json",
                            *options))
    shutil.rmtree(new)
    return report


def fill(folder, source, count):
    folder.mkdir()
    for number in range(1, count + 1):
        shutil.copy(source, folder / f"output_{number:05d}.jld2")


def one_file(build, place, source, runs):
    old, new = place / "one", place / "one-new"
    fill(old, source, 1)
    seconds, checks = [], []
    for _ in range(runs):
        report = convert(build, old, new, 2)
        (file,) = report["files"]
        checks.append(file["verify_seconds"])
        seconds.append(report["conversion_time"] - file["verify_seconds"] - file["sync_seconds"])
    shutil.rmtree(old)
    return statistics.median(seconds), statistics.median(checks)


def many_files(build, place, source, count, runs):
    """Seconds with one thread and with two, taken in turn."""
    old, new = place / "many", place / "many-new"
    fill(old, source, count)
    seconds = {1: [], 2: []}
    for _ in range(runs):
        for threads in seconds:
            seconds[threads].append(convert(build, old, new, threads)["conversion_time"])
    shutil.rmtree(old)
    return tuple(statistics.median(seconds[threads]) for threads in (1, 2))


class Limit:
    """A control group with a limit of memory, below the one that this process is in."""

    def __init__(self, limit):
        groups = pathlib.Path("/proc/self/cgroup").read_text()
        first = re.search(r"^\d+:memory:(.*)$", groups, re.M)
        group = first or re.search(r"^0::(.*)$", groups, re.M)
        root = "/sys/fs/cgroup/memory" if first else "/sys/fs/cgroup"
        self.folder = pathlib.Path(root + group.group(1)) / f"pvramses-{os.getpid()}"
        self.peak = "memory.max_usage_in_bytes" if first else "memory.peak"
        self.folder.mkdir()
        try:
            (self.folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(limit))
        except OSError:
            self.folder.rmdir()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.rmdir()

    def run(self, command):
        """What the command prints."""
        enter = lambda: (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        return subprocess.run([str(part) for part in command], preexec_fn=enter, check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def limited(build, folder, source, limit):
    """Converts files within a control group; None where this machine lets us make none. Not on the RAM disk, whose
    files would count."""
    old, new = folder / "limited", folder / "limited-new"
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)
    try:
        with Limit(limit) as group:
            fill(old, source, 8)
            report = json.loads(group.run([build / "bin/pvramses", "convert", old, new, "--threads", 8, "--min-threads", 8,
                                           "--quiet", "--json"]))
    except OSError:
        return None
    finally:
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(new, ignore_errors=True)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path, help="where the files are kept for the next time")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    build, folder = arguments.build.resolve(), arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    ram = pathlib.Path("/dev/shm")
    place = pathlib.Path(tempfile.mkdtemp(dir=ram if ram.is_dir() else folder, prefix="pvramses-bench-"))
    figures = {}
    tell("\nconverting Mera files")
    try:
        large, small = make_file(build, folder, 10800000), make_file(build, folder, 1000000)
        for name, which in (("LZ4 frames of Mera 1.7 and before", 1), ("LZ4 of Mera 1.9", 0)):
            seconds, check = one_file(build, place, large[which], arguments.runs)
            one, two = many_files(build, place, small[which], 20, arguments.runs)
            figures[name] = {"one": seconds, "verify": check, "many_1": one, "many_2": two}
            tell(f"  {name}: one file of {large[which].stat().st_size / 1e6:.0f} MB, 2 threads: {seconds:.2f} s, and "
                  f"{check:.2f} s to read it back and compare")
            tell(f"    20 files of {small[which].stat().st_size / 1e6:.0f} MB: {one:.2f} s with 1 thread, {two:.2f} s with 2: "
                  f"{one / two:.2f} times")
        report = limited(build, folder, make_file(build, folder, 3000000)[1], 1 << 30)
        if report is None:
            tell("  no control group can be made here: the limit of memory is left out")
        else:
            need = min(file["memory"] for file in report["files"])
            tell(f"  8 files that need {need / 1e6:.0f} MB each (with one thread) under a limit of 1 GiB, 8 threads: {report['success']} converted, "
                  f"at most {report['most_memory_usage_percent']:.0f} % used, {report['safety_violations']} violations")
        figures["limited"] = report
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
