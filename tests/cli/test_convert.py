"""pvramses convert: old Mera files and RAMSES outputs become Mera files of today, and nothing is lost."""

import json
import os
import pathlib
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import command

LOG = "pvramses-convert.log"


def mera_files():
    """Real Mera files of the repository, and of the fixtures where there are some."""
    more = os.environ.get(
        "PVRAMSES_FIXTURES", str(command.REPOSITORY.parent / "shared" / "fixtures")
    )
    found = sorted((command.DATA / "mera").rglob("*.jld2"))
    found += sorted((pathlib.Path(more) / "mera").rglob("*.jld2"))
    return [path for path in found if "zoo" not in path.name]


def totals(path):
    """What a file holds, without how and when it was read."""

    def plain(value):
        if not isinstance(value, dict):
            return value
        return {
            name: plain(inner)
            for name, inner in value.items()
            if not any(word in name for word in how)
        }

    how = ("path", "seconds", "bytes", "threads", "warnings")
    return plain(command.run_json("load", path))


class Folders(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.old, self.new = self.place / "old", self.place / "new"
        self.old.mkdir()

    def fill(self, count):
        """Numbers the real files from 1 on, the same again where there are too few."""
        files = mera_files()
        self.assertTrue(files, "no Mera files to test with")
        for number in range(1, count + 1):
            shutil.copy(files[(number - 1) % len(files)], self.old / ("output_%05d.jld2" % number))

    def convert(self, *options, **how):
        return command.run("convert", self.old, self.new, *options, **how)

    def report(self, *options):
        done = self.convert("--json", *options)
        return done.returncode, json.loads(done.stdout)


class Converting(Folders):
    def test_every_real_file_keeps_its_values(self):
        self.fill(len(mera_files()))
        status, report = self.report("--threads", 2)
        self.assertEqual(status, 0, report)
        self.assertEqual(report["success"], len(mera_files()))
        for path in sorted(self.old.iterdir()):
            self.assertEqual(totals(self.new / path.name), totals(path), path.name)
        for entry in report["files"]:
            self.assertEqual(entry["target_version"], "Mera 1.9.0, JLD2 0.6.5")
            self.assertGreater(entry["values_compared"], 0)

    def test_same_bytes_for_any_number_of_threads(self):
        self.fill(2)
        kept = {}
        for threads in (1, 3):
            self.assertEqual(self.convert("--force", "--threads", threads).returncode, 0)
            for path in sorted(self.new.glob("*.jld2")):
                self.assertEqual(kept.setdefault(path.name, path.read_bytes()), path.read_bytes())

    def test_goes_on_after_bad_files(self):
        self.fill(3)
        (self.old / "output_00004.jld2").write_bytes(b"")
        (self.old / "output_00005.jld2").write_bytes(
            (self.old / "output_00001.jld2").read_bytes()[:9000]
        )
        (self.old / "output_00006.jld2").write_text("no HDF5 at all\n" * 100)
        (self.old / "notes.txt").write_text("notes")
        (self.old / "output_00007.jld2").mkdir()
        shutil.copy(self.old / "output_00003.jld2", self.old / "output_3.jld2")
        self.new.mkdir()
        shutil.copy(self.old / "output_00002.jld2", self.new / "output_00002.jld2")
        done = self.convert("--report", self.place / "report.json")
        report = json.loads((self.place / "report.json").read_text())
        self.assertEqual(done.returncode, 1)
        self.assertEqual((report["success"], report["failed"], report["skipped"]), (3, 3, 1))
        for name in (4, 5, 6):
            self.assertIn("FAILED output_%05d.jld2: " % name, done.stdout)
            self.assertFalse((self.new / ("output_%05d.jld2" % name)).exists())
        self.assertIn("output 3 is there twice: output_00003.jld2 and output_3.jld2", done.stdout)
        self.assertIn("2 other files are left alone: notes.txt, output_00007.jld2", done.stdout)
        log = (self.new / LOG).read_text()
        self.assertEqual(log.count(" converted "), 3)
        self.assertEqual(log.count(" failed "), 3)

    def test_range_and_compressors(self):
        self.fill(4)
        status, report = self.report("--from", 2, "--to", 3, "--compress", "none")
        self.assertEqual((status, report["success"]), (0, 2))
        self.assertEqual(
            [path.name for path in sorted(self.new.glob("*.jld2"))],
            ["output_00002.jld2", "output_00003.jld2"],
        )
        loose = (self.new / "output_00002.jld2").stat().st_size
        self.report("--from", 2, "--to", 3, "--compress", "zlib", "--force")
        self.assertLess((self.new / "output_00002.jld2").stat().st_size, loose)
        self.assertEqual(
            totals(self.new / "output_00002.jld2"), totals(self.old / "output_00002.jld2")
        )

    def test_dry_run_does_nothing(self):
        self.fill(5)
        done = self.convert("--dry-run")
        self.assertEqual(done.returncode, 0)
        self.assertIn("to be converted: 5", done.stdout)
        self.assertIn("... and 2 more files", done.stdout)
        self.assertFalse(self.new.exists())

    def test_dry_run_reports_its_plan(self):
        self.fill(3)
        shutil.copytree(self.old, self.new)
        (self.new / "output_00002.jld2").unlink()
        status, report = self.report("--dry-run")
        self.assertEqual((status, report["dry_run"]), (0, True))
        self.assertEqual((report["success"], report["skipped"], report["pending"]), (0, 2, 1))
        self.assertEqual(
            [entry["state"] for entry in report["files"]], ["skipped", "pending", "skipped"]
        )
        self.assertGreater(report["files"][1]["memory"], 1 << 20)
        self.assertFalse((self.new / "output_00002.jld2").exists())

    def test_report_that_cannot_be_written_is_told_first(self):
        self.fill(1)
        done = self.convert("--report", self.place / "nowhere" / "report.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere/report.json", done.stderr)
        self.assertFalse(self.new.exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_unreadable_files_and_folders(self):
        self.fill(3)
        (self.old / "output_00002.jld2").chmod(0)
        self.place.chmod(0o755)
        self.new.mkdir()
        nobody = {"user": 65534, "group": 65534}
        done = self.convert("--yes", **nobody)
        self.assertEqual(done.returncode, 1)
        self.assertIn(LOG, done.stderr)
        self.assertIn("Permission denied", done.stderr)
        self.new.chmod(0o777)
        done = self.convert("--yes", **nobody)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "FAILED output_00002.jld2: .*Permission denied")
        self.assertEqual(len(list(self.new.glob("*.jld2"))), 2)

    def test_what_can_never_fit_is_not_tried(self):
        self.fill(2)
        status, report = self.report("--safety-margin", 1e-6)
        self.assertEqual((status, report["failed"]), (1, 2))
        self.assertIn("GiB", report["files"][0]["reason"])

    def test_ramses_outputs(self):
        done = command.run("convert", command.DATA / "sedov3d", self.new, "--from-ramses", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in sorted(self.new.glob("*.jld2")):
            number = int(path.stem[-5:])
            seen, expect = totals(path), totals(command.DATA / "sedov3d" / ("output_%05d" % number))
            self.assertEqual(seen["leaf_cells_per_level"], expect["leaf_cells_per_level"])
            for name, values in seen["fields"].items():
                self.assertEqual(values["min"], expect["fields"][name]["min"], name)
                self.assertEqual(values["max"], expect["fields"][name]["max"], name)

    def test_parts_of_ramses_outputs(self):
        """A level and a region of each output, as `pvramses export` takes them."""
        run = command.DATA / "sedov3d"
        part = ("--region", "sphere,0.5,0.5,0.5,0.3,box", "--by-centre", "--lmax", 5)
        done = command.run(
            "convert", run, self.new, "--from-ramses", "--kinds", "hydro", *part, "--json"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        for entry in report["files"]:
            self.assertGreater(entry["bytes_in"], 10000)
            number = "output_%05d" % entry["output"]
            alone = self.place / (number + ".jld2")
            options = ("--kinds", "hydro", *part, "--quiet")
            command.run("export", run / number, "--out", alone, *options, check=True)
            self.assertEqual(totals(self.new / entry["name"]), totals(alone))
            self.assertLess(max(map(int, totals(alone)["leaf_cells_per_level"])), 6)

    def test_wrong_use(self):
        self.fill(1)
        for arguments in (
            ["--from", 5, "--to", 4],
            ["--safety-margin", 0],
            ["--safety-margin", 1.5],
            ["--compress", "zip"],
            ["--min-threads", 0],
            ["--kinds", "hydro"],
            ["--region", "sphere,0.5,0.5,0.5,0.1"],
            ["--from-ramses", "--region", "ball,0.5,0.5,0.5,0.1"],
            ["--from-ramses", "--kinds", "gas"],
            ["--nonsense"],
        ):
            done = self.convert(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("usage: pvramses convert", done.stderr)
        self.assertEqual(command.run("convert", self.old).returncode, 2)
        same = command.run("convert", self.old, self.old)
        self.assertEqual(same.returncode, 1)
        self.assertIn("same folder", same.stderr)
        missing = command.run("convert", self.place / "nowhere", self.new)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("nowhere", missing.stderr)


class FromPython(Folders):
    """The module that the plugin installs."""

    def setUp(self):
        super().setUp()
        sys.path.insert(0, str(command.REPOSITORY / "plugin" / "paraview" / "python"))
        self.addCleanup(sys.path.pop, 0)
        os.environ["PVRAMSES"] = command.PROGRAM

    def test_report_is_a_dictionary(self):
        import pvramses_convert

        self.fill(3)
        (self.old / "output_00002.jld2").write_bytes(b"nothing")
        report = pvramses_convert.convert(self.old, self.new, start_output=2, threads=1)
        self.assertEqual((report["success"], report["failed"], report["skipped"]), (1, 1, 0))
        self.assertEqual(report["files"][0]["state"], "failed")
        self.assertIn("output_00002.jld2", report["files"][0]["reason"])
        report = pvramses_convert.convert(self.old, self.new, end_output=1, compress=False)
        self.assertEqual(report["success"], 1)
        report = pvramses_convert.convert(
            self.old, self.new, skip_existing=False, dry_run=True, report=self.place / "report.json"
        )
        self.assertEqual((report["dry_run"], report["pending"]), (True, 3))
        self.assertEqual(json.loads((self.place / "report.json").read_text()), report)
        report = pvramses_convert.convert(
            command.DATA / "sedov3d", self.place / "part", from_ramses=True, lmax=5,
            kinds=["hydro"], region=("box", 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
        )
        self.assertEqual(report["failed"], 0)
        self.assertGreater(report["success"], 0)
        with self.assertRaises(ValueError):
            pvramses_convert.convert(self.old, self.new, compress="zip")
        with self.assertRaises(OSError):
            pvramses_convert.convert(self.place / "nowhere", self.new)


class Stopping(Folders):
    def test_killed_at_any_moment_and_resumed(self):
        """kill -9 again and again: only whole files, and in the end the same as undisturbed."""
        self.fill(12)
        undisturbed = self.place / "undisturbed"
        self.assertEqual(command.run("convert", self.old, undisturbed, "--quiet").returncode, 0)
        expected = {path.name: path.read_bytes() for path in undisturbed.glob("*.jld2")}
        moments = random.Random(1)
        for _ in range(50):
            process = subprocess.Popen(
                [command.PROGRAM, "convert", str(self.old), str(self.new), "--quiet", "--yes"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            time.sleep(moments.uniform(0, 0.08))
            process.kill()
            process.wait()
            if self.new.exists():
                log_file = self.new / LOG  # a kill may come between the folder and the log
                log = log_file.read_text() if log_file.exists() else ""
                for path in self.new.glob("*.jld2"):
                    self.assertEqual(path.read_bytes(), expected[path.name], path.name)
                    self.assertIn(" converted %s: " % path.name, log)
                if moments.random() < 0.3:  # so that there is always something left to do
                    for path in self.new.glob("*.jld2"):
                        path.unlink()
        self.assertEqual(self.convert("--quiet").returncode, 0)
        self.assertEqual(
            {path.name: path.read_bytes() for path in self.new.glob("*.jld2")}, expected
        )
        left = {path.name for path in self.new.iterdir()} - set(expected) - {LOG}
        self.assertEqual(left, set())

    def start(self, *options):
        """A converter that has begun."""
        process = subprocess.Popen(
            [command.PROGRAM, "convert", str(self.old), str(self.new), "--threads", "1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            universal_newlines=True,
        )
        while not list(self.new.glob("*.jld2")) and process.poll() is None:
            time.sleep(0.002)
        return process

    def test_two_converters_do_not_meet(self):
        self.fill(40)
        first = self.start()
        first.send_signal(signal.SIGSTOP)
        os.waitpid(first.pid, os.WUNTRACED)  # its threads stop one after another
        self.assertIsNone(first.poll())
        before = sorted(self.new.iterdir())
        second = self.convert("--force")
        self.assertEqual(second.returncode, 1)
        self.assertIn("another converter is working in this folder", second.stderr)
        self.assertEqual(sorted(self.new.iterdir()), before)
        first.send_signal(signal.SIGCONT)
        self.assertIn("successfully converted  40", first.communicate(timeout=command.SECONDS)[0])
        self.assertEqual(self.convert().returncode, 0)

    def test_stopped_by_a_signal(self):
        self.fill(40)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start()
            process.send_signal(number)
            text, _ = process.communicate(timeout=command.SECONDS)
            self.assertEqual(process.returncode, 128 + number)
            self.assertIn("not begun", text)
            self.assertFalse([path for path in self.new.iterdir() if "part" in path.name])
            self.assertLess(len(list(self.new.glob("*.jld2"))), 40)
            self.assertEqual(self.convert().returncode, 0)
            self.assertEqual(len(list(self.new.glob("*.jld2"))), 40)
            shutil.rmtree(self.new)

    def test_full_disk(self):
        """On a small file system: the old files stay, the message tells, nothing is left behind."""
        self.fill(3)
        self.new.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(self.new)],
            stderr=subprocess.DEVNULL,
        )
        if mounted.returncode != 0:
            self.skipTest("only root may mount a small file system")
        self.addCleanup(subprocess.run, ["umount", str(self.new)])
        status, report = self.report()
        self.assertEqual(status, 1)
        self.assertGreater(report["failed"], 0)
        self.assertEqual(
            {path.name for path in self.new.iterdir()} - {LOG},
            {entry["name"] for entry in report["files"] if entry["state"] == "converted"},
        )


class Showing(Folders):
    def test_block_on_a_terminal(self):
        """Files and bytes, rate, time left, memory, names; in the end it is gone."""
        self.fill(40)
        here, there = pty.openpty()
        process = subprocess.Popen(
            [command.PROGRAM, "convert", str(self.old), str(self.new), "--yes"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=there,
        )
        os.close(there)
        text = b""
        while True:
            try:
                part = os.read(here, 4096)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            text += part
        os.close(here)
        self.assertEqual(process.wait(timeout=command.SECONDS), 0)
        text = text.decode()
        self.assertRegex(text, r"\d+ of 40 files, [\d.]+ \wB of [\d.]+ MB, [\d.]+ \wB/s, .* left")
        self.assertRegex(text, r"memory [\d.]+ of [\d.]+ GiB \(\d+ %\), \d threads?, 0 failed")
        self.assertRegex(text, r"  output_000\d\d.jld2 +\d+ %")
        self.assertRegex(text, "\033\\[[23]A\033\\[J$")

    def test_a_line_per_file_in_a_log(self):
        self.fill(5)
        lines = self.convert().stderr.splitlines()
        self.assertEqual(len(lines), 5)
        for number, line in enumerate(lines, 1):
            self.assertRegex(line, r"^\[%d/5\] output_0000\d.jld2: .*B -> .*B, .* s$" % number)


class Asking(Folders):
    def talk(self, answers, *options):
        """Runs the converter on a terminal and types the answers, one per question."""
        here, there = pty.openpty()
        process = subprocess.Popen(
            [command.PROGRAM, "convert", str(self.old), str(self.new), *map(str, options)],
            stdin=there,
            stdout=there,
            stderr=subprocess.PIPE,
        )
        os.close(there)
        text = b""
        for answer in answers:
            while not text.rstrip().endswith((b"]:", b"(y/n):")):
                text += os.read(here, 4096)
            os.write(here, answer.encode() + b"\n")
            text += b"|"
        while True:
            try:
                part = os.read(here, 4096)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            text += part
        process.stderr.read()
        process.stderr.close()
        os.close(here)
        return process.wait(timeout=command.SECONDS), text.decode()

    def test_only_yes_goes_on(self):
        self.fill(1)
        status, text = self.talk(["n"])
        self.assertEqual(status, 0, text)
        self.assertFalse(self.new.exists())
        status, text = self.talk(["perhaps", "y"])
        self.assertEqual(status, 0, text)
        self.assertIn("please answer y or n", text)
        self.assertTrue((self.new / "output_00001.jld2").exists())

    def test_interactive_asks_again(self):
        self.fill(3)
        status, text = self.talk(["two", "2", "99", "", "x", "1", "y"], "--interactive")
        self.assertEqual(status, 0, text)
        self.assertEqual(text.count("once more, please"), 3)
        self.assertEqual(
            [path.name for path in sorted(self.new.glob("*.jld2"))],
            ["output_00002.jld2", "output_00003.jld2"],
        )


    def test_interactive_range_without_files(self):
        self.fill(2)
        (self.old / "output_00002.jld2").rename(self.old / "output_00009.jld2")
        status, text = self.talk(["3", "5", "1", "1", "", "y"], "--interactive")
        self.assertEqual(status, 0, text)
        self.assertIn("there is none from 3 to 5; once more, please", text)
        self.assertEqual(
            [path.name for path in self.new.glob("*.jld2")], ["output_00001.jld2"], text
        )


if __name__ == "__main__":
    unittest.main()
