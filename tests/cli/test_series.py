"""pvramses series: tables of many outputs against EXPECT.json; regions, levels, particles; outputs that
cannot be read; the same table for any number of jobs and threads."""

import csv
import io
import json
import math
import pathlib
import shutil
import tempfile
import unittest

import command


def table(*arguments, status=0):
    """The rows of the table as dictionaries."""
    done = command.run("series", *arguments, "--quiet")
    if done.returncode != status:
        raise AssertionError("exit status %d: %s" % (done.returncode, done.stderr))
    return list(csv.DictReader(io.StringIO(done.stdout)))


def expected(run):
    text = (command.DATA / run / "EXPECT.json").read_text()
    return json.loads(text)["outputs"]


def copy_output(run, number, folder, new):
    """Copies an output of data/ into another run, as another number."""
    to = folder / ("output_%05d" % new)
    shutil.copytree(command.DATA / run / ("output_%05d" % number), to)
    for path in to.glob("*_%05d.*" % number):
        path.rename(path.with_name(path.name.replace("_%05d." % number, "_%05d." % new)))


class Series(unittest.TestCase):
    def near(self, got, wanted, tolerance=1e-12):
        self.assertLessEqual(abs(float(got) - wanted), tolerance * max(abs(wanted), 1e-30))

    def test_totals_are_those_of_the_outputs(self):
        for run in ("web3d", "sedov3d", "sedov2d", "sedov1d"):
            rows = table(command.DATA / run, "--quantities",
                         "cells,volume,mass,density:min,density:max,density:mean")
            numbers = sorted(int(p.name[-5:]) for p in (command.DATA / run).glob("output_*"))
            self.assertEqual([int(row["output"]) for row in rows], numbers)
            for row in rows:
                wanted = expected(run)["output_%05d" % int(row["output"])]
                self.assertEqual(float(row["cells"]), wanted["leaf_cells"])
                self.near(row["volume"], wanted["volume"])
                self.near(row["mass"], wanted["total_mass"])
                self.near(row["density:min"], wanted["fields"]["density"]["min"])
                self.near(row["density:max"], wanted["fields"]["density"]["max"])
                self.near(row["density:mean"], wanted["total_mass"] / wanted["volume"])
                self.assertEqual((row["level"], row["region"], row["message"]), ("all", "", ""))

    def test_levels_and_particles(self):
        rows = table(command.DATA / "web3d", "--outputs", "3", "--levels", "--quantities",
                     "cells,mass,particles.count,dark_matter.count,dark_matter.mass,star.mass")
        wanted = expected("web3d")["output_00003"]
        self.assertEqual({row["level"]: float(row["cells"]) for row in rows[1:]},
                         {level: float(n) for level, n in wanted["leaf_cells_per_level"].items()})
        self.near(sum(float(row["mass"]) for row in rows[1:]), float(rows[0]["mass"]))
        self.assertEqual(float(rows[0]["particles.count"]), wanted["particles"]["count"])
        self.assertEqual(float(rows[0]["dark_matter.count"]), wanted["particles"]["count"])
        self.assertEqual(float(rows[0]["star.mass"]), 0)
        self.assertTrue(math.isnan(float(rows[1]["particles.count"])))

    def test_regions_are_rows_in_their_order(self):
        halves = ["box,0.125,0.25,0.25,0.25,0.5,0.5", "box,0.375,0.25,0.25,0.25,0.5,0.5"]
        rows = table(command.DATA / "sedov3d", "--by-centre", "--region", halves[0], "--region",
                     halves[1], "--region", "sphere,9,9,9,0.1", "--quantities",
                     "cells,mass,center_of_mass")
        self.assertEqual([row["region"] for row in rows], 2 * (halves + ["sphere,9,9,9,0.1"]))
        self.assertEqual([row["output"] for row in rows], ["2"] * 3 + ["3"] * 3)
        for first in (0, 3):
            wanted = expected("sedov3d")["output_%05d" % int(rows[first]["output"])]
            both = rows[first:first + 2]
            self.assertEqual(sum(float(row["cells"]) for row in both), wanted["leaf_cells"])
            self.near(sum(float(row["mass"]) for row in both), wanted["total_mass"])
            self.assertLess(float(both[0]["center_of_mass_x"]), 0.25)
            self.assertGreater(float(both[1]["center_of_mass_x"]), 0.25)

    def test_units(self):
        run = command.DATA / "web3d"
        quantities = ("--quantities", "mass,center_of_mass,temperature:mass_mean")
        code = table(run, *quantities)[0]
        astro = table(run, *quantities, "--units", "astro", "--length-unit", "kpc")[0]
        info = command.run_json("info", run / "output_00002")
        unit_l, unit_d = info["unit_l"], info["unit_d"]
        self.near(astro["mass"], float(code["mass"]) * unit_d * unit_l ** 3 / 1.9891e33, 1e-10)
        self.near(astro["center_of_mass_x"],
                  float(code["center_of_mass_x"]) * unit_l / 3.08567758128e21, 1e-10)
        self.assertTrue(1 < float(astro["temperature:mass_mean"]) < 1e9)
        done = command.run_json("series", run, *quantities, "--units", "astro")
        self.assertEqual([column["unit"] for column in done["columns"]], ["Msol", "", "", "", "K"])
        done = command.run_json("series", run, "--quantities", "volume,angular_momentum",
                                "--units", "astro", "--length-unit", "kpc")
        self.assertEqual([column["unit"] for column in done["columns"]],
                         ["kpc^3"] + 3 * ["Msol kpc km/s"])

    def test_the_same_for_any_jobs_and_threads(self):
        first = command.run("series", command.DATA / "web3d", "--quiet", "--jobs", 1, "--threads", 1)
        for jobs, threads in ((2, 1), (1, 3), (2, 2)):
            other = command.run("series", command.DATA / "web3d", "--quiet", "--jobs", jobs,
                                "--threads", threads)
            self.assertEqual(first.stdout, other.stdout)

    def test_files_of_the_next_outputs_are_asked_for(self):
        arguments = ("--jobs", 1, "--threads", 1, "--quantities", "mass,particles.mass")
        with tempfile.TemporaryDirectory() as folder:
            run = pathlib.Path(folder)
            for number in (2, 3, 4, 5):
                copy_output("web3d", 3, run, number)
            done = command.run_json("series", run, *arguments)
            read = sum(path.stat().st_size for path in (run / "output_00002").iterdir()
                       if path.name[:4] in ("amr_", "hydr", "part") and ".out" in path.name)
            self.assertEqual(len(done["rows"]), 4)
            # items begin quickly here: one may have begun before its turn came
            self.assertGreaterEqual(done["outputs_ahead"], 1)
            self.assertLessEqual(done["outputs_ahead"], 3)
            self.assertLessEqual(done["bytes_ahead"], 3 * read)
            self.assertEqual({output["bytes_needed"] for output in done["outputs"]},
                             {done["outputs"][0]["bytes_needed"]})
            off = command.run_json("series", run, *arguments, "--no-prefetch")
            self.assertEqual((off["outputs_ahead"], off["bytes_ahead"]), (0, 0))
            self.assertEqual(off["rows"], done["rows"])

    def test_particles_count_in_the_estimate(self):
        needs = [command.run_json("series", command.DATA / "web3d", "--quantities",
                                  quantities)["outputs"][0]["bytes_needed"]
                 for quantities in ("particles.mass", "cells", "cells,particles.mass")]
        particles = expected("web3d")["output_00002"]["particles"]["count"]
        self.assertGreaterEqual(needs[0], 60 * particles)
        self.assertGreaterEqual(needs[2], max(needs[:2]))  # one after the other

    def test_a_folder_of_mera_files(self):
        quantities = ("--quantities", "cells,volume,mass,density:max,particles.count,particles.mass")
        for run in ("web3d", "sedov3d"):
            with tempfile.TemporaryDirectory() as folder:
                for output in sorted((command.DATA / run).glob("output_*")):
                    done = command.run("export", output, "--out",
                                       pathlib.Path(folder) / (output.name + ".jld2"))
                    self.assertEqual(done.returncode, 0, done.stderr)
                first = sorted(pathlib.Path(folder).glob("*.jld2"))[0]
                of_ramses = table(command.DATA / run, *quantities)
                for path in (folder, first):
                    of_mera = table(path, *quantities)
                    self.assertEqual(len(of_mera), len(of_ramses))
                    for row, other in zip(of_mera, of_ramses):
                        self.assertEqual(row["output"], other["output"])
                        for name in ("time", "cells", "volume", "mass", "density:max",
                                     "particles.count", "particles.mass"):
                            if other[name] == "nan":
                                self.assertEqual(row[name], "nan")
                            else:
                                self.near(row[name], float(other[name]))
                first.write_bytes(first.read_bytes()[:1000])
                spoilt = table(folder, *quantities, status=1)
                self.assertIn(first.name, spoilt[0]["message"])
                self.assertEqual(spoilt[1]["mass"], of_mera[1]["mass"])

    def test_files_and_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "table.csv"
            done = command.run_json("series", command.DATA / "sedov3d", "--out", path, "--levels")
            rows = list(csv.DictReader(io.StringIO(path.read_text())))
            self.assertEqual((done["done"], done["failed"]), (2, 0))
            self.assertEqual(len(rows), len(done["rows"]))
            for row, other in zip(rows, done["rows"]):
                self.assertEqual(float(row["mass"]), other["mass"])
                self.assertEqual(row["level"], str(other["level"] or "all"))
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [path])

    def test_a_failed_output_is_a_row_of_nan(self):
        with tempfile.TemporaryDirectory() as folder:
            run = pathlib.Path(folder) / "run"
            shutil.copytree(command.DATA / "sedov3d", run)
            (run / "output_00002" / "hydro_00002.out00003").write_bytes(b"spoilt")
            shutil.copytree(run / "output_00003", run / "output_00004")
            rows = table(run, "--outputs", "2:3", "--region", "sphere,0,0,0,0.1", "--region",
                         "sphere,0,0,0,0.2", status=1)
            self.assertEqual([row["output"] for row in rows], ["2", "2", "3", "3"])
            for row in rows[:2]:
                self.assertTrue(math.isnan(float(row["mass"])))
                self.assertIn("hydro_00002.out00003", row["message"])
            for row in rows[2:]:
                self.assertGreater(float(row["mass"]), 0)
                self.assertEqual(row["message"], "")

    def test_what_is_asked_for_and_not_there_is_a_row_of_nan(self):
        with tempfile.TemporaryDirectory() as folder:
            run = pathlib.Path(folder)
            for number in (2, 3, 7):
                copy_output("sedov3d", 3, run, number)
            (run / "output_00007" / "amr_00007.out00001").unlink()
            for outputs, numbers, reasons in (
                    (["--outputs", "0:9"], [2, 3, 4, 5, 6, 7], 4), (["--outputs", "2:9:3"], [2, 5], 1),
                    ([], [2, 3, 7], 1)):
                rows = table(run, "--quantities", "cells", *outputs, status=1)
                self.assertEqual([int(row["output"]) for row in rows], numbers)
                for row in rows:
                    reason = "amr_00007.out00001" if row["output"] == "7" else "has no output %s" % (
                        row["output"])
                    if row["output"] not in ("2", "3"):
                        self.assertEqual(row["cells"], "nan")
                        self.assertIn(reason, row["message"])
                self.assertEqual(sum(row["message"] != "" for row in rows), reasons)
            done = command.run("series", run, "--outputs", "4:6", "--quiet")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            (run / "output_999999999").mkdir()
            done = command.run("series", run, "--outputs", "1:999999999", "--quiet")
            self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_outputs_and_mera_files_of_one_run(self):
        with tempfile.TemporaryDirectory() as folder:
            run = pathlib.Path(folder)
            for number in (1, 2, 3, 4):
                copy_output("sedov3d", 3, run, number)
                done = command.run("export", run / ("output_%05d" % number), "--out",
                                   run / ("output_%05d.jld2" % number))
                self.assertEqual(done.returncode, 0, done.stderr)
            shutil.rmtree(run / "output_00002")
            (run / "output_00003" / "info_00003.txt").unlink()
            (run / "output_00004.jld2").unlink()
            rows = table(run, "--quantities", "cells,mass")
            self.assertEqual([int(row["output"]) for row in rows], [1, 2, 3, 4])
            wanted = expected("sedov3d")["output_00003"]
            for row in rows:
                self.assertEqual(float(row["cells"]), wanted["leaf_cells"])
                self.near(row["mass"], wanted["total_mass"])

    def test_regions_times_levels(self):
        regions = ["sphere,0.25,0.25,0.25,0.1", "box,0.25,0.25,0.25,0.2,0.2,0.2"]
        arguments = [word for region in regions for word in ("--region", region)]
        levels = ["--max-level", "3", "--max-level", "0"]
        rows = table(command.DATA / "sedov3d", "--outputs", "3", *arguments, *levels)
        self.assertEqual([(row["region"], row["max_level"]) for row in rows],
                         [(region, level) for region in regions for level in ("3", "all")])
        for row in rows:
            alone = table(command.DATA / "sedov3d", "--outputs", "3", "--region", row["region"],
                          "--max-level", row["max_level"].replace("all", "0"))
            self.assertEqual(alone, [row])
        self.assertNotEqual(rows[0]["cells"], rows[1]["cells"])

    def test_a_table_that_cannot_be_written_is_told_first(self):
        with tempfile.TemporaryDirectory() as folder:
            done = command.run("series", command.DATA / "sedov3d", "--out",
                               pathlib.Path(folder) / "no" / "table.csv")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("table.csv: cannot be written", done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_quantity_that_is_named_twice_is_one_column(self):
        done = command.run_json("series", command.DATA / "sedov3d", "--quantities",
                                "mass,cells,mass")
        self.assertEqual([column["name"] for column in done["columns"]], ["mass", "cells"])

    def test_wrong_use(self):
        for arguments, part in (
                (["--quantities", "masss"], "'masss' is no quantity"),
                (["--quantities", "density:median"], "'density:median' is no quantity"),
                (["--quantities", "star.volume"], "'star.volume' is no quantity"),
                (["--outputs", "3:2"], "no range of outputs"),
                (["--outputs", "7"], "has no outputs 7"),
                (["--region", "cube,1"], "no value for option '--region'")):
            done = command.run("series", command.DATA / "sedov3d", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stdout, "")
        rows = table(command.DATA / "sedov3d", "--quantities", "no_such_field:max", status=1)
        self.assertIn("no_such_field", rows[0]["message"])


if __name__ == "__main__":
    unittest.main()
