"""pvramses convert within a limit of memory: a real control group, where this machine lets us make one."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import command


class Group:
    """A control group of either version below the one that this process is in."""

    def __init__(self, limit):
        groups = pathlib.Path("/proc/self/cgroup").read_text()
        first = re.search(r"^\d+:memory:(.*)$", groups, re.M)
        second = re.search(r"^0::(.*)$", groups, re.M)
        root, group = ("/sys/fs/cgroup/memory", first) if first else ("/sys/fs/cgroup", second)
        self.folder = pathlib.Path(root + group.group(1)) / ("pvramses-test-%d" % os.getpid())
        self.folder.mkdir()
        try:
            name = "memory.limit_in_bytes" if first else "memory.max"
            (self.folder / name).write_text(str(limit))
        except OSError:
            self.folder.rmdir()
            raise

    def enter(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        self.folder.rmdir()


class Limited(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.old, self.new = self.place / "old", self.place / "new"
        self.old.mkdir()
        for number in range(1, 9):
            target = self.old / ("output_%05d.jld2" % number)
            shutil.copy(command.DATA / "mera" / "mera144_hydro_00002.jld2", target)
        report = self.report(command.run(*self.command(), "--json"))
        shutil.rmtree(self.new)
        self.need = report["files"][0]["memory"]

    def command(self):
        return ["convert", self.old, self.new, "--threads", 2, "--min-threads", 2]

    def limit(self, limit):
        try:
            group = Group(limit)
        except OSError:
            self.skipTest("no control group can be made here")
        self.addCleanup(group.remove)
        return group

    @staticmethod
    def report(done):
        if not done.stdout:
            raise AssertionError("exit status %d: %s" % (done.returncode, done.stderr))
        return json.loads(done.stdout)

    def test_files_wait_for_each_other(self):
        """There is room for one at a time, whatever is asked for."""
        limit = int(1.4 * self.need / 0.8)
        group = self.limit(limit)
        report = self.report(command.run(*self.command(), "--json", preexec_fn=group.enter))
        self.assertEqual((report["success"], report["failed"]), (8, 0))
        self.assertEqual(report["memory_total_bytes"], limit // 4096 * 4096)
        self.assertEqual((report["safety_violations"], report["own_violations"]), (0, 0))
        self.assertEqual(report["threads_used"], 1)
        self.assertLess(report["most_memory_usage_percent"], 80)

    def test_what_never_fits_is_not_tried(self):
        group = self.limit(int(0.9 * self.need / 0.8))
        done = command.run(*self.command(), "--json", preexec_fn=group.enter)
        self.assertEqual(done.returncode, 1)
        report = self.report(done)
        self.assertEqual((report["success"], report["failed"]), (0, 8))
        self.assertIn("GiB of memory", report["files"][0]["reason"])
        self.assertIn("can never fit", done.stderr)
        self.assertEqual([path.name for path in self.new.iterdir()], ["pvramses-convert.log"])

    def test_others_are_waited_for(self):
        """Another process of the group takes the memory; once it has gone, all is converted."""
        limit = 3 * self.need
        group = self.limit(limit)
        hog = subprocess.Popen(
            [sys.executable, "-c", "import sys; x = b'1' * int(sys.argv[1]); print(); input()",
             str(2 * self.need)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=group.enter,
        )
        hog.stdout.readline()
        process = subprocess.Popen(
            [command.PROGRAM, *map(str, self.command()), "--yes", "--report", self.place / "report"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            universal_newlines=True, preexec_fn=group.enter,
        )
        first = process.stderr.readline()
        hog.communicate(b"\n")
        rest = process.communicate(timeout=command.SECONDS)[1]
        self.assertIn("waiting: others use the memory", first)
        self.assertEqual(process.returncode, 0, rest)
        self.assertEqual(rest.count("] output_"), 8)
        report = json.loads((self.place / "report").read_text())
        self.assertEqual((report["success"], report["own_violations"]), (8, 0))


if __name__ == "__main__":
    unittest.main()
