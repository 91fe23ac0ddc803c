"""Counts what the ranks of a pvbatch open and read; status 1 unless small files are read by one rank,
tables of domains too, and a file is open only while a thread reads from it.

    run_files.py FOLDER GENERATOR PVRAMSES COUNT_FILES PVBATCH MPIRUN XVFB_COMMAND...

Two outputs: one of the project's data, with particles, and one of 4096 domains that the generator
makes in FOLDER, whose files are all read, by the command line (that may have 32 files open) and by
one rank, two and three.
"""

import collections
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys

DOMAINS = 4096
TREES, BY_DOMAINS = "By trees", "By domains"
problems = []
Count = collections.namedtuple("Count", "opens requests bytes looks")


def check(right, what):
    if not right:
        problems.append(what)
        print("WRONG: " + what, flush=True)


def read_logs(log):
    """Of each rank the counts by file name, and how many files were open at once."""
    ranks = []
    for path in sorted(glob.glob(glob.escape(log) + ".[0-9]*")):
        counts, most = {}, 0
        with open(path) as file:
            for line in file:
                words = line.rstrip("\n").split(" ", 4)
                if words[0] == "most":
                    most = int(words[1])
                    continue
                name, more = os.path.basename(words[4]), Count(*map(int, words[:4]))
                counts[name] = Count(*map(sum, zip(counts.get(name, (0, 0, 0, 0)), more)))
        ranks.append((counts, most))
        os.remove(path)
    return ranks


class Batch:
    def __init__(self, folder, library, pvbatch, mpirun, screen):
        self.folder, self.library, self.screen = folder, library, list(screen)
        self.mpirun = [mpirun, "--allow-run-as-root", "--oversubscribe", "-np"]
        self.pvbatch = pvbatch

    def run(self, ranks, info, split):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parallel_files.py")
        result, log = os.path.join(self.folder, "result"), os.path.join(self.folder, "log")
        if os.path.exists(result):
            os.remove(result)
        command = self.screen + self.mpirun + [
            str(ranks), "env", "LD_PRELOAD=" + self.library, "PVR_COUNT_LOG=" + log,
            "PVR_COUNT_PATH=" + os.path.dirname(info), self.pvbatch, "--symmetric", script, info,
            result, split]
        program = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        output = program.stdout.decode(errors="replace")
        what = "%d ranks, %s: " % (ranks, split)
        if program.returncode != 0 or "ERR|" in output or not os.path.exists(result):
            check(False, what + output)
            sys.exit(1)
        with open(result) as file:
            numbers = json.load(file)
        logs = read_logs(log)
        check(len(logs) == ranks, what + "%d logs" % len(logs))
        for counts, most in logs:
            check(most <= (os.cpu_count() or 1), what + "%d files open at once" % most)
        # what is not of a domain is rank 0's affair, and each is looked at a few times
        for name in sorted(set(name for counts, _ in logs for name in counts)):
            here = [counts.get(name, Count(0, 0, 0, 0)) for counts, _ in logs]
            if not re.search(r"\.out\d{5}$", name):
                check(not any(any(count) for count in here[1:]),
                      what + "%s: %r" % (name, here))
                check(here[0].opens <= 4, what + "%s: opened %d times" % (name, here[0].opens))
            looks = sum(count.looks for count in here)
            check(re.search(r"^(info|output)_", name) or looks <= 3,
                  what + "%s: looked for %d times" % (name, looks))
        return numbers, logs, what


def bytes_of(logs, kind):
    """Of all ranks, and how many ranks read in each file."""
    total, readers = 0, collections.Counter()
    for counts, _ in logs:
        for name, count in counts.items():
            if name.startswith(kind):
                total += count.bytes
                readers[name] += count.bytes > 0
    return total, readers


