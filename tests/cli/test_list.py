"""pvramses list: the outputs of a run, its gaps and what is unfinished."""

import pathlib
import shutil
import tempfile
import unittest

import command


class List(unittest.TestCase):
    def setUp(self):
        self.run_folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.run_folder)
        source = command.DATA / "sedov3d"
        for folder in sorted(source.glob("output_*")):
            shutil.copytree(folder, self.run_folder / folder.name)

    def test_outputs_and_times(self):
        found = command.run_json("list", self.run_folder)
        self.assertEqual([one["output"] for one in found["outputs"]], [2, 3])
        self.assertEqual(found["finished"], 2)
        self.assertEqual(found["warnings"], [])
        for one in found["outputs"]:
            expect = command.output("sedov3d/output_%05d" % one["output"]).expect
            self.assertAlmostEqual(one["time"], expect["time_code"], delta=1e-13)
            self.assertEqual(one["ncpu"], expect["ncpu"])
            self.assertIsNone(one["redshift"])

    def test_any_path_of_the_run(self):
        whole = command.run_json("list", self.run_folder)["outputs"]
        for path in ("output_00002", "output_00003/info_00003.txt"):
            found = command.run_json("list", self.run_folder / path)["outputs"]
            self.assertEqual([one["output"] for one in found], [one["output"] for one in whole])

    def test_gaps_and_unfinished(self):
        (self.run_folder / "output_00003").rename(self.run_folder / "output_00007")
        (self.run_folder / "output_00009").mkdir()
        found = command.run_json("list", self.run_folder)
        # output_00007 holds the files of number 3: as unfinished as the empty folder
        self.assertEqual([one["finished"] for one in found["outputs"]], [True, False, False])
        self.assertTrue(any("3 to 6" in line for line in found["warnings"]), found["warnings"])
        self.assertTrue(any("output 8" in line for line in found["warnings"]), found["warnings"])
        page = command.run("list", self.run_folder).stdout
        self.assertEqual(page.count("not finished"), 2)

    def test_redshift_of_cosmological_runs(self):
        found = command.run_json("list", command.DATA / "web3d")
        for one in found["outputs"]:
            self.assertAlmostEqual(one["redshift"], 1 / one["aexp"] - 1)

    def test_no_run(self):
        empty = self.run_folder / "empty"
        empty.mkdir()
        done = command.run("list", empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(empty), done.stderr)


if __name__ == "__main__":
    unittest.main()
