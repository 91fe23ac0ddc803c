"""--region: parts of an output add up to the whole, in any unit, and nothing is no failure."""

import itertools
import json
import pathlib
import tempfile
import unittest

import command


def part(output, region, *more):
    return command.run_json("load", output.info, "--region", region, *more)


class Region(unittest.TestCase):
    def octants(self, output):
        """Eight boxes (four, two) that fill the box, in shares of it."""
        for corner in itertools.product((0.25, 0.75), repeat=output.expect["ndim"]):
            centre = list(corner) + [0.5] * (3 - len(corner))
            yield "box,%s,0.5,0.5,0.5,box" % ",".join(map(str, centre))

    def test_parts_make_the_whole(self):
        for output in command.outputs():
            if output.name not in ("sedov3d/output_00003", "sedov2d/output_00003",
                                   "sedov1d/output_00002", "web3d/output_00002",
                                   "order_planar/output_00002"):
                continue
            for more in ((), ("--by-centre",), ("--stream",)):
                with self.subTest(output=output.name, more=more):
                    parts = [part(output, region, "--fields", "density,pressure", *more)
                             for region in self.octants(output)]
                    self.assertEqual(sum(p["leaf_cells"] for p in parts),
                                     output.expect["leaf_cells"])
                    fields = output.fields()
                    for name in ("density", "pressure"):
                        whole = fields[name]
                        self.assertEqual(min(p["fields"][name]["min"] for p in parts), whole["min"])
                        self.assertEqual(max(p["fields"][name]["max"] for p in parts), whole["max"])
                        total = sum(p["fields"][name]["sum_field_volume"] for p in parts)
                        self.assertAlmostEqual(total, whole["sum_field_volume"],
                                               delta=1e-12 * abs(total))
                        self.assertEqual(parts[0]["fields"][name]["not_finite"], 0)

    def test_particles(self):
        output = command.output("web3d/output_00003")
        parts = [part(output, region) for region in self.octants(output)]
        count = sum(p["particles"]["count"] for p in parts)
        self.assertEqual(count, output.expect["particles"]["count"])

    def test_units(self):
        output = command.output("web3d/output_00003")
        unit = command.run_json("info", output.info)["unit_l"]
        boxlen = command.run_json("info", output.info)["boxlen"]
        in_cm = part(output, "sphere," + ",".join(
            repr(x * unit * boxlen) for x in (0.4, 0.5, 0.6, 0.1)) + ",cm", "--fields", "density")
        shares = part(output, "sphere,0.4,0.5,0.6,0.1,box", "--fields", "density")
        code = part(output, "sphere,%r,%r,%r,%r,code" % tuple(
            x * boxlen for x in (0.4, 0.5, 0.6, 0.1)), "--fields", "density")
        for other in (in_cm, code):
            self.assertEqual(other["leaf_cells_per_level"], shares["leaf_cells_per_level"])
            for a, b in zip(other["region"]["centre"], shares["region"]["centre"]):
                self.assertAlmostEqual(a, b, delta=1e-12)
        self.assertEqual(shares["region"]["type"], "sphere")
        self.assertFalse(shares["region"]["by_centre"])

    def test_cylinder_along_z_by_default(self):
        output = command.output("sedov3d/output_00003")
        one = part(output, "cylinder,0.5,0.5,0.5,0.2,0.3,box", "--fields", "density")
        other = part(output, "cylinder,0.5,0.5,0.5,0.2,0.3,0,0,5,box", "--fields", "density")
        tilted = part(output, "cylinder,0.5,0.5,0.5,0.2,0.3,1,1,5,box", "--fields", "density")
        self.assertEqual(one["leaf_cells_per_level"], other["leaf_cells_per_level"])
        self.assertEqual(one["region"]["axis"], [0, 0, 1])
        self.assertNotEqual(one["leaf_cells"], tilted["leaf_cells"])

    def test_across_a_border(self):
        """A sphere at the corner has as many cells as its eight parts."""
        output = command.output("web3d/output_00002")
        whole = part(output, "sphere,0,0,0,0.2,box", "--fields", "density", "--by-centre")
        self.assertGreater(whole["leaf_cells"], 0)
        same = part(output, "sphere,1,1,0,0.2,box", "--fields", "density", "--by-centre")
        self.assertEqual(whole["leaf_cells_per_level"], same["leaf_cells_per_level"])
        self.assertAlmostEqual(whole["volume"], 4 / 3 * 3.14159265 * 0.2**3, delta=0.002)

    def test_nothing_there(self):
        output = command.output("sedov3d/output_00003")
        done = command.run("load", output.info, "--region", "sphere,7,7,7,0.1", "--json")
        self.assertEqual(done.returncode, 0)
        found = json.loads(done.stdout)
        self.assertEqual(found["leaf_cells"], 0)
        self.assertEqual(found["volume"], 0)
        self.assertIn("the box of this output reaches from (0, 0, 0) to (0.5, 0.5, 0.5)", done.stderr)

    def test_wrong_words(self):
        output = command.output("sedov3d/output_00003")
        for region in ("cube,1,2,3,4", "sphere", "sphere,1,2,3", "sphere,1,2,3,4,5", "box,1,2,3",
                       "sphere,1,2,3,4,parsec", "cylinder,1,2,3,4,5,6", "sphere,1,2,x,4", ""):
            with self.subTest(region=region):
                done = command.run("load", output.info, "--region", region)
                self.assertEqual(done.returncode, 2)
                self.assertIn("--region", done.stderr)
        for region in ("sphere,nan,0,0,1", "cylinder,0,0,0,1,1,0,0,0"):
            done = command.run("load", output.info, "--region", region)
            self.assertEqual(done.returncode, 1)

    def test_export(self):
        output = command.output("sedov3d/output_00003")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "part.htg"
            whole = command.run_json("export", output.info, "--out", path, "--fields", "density")
            found = command.run_json("export", output.info, "--out", path, "--fields", "density",
                                     "--region", "sphere,0.5,0.5,0.5,0.1,box")
            self.assertLess(found["count"], whole["count"] / 4)
            done = command.run("export", output.info, "--out", path, "--region", "sphere,9,9,9,1")
            self.assertEqual(done.returncode, 1)
            self.assertIn("the box of this output", done.stderr)


if __name__ == "__main__":
    unittest.main()
