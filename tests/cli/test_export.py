"""pvramses export: what it says, what it refuses, and what is left when something goes wrong."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from command import DATA, PROGRAM, output, run, run_json


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Export(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="pvramses-export-")
        self.folder = pathlib.Path(self.temporary.name)
        self.output = output("sedov3d/output_00003")

    def tearDown(self):
        self.temporary.cleanup()

    def names(self):
        return sorted(os.listdir(self.folder))

    def test_statistics(self):
        path = self.folder / "a.htg"
        found = run_json("export", self.output.folder, "--out", path)
        self.assertEqual(found["file"], str(path))
        self.assertEqual(found["bytes_out"], path.stat().st_size)
        self.assertAlmostEqual(found["ratio"], found["bytes_in"] / found["bytes_out"])
        self.assertEqual(found["of_what"], "cells")
        self.assertEqual(sum(thread["tasks"] > 0 for thread in found["threads"]["per_thread"]) > 0, True)
        # density, velocity (three components), pressure in double, and a bit per cell
        self.assertGreaterEqual(found["bytes_in"], 40 * found["count"])
        self.assertEqual(self.names(), ["a.htg"])

    def test_words(self):
        done = run("export", self.output.folder, "--out", self.folder / "a.htg")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("cells", done.stdout)
        self.assertIn("ratio", done.stdout)

    def digests(self, folder, path, *options):
        """Of the file, written by several numbers of threads. The command line stands in it: they
        are told by the environment."""
        found = set()
        for threads in (1, 2, 3, 8):
            done = run("export", folder, "--out", path, *options,
                       env=dict(os.environ, OMP_NUM_THREADS=str(threads)))
            self.assertEqual(done.returncode, 0, done.stderr)
            found.add(digest(path))
        return found

    def test_any_number_of_threads_gives_the_same_file(self):
        for compressor in ("lz4", "zlib", "none"):
            self.assertEqual(len(self.digests(self.output.folder, self.folder / "a.htg", "--compressor",
                                              compressor)), 1, compressor)
        many_blocks = output("web3d/output_00003").folder
        for name, options in (("a.htg", ["--lmin", "6"]), ("a.vtu", ["--lmax", "8"]),
                              ("a.vti", ["--grid-level", "6"]), ("a.vtp", [])):
            self.assertEqual(len(self.digests(many_blocks, self.folder / name, *options)), 1, name)

    def test_grids_that_no_memory_can_hold(self):
        path = self.folder / "a.vti"
        for outputs, part in (([], "a grid of 65536 x 65536 x 65536 cells needs"),
                              (["--outputs", "3"], "output_00003")):
            folder = self.output.folder.parent if outputs else self.output.folder
            done = run("export", folder, "--out", path, "--grid-level", "16", "--quiet", *outputs)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(self.names(), [])

    def test_wrong_use(self):
        folder, path = self.output.folder, self.folder / "a.htg"
        for arguments, part in (
            ([folder], "--out"),
            ([folder, "--out", self.folder / "a.xyz"], "end of the name"),
            ([folder, "--out", self.folder / "a"], "end of the name"),
            ([folder, "--out", path, "--compressor", "gzip"], "gzip"),
            ([folder, "--out", path, "--level", "0"], "level"),
            ([folder, "--out", path, "--level", "10"], "level"),
            ([folder, "--out", path, "--points", "planets"], "planets"),
            ([folder, "--out", path, "--length-unit", "mile"], "mile"),
            ([folder, "--out", path, "--jobs", "2"], "--outputs"),
            ([folder.parent, "--out", path, "--outputs", "3:1"], "3:1"),
            ([folder.parent, "--out", path, "--outputs", "1:2:0"], "1:2:0"),
            ([folder.parent, "--out", path, "--outputs", "2-3"], "2-3"),
            ([folder.parent, "--out", path, "--outputs", "50:60"], "no outputs"),
        ):
            done = run("export", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.names(), [])

    def test_what_is_not_there(self):
        folder, path = self.output.folder, self.folder / "a.htg"
        points = self.folder / "a.vtp"
        for arguments, part in (
            ([self.folder / "missing", "--out", path], "missing"),
            ([folder, "--out", path, "--fields", "densty"], "densty"),
            ([folder, "--out", path, "--fields", "density,"], "''"),
            ([folder, "--out", path, "--fields", "metallicity"], "metallicity"),
            ([folder, "--out", path, "--log10", "temprature"], "temprature"),
            ([folder, "--out", path, "--fields", "level", "--log10", "level"], "whole numbers"),
            ([folder, "--out", path, "--lmax", "1"], "level"),
            ([folder, "--out", points], "no particles"),
            ([folder, "--out", points, "--points", "sinks"], "no list of sinks"),
            ([folder, "--out", self.folder / "no" / "a.htg"], "No such file"),
            ([folder, "--out", "/proc/a.htg"], "/proc/a.htg"),
        ):
            done = run("export", *arguments)
            self.assertEqual(done.returncode, 1, (arguments, done.stderr))
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(self.names(), [])

    def test_points_of_legacy_outputs(self):
        found = run_json("export", output("legacy3d/output_00002").folder, "--out",
                         self.folder / "a.vtp", "--families", "star", "--fields", "mass,age")
        wanted = output("legacy3d/output_00002").expect["particles"]
        self.assertLess(found["count"], wanted["count"])
        done = run("export", output("legacy3d/output_00002").folder, "--out", self.folder / "b.vtp",
                   "--families", "planet")
        self.assertEqual(done.returncode, 1)
        self.assertIn("planet", done.stderr)


class Batch(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="pvramses-batch-")
        self.folder = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def test_one_bad_output_does_not_stop_the_rest(self):
        run_folder = self.folder / "run"
        run_folder.mkdir()
        for number in (1, 2, 3, 4):
            new = run_folder / ("output_%05d" % number)
            shutil.copytree(DATA / "sedov2d" / "output_00003", new)
            for path in new.iterdir():
                path.rename(new / path.name.replace("00003.", "%05d." % number))
        with open(run_folder / "output_00002" / "hydro_00002.out00001", "r+b") as stream:
            stream.truncate(1000)
        out = self.folder / "gas.htg"
        for jobs in ((), ("--jobs", "2"), ("--jobs", "3", "--threads", "5")):
            done = run("export", run_folder, "--outputs", "1:4", "--out", out, "--json", *jobs)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("hydro_00002.out00001", done.stderr)
            found = json.loads(done.stdout)
            self.assertEqual([item["state"] for item in found["outputs"]],
                             ["done", "failed", "done", "done"])
            self.assertEqual((found["done"], found["failed"], found["not_done"]), (3, 1, 0))
            self.assertLessEqual(found["most_threads"], len(os.sched_getaffinity(0)))
            self.assertEqual(found["bytes_out"],
                             sum(os.path.getsize(item["file"]) for item in found["outputs"]
                                 if item["state"] == "done"))
            with open(found["series"]) as stream:
                text = stream.read()
            self.assertEqual([name in text for name in
                              ("gas_00001.htg", "gas_00002.htg", "gas_00003.htg", "gas_00004.htg")],
                             [True, False, True, True])
            self.assertNotIn(str(self.folder), text)
        self.assertEqual(len(list(self.folder.glob("*.part"))), 0)
        found = run_json("export", run_folder, "--outputs", "1:4:2", "--out", self.folder / "two.htg")
        self.assertEqual([item["output"] for item in found["outputs"]], [1, 3])
        found = run_json("export", DATA / "sedov3d", "--outputs", "3", "--out", self.folder / "mera.jld2")
        self.assertIsNone(found["series"])  # no collection for ParaView lists Mera's files
        self.assertEqual(list(self.folder.glob("mera*")), [self.folder / "mera_00003.jld2"])


class Disk(unittest.TestCase):
    """A disk that is too small: a tmpfs of its own, where we may mount one."""

    def mount(self, size):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pvramses-disk-"))
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s" % size, "tmpfs",
                                  str(self.folder)],
                                 stderr=subprocess.DEVNULL) if shutil.which("mount") else None
        if mounted is None or mounted.returncode != 0:
            self.folder.rmdir()
            self.skipTest("no tmpfs can be mounted here")

    def tearDown(self):
        if self.folder.exists():
            subprocess.run(["umount", str(self.folder)], check=True)
            self.folder.rmdir()

    def test_a_disk_that_gets_full_on_the_way(self):
        self.mount("15700k")  # the values would fit; what LZ4 adds to them does not
        path = self.folder / "a.htg"
        path.write_text("the old file")
        for threads in ("1", "2", "7"):
            done = run("export", output("web3d/output_00003").folder, "--out", path, "--threads",
                       threads, "--quiet")
            self.assertEqual(done.returncode, 1)
            self.assertIn("%s: cannot be written: No space left on device" % path, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertEqual(path.read_text(), "the old file")
            self.assertEqual(os.listdir(self.folder), ["a.htg"])

    def test_a_full_disk_leaves_the_old_file(self):
        self.mount("1m")
        path = self.folder / "a.htg"
        path.write_text("the old file")
        for compressor in ("none", "lz4"):
            done = run("export", output("web3d/output_00003").folder, "--out", path, "--compressor",
                       compressor, "--quiet")
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(path), done.stderr)
            self.assertIn("has only", done.stderr)  # told before anything is written
            self.assertEqual(path.read_text(), "the old file")
            self.assertEqual(os.listdir(self.folder), ["a.htg"])


class Killed(unittest.TestCase):
    def test_a_killed_export_leaves_the_old_file(self):
        with tempfile.TemporaryDirectory(prefix="pvramses-killed-") as folder:
            path = pathlib.Path(folder) / "a.htg"
            for wait in (0.02, 0.05, 0.1, 0.2):
                for which in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
                    path.write_text("the old file")
                    process = subprocess.Popen(
                        [PROGRAM, "export", str(output("web3d/output_00003").folder), "--out",
                         str(path), "--compressor", "zlib", "--level", "9", "--quiet"],
                        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                    time.sleep(wait)
                    process.send_signal(which)
                    status = process.wait()
                    if status != 0:  # it was not quicker than we
                        self.assertIn(status, (-which, 128 + which))
                        self.assertEqual(path.read_text(), "the old file")
                    self.assertEqual(os.listdir(folder), ["a.htg"])


if __name__ == "__main__":
    unittest.main()
