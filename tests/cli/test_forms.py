"""Outputs of all the forms that RAMSES writes, made by ramses_writer, against what was put in."""

import math
import pathlib
import resource
import shutil
import tempfile
import unittest

import command
from ramses_writer import Output, write_particles

HYDRO_2D = ["density", "velocity_x", "velocity_y", "pressure"]
HYDRO_1D = ["density", "velocity_x", "pressure"]


class Forms(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def check(self, output, *arguments):
        """Writes the output and loads it; returns its path and what the program says of it."""
        shutil.rmtree(self.folder / ("output_%05d" % output.number), ignore_errors=True)
        path = output.write(self.folder)
        found = command.run_json("load", path, *arguments)
        self.check_found(output, found)
        streamed = command.run_json("load", path, "--stream", *arguments)
        self.check_found(output, streamed)
        return path, found

    def check_found(self, output, found):
        self.assertEqual(found["ordering"], output.ordering)
        self.assertEqual(found["output"], output.number)
        self.assertEqual(found["ncpu"], output.ncpu)
        self.assertEqual(found["time"], output.time)
        self.assertEqual(found["leaf_cells_per_level"], output.leaves_per_level())
        self.assertEqual(found["leaf_cells"], len(output.leaves))
        volume = math.prod(output.physical[: output.ndim]) * output.coarse_size**output.ndim
        self.assertAlmostEqual(found["volume"], volume, delta=1e-12 * volume)
        self.assertEqual(sorted(found["fields"]), sorted(self.names(output)))
        for ours, theirs in self.names(output).items():
            with self.subTest(field=ours):
                low, high, total, scale = output.totals(theirs)
                here = found["fields"][ours]
                self.assertEqual((here["min"], here["max"]), (low, high))
                self.assertAlmostEqual(here["sum_field_volume"], total, delta=1e-12 * scale)
        if output.hydro:
            mass = output.totals("density")[2]
            self.assertAlmostEqual(found["total_mass"], mass, delta=1e-12 * mass)

    def names(self, output):
        """Our names of the fields, and the writer's."""
        ours = {name: name for name in output.names}
        for i in range(output.radiation):
            group, part = divmod(i, output.ndim + 1)
            name = "photon_flux_%02d" % (group + 1) + (part and "_" + " xyz"[part] or "")
            ours[name] = ours.pop("rt_%d" % i)
        return ours

    # ---- boxes

    def test_boxes_of_several_coarse_cells(self):
        for form in (
            {"physical": (2, 1, 1)},
            {"physical": (2, 1, 1), "coarse_size": 0.7, "ncpu": 7},
            {"physical": (1, 2, 1)},
            {"physical": (1, 1, 3), "ncpu": 5},
            {"physical": (3, 2, 1), "ncpu": 5},
            {"physical": (2, 1, 1), "low": (1, 0, 0), "high": (1, 0, 0)},
            {"physical": (2, 1, 1), "low": (1, 1, 1), "high": (0, 1, 0)},  # not in the middle
            {"physical": (1, 3, 1), "low": (1, 0, 0), "high": (1, 0, 0), "ordering": "planar"},
            {"physical": (4, 1, 1), "levelmin": 1, "levelmax": 3},
            {"ndim": 2, "physical": (2, 1), "hydro": HYDRO_2D},
            {"ndim": 2, "physical": (1, 3), "low": (1, 1, 0), "high": (1, 1, 0), "hydro": HYDRO_2D},
            {"ndim": 1, "physical": (5,), "low": (1, 0, 0), "hydro": HYDRO_1D, "levelmax": 7},
        ):
            with self.subTest(**form):
                output = Output(**form)
                path, _ = self.check(output)
                info = command.run_json("info", path)
                size = [n * output.coarse_size for n in output.physical[: output.ndim]]
                self.assertEqual(info["box_size"][: output.ndim], size)

    def test_regions_of_such_boxes(self):
        for form in (
            {"physical": (2, 1, 1), "ncpu": 8},
            {"physical": (2, 1, 1), "ncpu": 8, "key_bytes": 16, "seed": 2},
            {"physical": (3, 1, 1), "ncpu": 8, "overload": 3, "seed": 3},
            {"physical": (1, 2, 1), "ncpu": 8, "order": ">", "seed": 4},
            {"physical": (2, 1, 1), "ncpu": 6, "ordering": "planar", "seed": 5},
            {"physical": (2, 1, 1), "ncpu": 6, "ordering": "angular", "seed": 6},
            {"physical": (2, 1, 1), "ncpu": 6, "ordering": "bisection", "seed": 7},
            {"ndim": 2, "physical": (2, 1), "ncpu": 6, "hydro": HYDRO_2D, "levelmax": 6},
        ):
            output = Output(**form)
            path = output.write(self.folder)
            size = output.physical
            boxes = [((0.26, 0.31, 0.71), (0.41, 0.51, 0.31)),
                     ((size[0] - 0.05, 0.97 * size[1], 0.9), (0.31, 0.43, 0.41)),  # over the border
                     ((size[0] - 0.3, 0.4, 0.52), (0.21, 0.21, 0.11))]
            for centre, sides in boxes:

                def overlaps(low, high):
                    return all(
                        any(low[a] + n * size[a] < centre[a] + sides[a] / 2
                            and high[a] + n * size[a] > centre[a] - sides[a] / 2
                            for n in (-1, 0, 1)) for a in range(output.ndim))

                with self.subTest(centre=centre, **form):
                    region = "box," + ",".join(map(str, centre + sides))
                    for stream in ([], ["--stream"]):
                        found = command.run_json("load", path, "--region", region, *stream)
                        self.assertEqual(found["leaf_cells_per_level"],
                                         output.leaves_per_level(overlaps))

    # ---- what stands in the files

    def test_orderings_and_bounds(self):
        for form in (
            {"ordering": "planar"}, {"ordering": "angular"}, {"ordering": "bisection"},
            {"key_bytes": 16}, {"key_bytes": 16, "ncpu": 1}, {"overload": 4},
            {"ordering": "bisection", "ncpu": 1}, {"key_bytes": 16, "order": ">"},
        ):
            with self.subTest(**form):
                self.check(Output(**form))

    def test_levels_and_domains(self):
        for form in (
            {"levelmin": 3, "levelmax": 3, "time": 0.0}, {"levelmin": 1, "levelmax": 1, "ncpu": 1},
            {"levelmin": 1, "levelmax": 1, "ncpu": 12},  # more domains than cells
            {"levelmin": 1, "levelmax": 6, "share": 0.12}, {"ncpu": 40, "idle": (1, 2, 20, 39)},
            {"ndim": 1, "hydro": HYDRO_1D, "levelmin": 1, "levelmax": 12, "share": 0.6},
        ):
            with self.subTest(**form):
                self.check(Output(**form))

    def test_numbers_of_outputs(self):
        for number in (0, 99999, 100000, 1234567):
            with self.subTest(number=number):
                output = Output(number=number)
                path, _ = self.check(output)
                info = path / ("info_%05d.txt" % number)
                self.check_found(output, command.run_json("load", info))
        found = command.run_json("list", self.folder)
        self.assertEqual([one["output"] for one in found["outputs"]], [0, 99999, 100000, 1234567])

    def test_bytes(self):
        for order in "<>":
            for marker in "iq":
                for real in "df":
                    form = {"order": order, "marker": marker, "real": real, "gravity": 5}
                    with self.subTest(**form):
                        self.check(Output(**form))

    def test_groups_of_files(self):
        for size in (1, 3, 4, 10):
            with self.subTest(size=size):
                path, _ = self.check(Output(ncpu=10, group_size=size, number=size))
                self.assertIn("group_00001", str(next(path.glob("*/info_*"))))

    def test_many_domains_with_few_open_files(self):
        output = Output(ncpu=300, levelmin=3, levelmax=4)
        path = output.write(self.folder)

        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

        done = command.run("load", path, "--quiet", "--threads", 8, preexec_fn=few_files)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check_found(output, command.run_json("load", path))

    # ---- fields

    def test_kinds_of_files(self):
        for form in (
            {"gravity": 4}, {"gravity": 5}, {"radiation": 8},
            {"ndim": 2, "hydro": HYDRO_2D, "gravity": 3, "radiation": 6},
            {"ndim": 2, "hydro": HYDRO_2D, "gravity": 4},
            {"ndim": 1, "hydro": HYDRO_1D, "gravity": 2, "radiation": 2},
        ):
            with self.subTest(**form):
                self.check(Output(**form))

    def test_particles_that_are_no_numbers(self):
        output = Output()
        path = output.write(self.folder)
        odd = {2: math.nan, 4: math.inf, 5: -math.inf}
        columns = [("position_%s" % axis, "d", lambda i: 0.1 * i) for axis in "xyz"]
        columns += [("velocity_%s" % axis, "d", lambda i: odd.get(i, i)) for axis in "xyz"]
        columns += [("mass", "d", lambda i: 0.5), ("identity", "q", lambda i: 2**40 + i),
                    ("levelp", "i", lambda i: 4), ("what", "d", lambda i: 1.0),
                    ("mass", "d", lambda i: 7.0), ("potential", "d", lambda i: odd.get(i, -1.0))]
        types = {"q": "l"}
        descriptor = "# version:  1\n" + "".join(
            "%3d, %s, %s\n" % (i + 1, name, "z" if name == "what" else types.get(form, form))
            for i, (name, form, _) in enumerate(columns))
        families = ("other_tracer debris_tracer cloud_tracer star_tracer other_tracer gas_tracer DM "
                    "star cloud debris other undefined").split()
        header = "#      Family     Count\n" + "".join(
            "%13s%10d\n" % (name, 9 if name == "DM" else 0) for name in families)
        write_particles(output, path, columns, [3, 0, 5], header, descriptor)
        found = command.run_json("load", path)["particles"]
        self.assertEqual((found["count"], found["mass"]), (8, 4.0))
        potential, velocity = found["fields"]["potential"], found["fields"]["velocity_y"]
        self.assertEqual((potential["not_finite"], potential["sum"]), (3, -5.0))
        self.assertEqual((velocity["min"], velocity["max"], velocity["sum"]), (0, 7, 17))
        self.assertEqual(found["fields"]["mass_2"]["max"], 7.0)
        self.assertEqual(found["fields"]["id"]["max"], 2**40 + 7)
        self.assertNotIn("what", found["fields"])
        warnings = "\n".join(found["warnings"])
        for part in ("what, is of no type that is known", "repeats the name mass",
                     "hold 8 particles where header_00002.txt counts 9"):
            self.assertIn(part, warnings)
        self.assertIn("3 values without a number", command.run("load", path).stdout)

    def test_without_hydro(self):
        for form in ({"hydro": None}, {"hydro": None, "gravity": 4}):
            with self.subTest(**form):
                shutil.rmtree(self.folder / "output_00002", ignore_errors=True)
                output = Output(**form)
                path = output.write(self.folder)
                counts = [3, 0, 5]
                values = write_particles(
                    output, path, [("position_%s" % a, "d", lambda i: 0.1 + 0.05 * i) for a in "xyz"]
                    + [("velocity_%s" % a, "d", lambda i: -i) for a in "xyz"]
                    + [("mass", "d", lambda i: 0.5), ("identity", "i", lambda i: i + 1),
                       ("levelp", "i", lambda i: 4)], counts)
                found = command.run_json("load", path)
                self.check_found(output, found)
                self.assertIsNone(found["total_mass"])
                self.assertEqual(found["particles"]["families"],
                                 {"dark_matter": {"count": 8, "mass": 4.0}})
                here = found["particles"]["fields"]["position_x"]
                self.assertEqual(here["max"], max(values["position_x"]))
                self.assertEqual(command.run("info", path).returncode, 0)

    def test_descriptors(self):
        magnetic = ["density", "velocity_x", "velocity_y", "velocity_z", "B_x_left", "B_y_left",
                    "B_z_left", "B_x_right", "B_y_right", "B_z_right", "pressure"]
        old = "nvar        = %11d\n" % 5 + "".join(
            "variable #%2d: %s\n" % (i + 1, name) for i, name in enumerate(
                ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"]))
        self.check(Output(descriptor=old))
        self.check(Output(hydro=magnetic))
        self.check(Output(hydro=magnetic[::-1][:1] + magnetic[:-1]))  # by name, not by place
        self.check(Output(hydro=magnetic, described=False))
        self.check(Output(hydro=magnetic + ["scalar_01", "scalar_02"], described=False))
        self.check(Output(described=False))

    def test_descriptors_that_do_not_fit(self):
        names = "# version:  1\n" + "".join("%3d, %s, d\n" % (i + 1, name) for i, name in enumerate(
            ["density", "velocity_x", "velocity_y", "velocity_z", "pressure", "metallicity"]))
        path, _ = self.check(Output(descriptor=names))
        self.assertIn("hydro_file_descriptor.txt", command.run("load", path).stderr)
        twice = Output(descriptor=names.replace("metallicity", "density"),
                       hydro=["density", "velocity_x", "velocity_y", "velocity_z", "pressure",
                              "density_2"])
        path, _ = self.check(twice)
        self.assertIn("density_2", command.run("load", path).stderr)

    def test_values_that_are_no_numbers(self):
        odd = {"pressure": [math.nan, math.inf, -math.inf], "density": [math.nan]}
        output = Output(odd=odd)
        path = output.write(self.folder)
        for stream in ([], ["--stream"]):
            found = command.run_json("load", path, *stream)["fields"]
            self.assertEqual(found["pressure"]["not_finite"], 3)
            self.assertEqual(found["density"]["not_finite"], 1)
            self.assertEqual(found["velocity_x"]["not_finite"], 0)
            self.assertEqual(found["density"]["max"], output.totals("density")[1])
        done = command.run("load", path)
        self.assertEqual(done.returncode, 0)
        self.assertIn("3 leaf cells without a number", done.stdout)


if __name__ == "__main__":
    unittest.main()
