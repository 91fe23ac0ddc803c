"""pvramses bench: what it measures adds up, and it leaves nothing behind."""

import os
import tempfile
import unittest
import xml.etree.ElementTree

from command import output, run, run_json


class Bench(unittest.TestCase):
    def test_table_and_plot(self):
        with tempfile.TemporaryDirectory(prefix="pvramses-bench-") as folder:
            plot = os.path.join(folder, "b.svg")
            found = run_json("bench", output("sedov3d/output_00003").folder, "--threads", "5", "--runs", "1",
                             "--folder", folder, "--plot", plot)
            self.assertEqual([entry["threads"] for entry in found["runs"]], [1, 2, 4, 5])
            for entry in found["runs"]:
                for stage in ("load", "project", "export"):
                    self.assertGreater(entry[stage], 0)
            self.assertIn(found["recommended"]["threads"], (1, 2, 4, 5))
            self.assertEqual(found["recommended"]["threads"],
                             max(found["recommended"][stage] for stage in ("load", "project", "export")))
            xml.etree.ElementTree.parse(plot)
            self.assertEqual(os.listdir(folder), ["b.svg"])

    def test_words(self):
        with tempfile.TemporaryDirectory(prefix="pvramses-bench-") as folder:
            done = run("bench", output("sedov1d/output_00002").folder, "--threads", "2", "--runs", "1",
                       "--folder", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("use --threads", done.stdout)

    def test_a_folder_that_is_not_there(self):
        done = run("bench", output("sedov1d/output_00002").folder, "--folder", "/missing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/missing", done.stderr)


if __name__ == "__main__":
    unittest.main()
