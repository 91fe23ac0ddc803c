"""pvramses info: the page for a person and the object for a program."""

import math
import unittest

import command


class Info(unittest.TestCase):
    def test_json(self):
        for output in command.outputs():
            with self.subTest(output=output.name):
                self.check(output, command.run_json("info", output.info))

    def check(self, output, found):
        expect = output.expect
        self.assertEqual(found["output"], output.number)
        self.assertEqual(found["ndim"], expect["ndim"])
        self.assertEqual(found["ncpu"], expect["ncpu"])
        self.assertEqual(found["ordering"], expect["ordering"])
        self.assertEqual(found["levelmin"], expect["levelmin"])
        self.assertEqual(found["box_size"], expect["box_size_code"])
        self.assertEqual(found["aexp"], expect["aexp"])
        self.assertAlmostEqual(found["gamma"], expect["gamma"], delta=1e-6)
        self.assertEqual(found["leaf_cells"], expect["leaf_cells"])
        per_level = {
            str(level["level"]): level["leaf_cells"]
            for level in found["levels"]
            if level["leaf_cells"] > 0
        }
        self.assertEqual(per_level, expect["leaf_cells_per_level"])
        for level in found["levels"]:
            self.assertEqual(level["cells"], level["octs"] * 2 ** expect["ndim"])
            self.assertAlmostEqual(
                level["cell_size"], expect["coarse_cell_size"] / 2 ** level["level"], delta=1e-15
            )
        self.assertEqual(
            found["cells"] - found["leaf_cells"],
            found["octs"] - found["levels"][0]["octs"],
            "every refined cell has one oct",
        )
        variables = [name for field in found["fields"] for name in field["variables"]]
        self.assertEqual(sorted(set(variables)), sorted(output.fields()))
        on_disk = sum(path.stat().st_size for path in output.folder.glob("*"))
        self.assertEqual(found["disk_bytes"], on_disk)
        self.assertEqual(sum(kind["bytes"] for kind in found["files"].values()), on_disk)
        mesh = sum(
            found["files"].get(kind, {"bytes": 0})["bytes"]
            for kind in ("amr", "hydro", "grav", "rt", "clump_field")
        )
        self.assertEqual(found["mesh_disk_bytes"], mesh)
        self.assertEqual(found["files"]["amr"]["count"], expect["ncpu"])
        self.assertGreater(found["memory_bytes_double"], found["memory_bytes_float"])

    def test_redshift_is_of_cosmological_runs_alone(self):
        web = command.run_json("info", command.output("web3d/output_00003").folder)
        self.assertTrue(web["cosmological"])
        self.assertAlmostEqual(web["redshift"], 1 / 0.200114537837875 - 1, delta=1e-12)
        dark, matter = web["omega_l"], web["omega_m"]  # a flat universe: its age in closed form
        age = math.asinh(math.sqrt(dark / matter * web["aexp"] ** 3)) / (1.5 * math.sqrt(dark))
        age *= 3.08567758128e19 / web["H0"] / 3.15576e13
        self.assertAlmostEqual(web["time_myr"], age, delta=1e-6 * age)
        sedov = command.run_json("info", command.output("sedov3d/output_00003").folder)
        self.assertFalse(sedov["cosmological"])
        self.assertIsNone(sedov["redshift"])

    def test_page(self):
        done = command.run("info", command.output("web3d/output_00003").folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        for words in (
            "cosmological",
            "redshift 3.997",
            "Mpc",
            "hilbert",
            "347,544",
            "154,790",
            "density",
            "velocity (vector)",
            "levelmin 5, levelmax 9",
            "part ",
        ):
            self.assertIn(words, done.stdout)

    def test_page_of_every_output(self):
        for output in command.outputs():
            with self.subTest(output=output.name):
                done = command.run("info", output.info)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("nan", done.stdout)
                self.assertNotIn("inf ", done.stdout)


if __name__ == "__main__":
    unittest.main()