def check_data(batch):
    """An output with particles: read by one rank, and shared."""
    info = os.path.join(os.environ["PVRAMSES_DATA"], "web3d", "output_00002", "info_00002.txt")
    serial = None
    for ranks, split in ((1, TREES), (2, BY_DOMAINS), (3, TREES)):
        numbers, logs, what = batch.run(ranks, info, split)
        names = set(name for counts, _ in logs for name in counts)
        for name in ("info_00002.txt", "hydro_file_descriptor.txt", "part_file_descriptor.txt",
                     "header_00002.txt"):
            check(name in names, what + "nobody reads " + name)
        serial = serial or (numbers, bytes_of(logs, "part_0")[0])
        for name in ("leaf_cells", "particles"):
            check(numbers[name] == serial[0][name], what + "%d %s" % (numbers[name], name))
        total, readers = bytes_of(logs, "part_0")
        check(total <= 1.01 * serial[1] + 4096 * ranks, what + "%d bytes of particles" % total)
        beyond_first = [name for name, count in readers.items() if count > 1 and
                        not name.endswith("out00001")]
        check(not beyond_first, what + "particles of %r read twice" % beyond_first)


def check_many(batch, folder, generator, pvramses):
    run = os.path.join(folder, "many")
    made = json.loads(subprocess.run(
        [generator, run, "--ncpu", str(DOMAINS), "--cells", "30000", "--levelmin", "4",
         "--levelmax", "6"], stdout=subprocess.PIPE, check=True).stdout)
    output = os.path.join(run, "output_00002")

    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    loaded = json.loads(subprocess.run([pvramses, "load", output, "--json", "--quiet"], check=True,
                                       stdout=subprocess.PIPE, preexec_fn=few_files).stdout)
    check(loaded["leaf_cells_per_level"] == made["leaf_cells_per_level"], "levels of the command line")
    mapped = json.loads(subprocess.run(
        [pvramses, "project", output, "--field", "density", "--mode", "surface-density", "--pixels",
         "64", "--out", os.path.join(folder, "map.vti"), "--json", "--quiet"], check=True,
        stdout=subprocess.PIPE, preexec_fn=few_files).stdout)
    for what, mass in (("all cells", loaded["total_mass"]), ("the map", mapped["integral"])):
        check(abs(mass - made["total_mass"]) < 1e-12, "mass of %s: %r" % (what, mass))
    # the lists of each domain's octs: 4 bytes for each domain and level
    table = 4 * DOMAINS * loaded["levelmax"]
    serial = None
    for ranks, split in ((1, TREES), (2, TREES), (3, BY_DOMAINS), (3, TREES)):
        numbers, logs, what = batch.run(ranks, os.path.join(output, "info_00002.txt"), split)
        check(numbers["leaf_cells"] == made["leaf_cells"], what + "%d cells" % numbers["leaf_cells"])
        check(abs(numbers["mass"] - made["total_mass"]) < 1e-12, what + "mass %r" % numbers["mass"])
        total, readers = bytes_of(logs, "amr")
        serial = serial or total
        check(len(readers) == DOMAINS, what + "%d amr files" % len(readers))
        check(total <= 1.05 * serial, what + "%d bytes of amr files, %d in one" % (total, serial))
        opened = sum(readers.values())
        check(opened <= 1.05 * DOMAINS, what + "%d amr files opened by all" % opened)
        twice = sum(sum(counts.get(name, Count(0, 0, 0, 0)).bytes > table for counts, _ in logs) > 1
                    for name in readers)
        check(twice <= ranks, what + "%d tables read by more than one rank" % twice)
        print("%s%.2f s; amr files: %.1f MB, opened by %.3f ranks on average; hydro %.1f MB" %
              (what, numbers["seconds"], 1e-6 * total, opened / DOMAINS,
               1e-6 * bytes_of(logs, "hydro")[0]), flush=True)


def main(folder, generator, pvramses, library, pvbatch, mpirun, *screen):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    batch = Batch(folder, library, pvbatch, mpirun, screen)
    try:
        check_data(batch)
        check_many(batch, folder, generator, pvramses)
    finally:
        shutil.rmtree(os.path.join(folder, "many"), ignore_errors=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
