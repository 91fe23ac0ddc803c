"""The particles of pvramses load --json against what an independent reader found."""

import shutil
import tempfile
import pathlib
import unittest

import command

FAMILIES = {"0": "gas_tracer", "1": "dark_matter", "2": "star", "3": "cloud", "4": "debris",
            "dm(birth==0)": "dark_matter", "star(birth!=0)": "star"}
OUR_NAMES = {"identity": "id", "levelp": "level"}


class Particles(unittest.TestCase):
    def check(self, expect, found):
        self.assertEqual(found["count"], expect["count"])
        families = expect.get("per_family") or expect["per_family_by_birth_time"]
        self.assertEqual(
            {name: one["count"] for name, one in found["families"].items()},
            {FAMILIES[code]: one["count"] for code, one in families.items() if one["count"] > 0},
        )
        for code, one in families.items():
            if one["count"] > 0:
                mass = found["families"][FAMILIES[code]]["mass"]
                self.assertAlmostEqual(mass, one["mass"], delta=1e-12 * one["mass"])
        for name, column in expect["columns"].items():
            with self.subTest(column=name):
                here = found["fields"][OUR_NAMES.get(name, name)]
                self.assertEqual(here["min"], column["min"])
                self.assertEqual(here["max"], column["max"])
                scale = expect["count"] * max(abs(column["min"]), abs(column["max"]))
                self.assertAlmostEqual(here["sum"], column["sum"], delta=1e-12 * scale)

    def test_every_output(self):
        checked = 0
        for output in command.outputs():
            expect = output.expect.get("particles")
            with self.subTest(output=output.name):
                found = command.run_json("load", output.info)["particles"]
                if expect:
                    self.check(expect, found)
                    checked += 1
                else:
                    self.assertEqual(found["count"], 0)
                    self.assertEqual(found["families"], {})
        self.assertGreaterEqual(checked, 3)

    def test_same_for_any_number_of_threads(self):
        output = command.output("web3d/output_00002")
        results = []
        for threads in (1, 2, 3, 8):
            results.append(
                command.run_json("load", output.info, "--threads", threads)["particles"]
            )
        for other in results[1:]:
            self.assertEqual(other, results[0])

    def test_fields_of_the_mesh_alone(self):
        output = command.output("web3d/output_00002")
        found = command.run_json("load", output.info, "--fields", "density")
        for key in ("particles", "sinks", "clumps", "halos"):
            self.assertNotIn(key, found)
        done = command.run("load", output.info, "--fields", "density")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("particles", done.stdout)

    def test_info_counts_them(self):
        for output in command.outputs():
            with self.subTest(output=output.name):
                found = command.run_json("info", output.info)
                expect = output.expect.get("particles")
                if not expect:
                    self.assertEqual(found["particles"]["present"], False)
                    continue
                self.assertEqual(found["particles"]["count"], expect["count"])
                families = expect.get("per_family") or expect["per_family_by_birth_time"]
                self.assertEqual(
                    found["particles"]["families"],
                    {FAMILIES[code]: one["count"] for code, one in families.items() if one["count"]})
                self.assertIn("mass", found["particles"]["fields"])
                page = command.run("info", output.info).stdout
                self.assertIn("particles  {:,}".format(expect["count"]), page)
            for ours, theirs in (("sinks", "sink"), ("clumps", "clump"), ("halos", "halo")):
                expected = output.expect.get(theirs) or {"rows": 0}
                self.assertEqual(found[ours]["count"], expected["rows"])

    def test_lists(self):
        for output in command.outputs():
            found = command.run_json("load", output.info)
            for ours, theirs in (("sinks", "sink"), ("clumps", "clump"), ("halos", "halo")):
                with self.subTest(output=output.name, list=ours):
                    expect = output.expect.get(theirs) or {"rows": 0}
                    self.assertEqual(found[ours]["count"], expect["rows"])
                    if "total_mass" in expect:
                        mass = expect["total_mass"]
                        self.assertAlmostEqual(found[ours]["mass"], mass, delta=1e-12 * mass)

    def test_truncated_file(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        broken = folder / "output_00002"
        shutil.copytree(command.DATA / "legacy3d" / "output_00002", broken)
        path = broken / "part_00002.out00002"
        path.write_bytes(path.read_bytes()[:-100])
        done = command.run("load", broken)
        self.assertEqual(done.returncode, 1)
        self.assertIn(path.name, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
