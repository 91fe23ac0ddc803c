"""pvramses export x.jld2: Mera files."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from command import DATA, PROGRAM, run


class MeraFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.file = os.path.join(self.folder, "output_00002.jld2")
        self.output = os.path.join(DATA, "web3d", "output_00002")

    def tearDown(self):
        shutil.rmtree(self.folder)

    def export(self, *options):
        return run("export", self.output, "--out", self.file, "--quiet", *options)

    def test_same_totals(self):
        done = self.export("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["bytes_out"], os.path.getsize(self.file))
        one = json.loads(run("load", self.output, "--json").stdout)
        two = json.loads(run("load", self.file, "--json").stdout)
        for key in ("leaf_cells", "leaf_cells_per_level", "volume", "output", "boxlen", "time"):
            self.assertEqual(one[key], two[key], key)
        for name, field in two["fields"].items():
            self.assertEqual(one["fields"][name]["min"], field["min"], name)
            self.assertEqual(one["fields"][name]["max"], field["max"], name)

    def test_kinds_and_append(self):
        self.assertEqual(self.export("--kinds", "hydro", "--comments", "a web").returncode, 0)
        self.assertEqual(self.export("--kinds", "particles", "--append").returncode, 0)
        page = run("info", self.file).stdout
        self.assertIn("a web", page)
        again = self.export("--kinds", "particles", "--append")
        self.assertEqual(again.returncode, 1)
        self.assertIn("has particles already", again.stderr)
        self.assertEqual(os.listdir(self.folder), ["output_00002.jld2"])

    def test_verify(self):
        self.assertEqual(self.export().returncode, 0)
        other = os.path.join(self.folder, "output_00003.jld2")
        shutil.copy(self.file, other)
        with open(other, "r+b") as file:
            file.truncate(os.path.getsize(other) - 1000)
        done = run("verify", self.file, other, "--json", "--quiet")
        self.assertEqual(done.returncode, 1)
        self.assertIn("output_00003.jld2", done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["good"], told["bad"]), (1, 1))
        self.assertEqual([file["good"] for file in told["files"]], [True, False])
        self.assertEqual(told["files"][0]["filled"], 1)
        done = run("verify", self.file, "--quiet")
        self.assertEqual(done.returncode, 0)
        self.assertIn("good: hydro", done.stdout)
        self.assertEqual(run("verify").returncode, 2)
        self.assertEqual(run("verify", self.output, "--quiet").returncode, 1)

    def test_wrong_use(self):
        for options, reason in ((("--kinds", "gas"), "there is no 'gas' here"),
                                (("--kinds", "clumps"), "has no clumps"),
                                (("--fields", "density"), "are for VTK files")):
            failed = self.export(*options)
            self.assertEqual(failed.returncode, 1, options)
            self.assertIn(reason, failed.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_kill_leaves_the_old(self):
        with open(self.file, "w") as file:
            file.write("old")
        for wait in (0.0, 0.002, 0.005, 0.01, 0.02, 0.05):
            process = subprocess.Popen(
                [PROGRAM, "export", self.output, "--out", self.file, "--quiet", "--compressor",
                 "zlib", "--threads", "1"], stdout=subprocess.DEVNULL)
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                pass
            process.kill()
            process.wait()
            with open(self.file, "rb") as file:
                begin = file.read(4)
            self.assertIn(begin, (b"old", b"HDF5"))
            self.assertEqual(os.listdir(self.folder), ["output_00002.jld2"])
            if begin == b"HDF5":
                self.assertEqual(run("load", self.file, "--quiet").returncode, 0)


if __name__ == "__main__":
    unittest.main()
