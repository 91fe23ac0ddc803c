"""pvramses project: maps against what an independent reader found, their files, and wrong use."""

import array
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import unittest
import zlib

import command
import ramses_writer

CGS = {"pc": 3.08567758128e18, "Msol": 1.9891e33}


def read_npy(path):
    """Rows of a two-dimensional array of doubles."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00"
    (size,) = struct.unpack("<H", data[8:10])
    assert (10 + size) % 64 == 0
    header = eval(data[10:10 + size])  # a Python dict, says the format
    assert header["descr"] == ("<f8" if sys.byteorder == "little" else ">f8")
    assert not header["fortran_order"]
    rows, columns = header["shape"]
    values = array.array("d", data[10 + size:])
    assert len(values) == rows * columns
    return [values[row * columns:(row + 1) * columns] for row in range(rows)]


def read_png(path):
    """Width, height and the rows of bytes of a picture of 8-bit RGB."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour) == (8, 2)
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    return width, height, zlib.decompress(packed)


class Project(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_no_mass_is_lost(self):
        for output in command.outputs():
            if output.expect["ndim"] == 1:
                continue
            directions = ["x", "y", "z", "1,2,3", "-1,0,1"]
            for direction in directions if output.expect["ndim"] == 3 else "z":
                with self.subTest(output=output.name, direction=direction):
                    found = command.run_json("project", output.info, "--pixels", 77,
                                             "--direction", direction)
                    mass = output.expect["total_mass"]
                    self.assertAlmostEqual(found["integral"], mass, delta=1e-12 * mass)
                    self.assertEqual(found["cells"], output.expect["leaf_cells"])

    def test_every_variable_adds_up_to_what_was_found_independently(self):
        for name in ("sedov3d/output_00003", "legacy3d/output_00002"):
            output = command.output(name)
            fields = output.fields()
            found = command.run_json("project", output.info, "--pixels", 40, "--mode", "integral",
                                     "--field", ",".join(sorted(fields)))
            self.assertEqual(sorted(found["fields"]), sorted(fields))
            for field, values in fields.items():
                self.assertAlmostEqual(found["fields"][field]["integral"],
                                       values["sum_field_volume"],
                                       delta=1e-12 * values["sum_abs_field_volume"], msg=field)
            for mode, what in (("min", "min"), ("max", "max")):
                found = command.run_json("project", output.info, "--pixels", 40, "--mode", mode,
                                         "--field", ",".join(sorted(fields)))
                for field, values in fields.items():
                    self.assertEqual(found["fields"][field][mode], values[what], field)

    def test_the_files_say_what_the_numbers_say(self):
        output = command.output("web3d/output_00003")
        found = command.run_json("project", output.info, "--pixels", 64, "--width", "0.5box",
                                 "--height", "0.25box", "--out", self.folder / "map.vti",
                                 "--png", self.folder / "map.png", "--npy", "--raw",
                                 "--unit", "Msol/pc^2", "--quiet")
        self.assertEqual(found["size"], [64, 32])
        self.assertEqual(found["unit"], "Msol/pc^2")
        self.assertEqual(found["files"], [str(self.folder / ("map." + ending))
                                          for ending in ("vti", "png", "npy", "raw")])
        rows = read_npy(self.folder / "map.npy")
        self.assertEqual((len(rows), len(rows[0])), (32, 64))
        values = [value for row in rows for value in row]
        self.assertEqual(min(values), found["min"])
        self.assertEqual(max(values), found["max"])
        self.assertAlmostEqual(sum(values), found["sum"], delta=1e-12 * found["sum"])
        raw = array.array("d", (self.folder / "map.raw").read_bytes())
        self.assertEqual(list(raw), values)
        vti = (self.folder / "map.vti").read_bytes()
        self.assertIn(b'WholeExtent="0 64 0 32 0 0"', vti)
        self.assertIn(b"Msol/pc^2", vti)
        width, height, pixels = read_png(self.folder / "map.png")
        self.assertGreater(width, 64)
        self.assertGreater(height, 32)
        self.assertGreater(len(set(pixels[i:i + 3] for i in range(1, len(pixels) - 3, 3))), 50)

    def test_units(self):
        output = command.output("web3d/output_00003")
        code = command.run_json("project", output.info, "--pixels", 32)
        info = command.run_json("info", output.info)
        units = info.get("units", info)
        gram = units["unit_d"] * units["unit_l"] ** 3
        for unit, factor in (("Msol/pc^2", gram / CGS["Msol"]), ("g/cm^2", gram),
                             ("astro", gram / CGS["Msol"]), ("cgs", gram)):
            found = command.run_json("project", output.info, "--pixels", 32, "--unit", unit)
            self.assertAlmostEqual(found["integral"], code["integral"] * factor,
                                   delta=1e-11 * code["integral"] * factor)
        area = (CGS["pc"] if found["unit"] == "Msol/pc^2" else 1) ** 2
        self.assertAlmostEqual(found["max"] * units["unit_l"] ** 2 / area, code["max"] * gram,
                               delta=1e-11 * code["max"] * gram)

    def test_face_on_and_edge_on_are_at_right_angles(self):
        output = command.output("web3d/output_00003")
        views = [command.run_json("project", output.info, "--direction", direction, "--pixels", 20)
                 for direction in ("face-on", "edge-on")]
        face, edge = (view["line_of_sight"] for view in views)
        self.assertAlmostEqual(sum(a * b for a, b in zip(face, edge)), 0, delta=1e-12)
        for a, b in zip(views[1]["up"], face):
            self.assertAlmostEqual(a, b, delta=1e-12)
        for view in views:
            self.assertAlmostEqual(view["integral"], output.expect["total_mass"], delta=1e-12)

    def test_means_weigh_by_mass(self):
        output = command.output("sedov3d/output_00003")
        momentum = output.fields()
        one = command.run_json("project", output.info, "--pixels", 1, "--mode", "mean",
                               "--field", "pressure", "--weight", "volume")
        self.assertAlmostEqual(one["min"], momentum["pressure"]["sum_field_volume"]
                               / output.expect["volume"], delta=1e-12 * one["min"])
        by_mass = command.run_json("project", output.info, "--pixels", 1, "--mode", "mean",
                                   "--field", "pressure")
        self.assertEqual(by_mass["weight"], "density")
        self.assertNotEqual(by_mass["min"], one["min"])

    def test_several_fields_are_several_images(self):
        output = command.output("sedov3d/output_00003")
        found = command.run_json("project", output.info, "--pixels", 16, "--mode", "mean",
                                 "--field", "density,velocity", "--npy=" + str(self.folder / "m"))
        self.assertEqual(list(found["fields"]),
                         ["density", "velocity_x", "velocity_y", "velocity_z"])
        for field, numbers in found["fields"].items():
            rows = read_npy(self.folder / ("m_%s.npy" % field))
            self.assertEqual(max(max(row) for row in rows), numbers["max"])

    def test_names_of_files(self):
        output = command.output("sedov3d/output_00003")
        for arguments, names in (
                (["--png", "run.v2"], ["run.v2.png"]),
                (["--out", "a.vti", "--npy", "--raw=b"], ["a.npy", "a.vti", "b.raw"]),
                (["--field", "density,pressure,density", "--mode", "max", "--out", "a.vti", "--npy"],
                 ["a.vti", "a_density.npy", "a_pressure.npy"])):
            with tempfile.TemporaryDirectory() as folder:
                done = command.run("project", output.info, "--pixels", 8, *arguments, cwd=folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(sorted(p.name for p in pathlib.Path(folder).iterdir()), names)

    def test_maps_in_2d_lie_where_their_mesh_does(self):
        path = self.folder / "map.vti"
        command.run_json("project", command.output("sedov2d/output_00003").info, "--pixels", 8,
                         "--out", path)
        origin = re.search(rb'Origin="([^"]*)"', path.read_bytes()).group(1)
        self.assertEqual([float(x) for x in origin.split()], [0, 0, 0])

    def test_a_file_that_cannot_be_written_is_told_first(self):
        output = command.output("sedov3d/output_00003")
        done = command.run("project", output.info, "--out", self.folder / "map.vti",
                           "--png", self.folder / "no" / "map.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("map.png: cannot be written", done.stderr)
        self.assertEqual((done.stdout, list(self.folder.iterdir())), ("", []))

    def test_a_derived_field_beside_does_not_change_a_map(self):
        output = command.output("sedov3d/output_00003")
        alone, beside = self.folder / "alone.npy", self.folder / "both.npy"
        streamed = command.run_json("project", output.info, "--pixels", 50, "--mode", "mean",
                                    "--field", "pressure", "--out", alone)
        loaded = command.run_json("project", output.info, "--pixels", 50, "--mode", "mean",
                                  "--field", "pressure,temperature", "--out", beside)
        self.assertTrue(streamed["streamed"])
        self.assertFalse(loaded["streamed"])
        for one, two in zip(read_npy(alone), read_npy(self.folder / "both_pressure.npy")):
            for a, b in zip(one, two):
                self.assertAlmostEqual(a, b, delta=1e-13 * abs(a))

    def test_threads_do_not_change_a_byte(self):
        output = command.output("web3d/output_00003")
        for direction in ("z", "3,1,2", "edge-on"):
            bytes_of = []
            for threads in (1, 2, 5):
                out = self.folder / ("%d.raw" % threads)
                found = command.run_json("project", output.info, "--threads", threads, "--pixels",
                                         300, "--direction", direction, "--out", out)
                self.assertEqual(found["threads"]["max"], threads)
                self.assertEqual(len(found["threads"]["per_thread"]), threads)
                bytes_of.append(out.read_bytes())
            self.assertEqual(bytes_of[0], bytes_of[1])
            self.assertEqual(bytes_of[0], bytes_of[2])

    def test_a_small_window_is_read_in_part(self):
        output = command.output("web3d/output_00003")
        whole = command.run_json("project", output.info, "--level", 7)
        part = command.run_json("project", output.info, "--level", 7, "--center",
                                "0.25box,0.25box,0.25box", "--width", "0.125box", "--depth",
                                "0.125box")
        self.assertEqual(part["size"], [16, 16])
        self.assertLess(part["bytes_read"], whole["bytes_read"])
        box = command.run_json("load", output.info, "--fields", "density", "--region",
                               "box,0.25,0.25,0.25,0.125,0.125,0.125,box")
        self.assertAlmostEqual(part["integral"], box["total_mass"],
                               delta=1e-12 * box["total_mass"])
        ball = command.run_json("project", output.info, "--region", "sphere,0.5,0.5,0.5,0.2,box",
                                "--by-centre")
        same = command.run_json("load", output.info, "--fields", "density", "--region",
                                "sphere,0.5,0.5,0.5,0.2,box", "--by-centre")
        self.assertAlmostEqual(ball["integral"], same["total_mass"],
                               delta=1e-12 * same["total_mass"])
        self.assertEqual(ball["cells"], same["leaf_cells"])

    def test_windows_of_a_stream_are_those_of_the_mesh(self):
        written = ramses_writer.Output(levelmin=2, levelmax=4, seed=3)
        folder = written.write(self.folder)
        out = self.folder / "map.npy"
        for window in (["--level", 3, "--width", 0.3, "--center", "0.63,0.21,0.37", "--depth", 0.2],
                       ["--level", 4, "--width", 0.1, "--center", "0.1,0.9,0.5"],
                       ["--pixels", 9, "--center", "0.2,0.3,0.9", "--depth", 0.3],
                       ["--pixel-size", 0.07, "--width", 0.2, "--height", 0.3, "--center",
                        "0.9,0.1,0.3", "--direction", "1,2,3", "--depth", 0.4],
                       ["--pixels", 6, "--width", 0.4, "--region", "sphere,0.5,0.5,0.5,0.2"]):
            maps = []
            for fields in ("density", "density,speed"):
                found = command.run_json("project", folder, *window, "--field", fields, "--out", out)
                self.assertEqual(found["streamed"], fields == "density")
                maps.append(read_npy(found["files"][0]))
            self.assertLess(0, found["max"])
            for one, two in zip(*maps):
                for a, b in zip(one, two):
                    self.assertTrue(abs(a - b) <= 1e-12 * abs(b) or (a != a and b != b),
                                    "%s: %r, %r" % (window, a, b))

    def test_cells_that_are_folded_count_as_a_whole(self):
        cells = 4**3
        written = ramses_writer.Output(levelmin=2, levelmax=2, odd={"density": [0.75] * cells})
        folder = written.write(self.folder)
        mass = 0.75 / cells
        for number, direction in enumerate(("z", "1,2,3", "0.85,0.6,0.2", "-1,1,0")):
            for center in ("0.78,0.9,0.02", "0.3,0.4,0.6"):
                found = command.run_json("project", folder, "--direction=" + direction, "--edge",
                                         "fold", "--center", center, "--width", 0.4, "--depth",
                                         0.1, "--pixels", 1 + 3 * number)
                self.assertLess(0, found["cells"])
                self.assertLess(found["cells"], cells)
                self.assertAlmostEqual(found["integral"], found["cells"] * mass, delta=1e-13,
                                       msg="%s %s" % (direction, center))

    def test_particles(self):
        output = command.output("web3d/output_00003")
        facts = output.expect["particles"]
        count, mass = facts["count"], facts["columns"]["mass"]["sum"]
        for kernel in ("nearest", "cloud", "spline"):
            for direction in ("x", "z", "1,2,3", "edge-on"):
                with self.subTest(kernel=kernel, direction=direction):
                    found = command.run_json("project", output.info, "--particles", "--kernel",
                                             kernel, "--pixels", 50, "--direction", direction)
                    self.assertEqual(found["particles"], count)
                    self.assertAlmostEqual(found["integral"], mass, delta=1e-12 * mass)
        self.assertEqual(command.run_json("project", output.info, "--particles=star",
                                          "--pixels", 10)["particles"], 0)
        speed = command.run_json("project", output.info, "--particles", "--field",
                                 "velocity_los", "--mode", "mean", "--pixels", 30, "--unit", "km/s")
        self.assertLess(speed["min"], 0)
        self.assertLess(0, speed["max"])

    def test_a_coarser_level(self):
        output = command.output("web3d/output_00003")
        found = command.run_json("project", output.info, "--max-level", 6)
        load = command.run_json("load", output.info, "--max-level", 6, "--fields", "density")
        self.assertEqual(found["cells"], load["leaf_cells"])
        self.assertAlmostEqual(found["integral"], load["total_mass"],
                               delta=1e-12 * load["total_mass"])

    def test_a_page_for_a_person(self):
        output = command.output("sedov2d/output_00003")
        done = command.run("project", output.info, "--out", self.folder / "map.png")
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("surface-density", "1024 x 1024", "density", "map.png", "threads"):
            self.assertIn(part, done.stdout)

    def test_colours_of_extreme_ranges(self):
        output = command.output("sedov2d/output_00003")
        for low, high, more in (("0", "1e-323", ["--linear"]), ("1e-300", "1e300", []),
                                ("5e-324", "1e308", []), ("-1e308", "1e308", []),
                                ("1", "1.0000000000000002", [])):
            done = command.run("project", output.info, "--pixels", 20, "--range",
                               low + "," + high, "--png", self.folder / "map.png", *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            read_png(self.folder / "map.png")

    def test_wrong_use(self):
        output = command.output("sedov2d/output_00003")
        for wrong in (["--mode", "best"], ["--pixels", "0"], ["--pixels", "1000000"],
                      ["--width", "-1"], ["--width", "3parsec"], ["--direction", "up"],
                      ["--direction", "1,2"], ["--out", "map.jpg"], ["--npy"],
                      ["--pixels", "10", "--level", "3"], ["--range", "2,1"],
                      ["--colours", "jet"], ["--kernel", "square"], ["--nonsense"], ["--empty", "x"]):
            done = command.run("project", output.info, *wrong)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertIn("usage: pvramses project", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_window_beside_the_box(self):
        output = command.output("sedov3d/output_00003")
        for center, beside in (("5,5,5", True), ("0.5,0.5,0.5", False)):
            done = command.run("project", output.info, "--pixels", 16, "--width", 0.1,
                               "--center", center)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr.count("beside the box"), int(beside), done.stderr)

    def test_what_cannot_be_done(self):
        output = command.output("sedov3d/output_00003")
        flat = command.output("sedov2d/output_00003")
        line = command.output("sedov1d/output_00002")
        for path, wrong, part in (
                (output.info, ["--field", "nothing"], "no field 'nothing'"),
                (output.info, ["--direction", "0,0,0"], "no direction"),
                (output.info, ["--direction", "1,2,3", "--up", "2,4,6"], "parallel"),
                (output.info, ["--unit", "parsec"], "no unit 'parsec'"),
                (output.info, ["--mode", "max", "--weight", "mass"], "no weight"),
                (output.info, ["--mode", "mean", "--weight", "velocity_x"], "negative"),
                (output.info, ["--particles"], "no particles"),
                (output.info, ["--out", self.folder / "no" / "map.vti"], "map.vti"),
                (flat.info, ["--direction", "x"], "2-D"),
                (line.info, [], "1-D")):
            done = command.run("project", path, "--quiet", *wrong)
            self.assertEqual(done.returncode, 1, wrong)
            self.assertIn(part, done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
