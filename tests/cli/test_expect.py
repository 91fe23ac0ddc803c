"""pvramses load --json against what an independent reader found in the same outputs."""

import unittest

import command


class Expect(unittest.TestCase):
    def check(self, output, found):
        expect = output.expect
        self.assertEqual(found["output"], output.number)
        self.assertEqual(found["ndim"], expect["ndim"])
        self.assertEqual(found["ncpu"], expect["ncpu"])
        self.assertEqual(found["ordering"], expect["ordering"])
        self.assertEqual(found["levelmin"], expect["levelmin"])
        self.assertEqual(found["boxlen"], expect["boxlen_info"])
        self.assertAlmostEqual(
            found["time"], expect["time_code"], delta=1e-13 * abs(expect["time_code"])
        )
        self.assertEqual(found["leaf_cells"], expect["leaf_cells"])
        self.assertEqual(found["leaf_cells_per_level"], expect["leaf_cells_per_level"])
        self.assertAlmostEqual(found["volume"], expect["volume"], delta=1e-12 * expect["volume"])
        self.assertAlmostEqual(
            found["total_mass"], expect["total_mass"], delta=1e-12 * expect["total_mass"]
        )
        fields = output.fields()
        self.assertEqual(sorted(found["fields"]), sorted(fields))
        for name, values in fields.items():
            with self.subTest(output=output.name, field=name):
                here = found["fields"][name]
                self.assertEqual(here["min"], values["min"])
                self.assertEqual(here["max"], values["max"])
                self.assertEqual(here["not_finite"], 0)
                self.assertAlmostEqual(
                    here["sum_field_volume"],
                    values["sum_field_volume"],
                    delta=1e-12 * values["sum_abs_field_volume"],
                )
        self.assertGreater(found["seconds"], 0)
        self.assertGreater(found["bytes_read"], 0)
        self.assertGreater(found["peak_rss_bytes"], 0)
        threads = found["threads"]
        self.assertEqual(len(threads["per_thread"]), threads["max"])
        self.assertEqual(
            sum(one["bytes_read"] for one in threads["per_thread"]), found["bytes_read"]
        )
        self.assertGreater(threads["efficiency"], 0)
        self.assertTrue(0 < threads["balance"] <= 1, threads["balance"])

    def test_load(self):
        for output in command.outputs():
            with self.subTest(output=output.name):
                self.check(output, command.run_json("load", output.info))

    def test_folder_is_as_good_as_info_file(self):
        output = command.output("sedov3d/output_00003")
        found = command.run_json("load", output.folder)
        self.assertEqual(found["path"], str(output.folder))
        self.check(output, found)
        self.check(output, command.run_json("load", str(output.folder) + "/"))

    def test_stream(self):
        for output in command.outputs():
            with self.subTest(output=output.name):
                found = command.run_json("load", output.info, "--stream")
                self.assertTrue(found["stream"])
                self.check(output, found)

    def test_max_level(self):
        for output in command.outputs():
            levels = {int(level): n for level, n in output.expect["leaf_cells_per_level"].items()}
            for deepest in sorted({min(levels), (min(levels) + max(levels)) // 2}):
                with self.subTest(output=output.name, max_level=deepest):
                    self.check_max_level(output, levels, deepest)

    def check_max_level(self, output, levels, deepest):
        whole = command.run_json("load", output.info)
        found = command.run_json("load", output.info, "--max-level", deepest)
        streamed = command.run_json("load", output.info, "--max-level", deepest, "--stream")
        coarser = {level: n for level, n in levels.items() if level < deepest}
        rest = output.expect["volume"] - sum(
            n * output.cell_volume(level) for level, n in coarser.items()
        )
        expected = dict(coarser)
        expected[deepest] = round(rest / output.cell_volume(deepest))
        for one in (found, streamed):
            self.assertEqual(
                one["leaf_cells_per_level"], {str(level): n for level, n in expected.items()}
            )
            self.assertAlmostEqual(
                one["volume"], output.expect["volume"], delta=1e-12 * output.expect["volume"]
            )
        for name, values in found["fields"].items():
            for key in ("min", "max"):
                self.assertEqual(values[key], streamed["fields"][name][key])
        # a coarse value is the mean of the finer ones: the mass stays what it is
        mass = whole["total_mass"]
        self.assertAlmostEqual(found["total_mass"], mass, delta=1e-6 * mass)
        self.assertAlmostEqual(
            found["total_mass"], streamed["total_mass"], delta=1e-12 * mass
        )
        if deepest < max(levels):
            self.assertLess(found["bytes_read"], whole["bytes_read"])

    def test_fields(self):
        output = command.output("web3d/output_00003")  # large enough that reading less shows
        every = command.run_json("load", output.info)
        some = command.run_json("load", output.info, "--fields", "pressure,velocity_y,level,domain")
        self.assertEqual(sorted(some["fields"]), ["pressure", "velocity_y"])
        for name in some["fields"]:
            self.assertEqual(some["fields"][name], every["fields"][name])
        self.assertIsNone(some["total_mass"])
        self.assertLess(some["bytes_read"], every["bytes_read"])
        mesh = command.run_json("load", output.info, "--fields", "level")
        self.assertEqual(mesh["fields"], {})
        self.assertEqual(mesh["leaf_cells"], every["leaf_cells"])
        streamed = command.run_json("load", output.info, "--stream", "--fields", "density")
        self.assertEqual(sorted(streamed["fields"]), ["density"])

    def test_precision(self):
        output = command.output("sedov3d/output_00003")
        double = command.run_json("load", output.info)
        single = command.run_json("load", output.info, "--precision", "float")
        streamed = command.run_json("load", output.info, "--precision", "float", "--stream")
        self.assertEqual(2 * single["array_bytes"], double["array_bytes"])
        for name, values in double["fields"].items():
            scale = output.fields()[name]["sum_abs_field_volume"]
            for key in ("min", "max"):
                here = single["fields"][name][key]
                self.assertAlmostEqual(here, values[key], delta=6e-8 * abs(values[key]))
                self.assertEqual(here, streamed["fields"][name][key])
            self.assertAlmostEqual(
                single["fields"][name]["sum_field_volume"],
                values["sum_field_volume"],
                delta=6e-8 * scale,
            )
            self.assertAlmostEqual(
                single["fields"][name]["sum_field_volume"],
                streamed["fields"][name]["sum_field_volume"],
                delta=1e-12 * scale,
            )

    def test_units(self):
        output = command.output("web3d/output_00003")
        expect = output.expect
        code = command.run_json("load", output.info)
        velocity = expect["unit_l"] / expect["unit_t"]
        factors = {
            "cgs": {
                "density": expect["unit_d"],
                "velocity_x": velocity,
                "pressure": expect["unit_d"] * velocity**2,
            },
            "astro": {
                "density": expect["unit_d"] * 0.76 / 1.66e-24,
                "velocity_x": velocity / 1e5,
                "pressure": expect["unit_d"] * velocity**2 / 1.380649e-16,
            },
        }
        for units, by_field in factors.items():
            for mode in ([], ["--stream"]):
                found = command.run_json("load", output.info, "--units", units, *mode)
                for name, factor in by_field.items():
                    with self.subTest(units=units, mode=mode, field=name):
                        self.assertNotEqual(found["fields"][name]["unit"], "")
                        for key in ("min", "max"):
                            value = code["fields"][name][key] * factor
                            self.assertAlmostEqual(
                                found["fields"][name][key], value, delta=1e-13 * abs(value)
                            )
                self.assertAlmostEqual(found["total_mass"], code["total_mass"], delta=1e-12)
                self.assertEqual(found["volume"], code["volume"])


if __name__ == "__main__":
    unittest.main()
