"""pvramses: help, wrong use, and failures: what is said, where, and the exit status."""

import os
import shutil
import subprocess
import tempfile
import unittest

import command


class Usage(unittest.TestCase):
    def wrong(self, *arguments):
        done = command.run(*arguments)
        self.assertEqual(done.returncode, 2, arguments)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("pvramses: "), done.stderr)
        self.assertIn("usage: pvramses", done.stderr)
        return done.stderr.splitlines()[0]

    def test_help(self):
        for arguments in (["--help"], ["-h"]):
            done = command.run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for words in ("usage: pvramses", "info", "load", "EXIT STATUS", "EXAMPLES"):
                self.assertIn(words, done.stdout)

    def test_help_of_commands_names_every_option(self):
        options = {
            "info": ["--json", "--threads", "--pin", "--no-prefetch", "--help"],
            "load": ["--threads", "--fields", "--max-level", "--precision", "--units", "--pin"]
            + ["--no-prefetch", "--stream", "--json", "--quiet", "--help"],
        }
        for name, words in options.items():
            for arguments in ([name, "--help"], [name, "some/path", "--help"], [name, "-h"]):
                done = command.run(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                for word in words:
                    self.assertIn(word, done.stdout)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 92)

    def test_version(self):
        done = command.run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Apvramses [0-9]+\.[0-9]+\.[0-9]+\n\Z")

    def test_wrong_use(self):
        path = command.output("sedov3d/output_00003").info
        self.assertIn("no command", self.wrong())
        self.assertIn("'frobnicate'", self.wrong("frobnicate", path))
        self.assertIn("'--frobnicate'", self.wrong("--frobnicate"))
        self.assertIn("'--frobnicate'", self.wrong("load", path, "--frobnicate"))
        self.assertIn("'-x'", self.wrong("load", path, "-x"))
        self.assertIn("no path", self.wrong("load"))
        self.assertIn("no path", self.wrong("info", "--json"))
        self.assertIn("more than one path", self.wrong("load", path, path))
        self.assertIn("needs a value", self.wrong("load", path, "--threads"))
        self.assertIn("takes no value", self.wrong("load", path, "--json=yes"))
        self.assertIn("'--fields'", self.wrong("info", path, "--fields", "density"))
        for option, values in {
            "--threads": ("-1", "two", "1.5", "99999999999999999999", "", "2 "),
            "--max-level": ("-1", "deep", "1000"),
            "--precision": ("half", "", "doubles"),
            "--units": ("imperial", ""),
            "--fields": ("",),
        }.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    self.assertIn(option, self.wrong("load", path, option + "=" + value))
        for command_ in ("load", "project"):
            self.assertIn("at most 4096", self.wrong(command_, path, "--threads", "4097"))


class Failures(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def copy(self, name="sedov3d/output_00003"):
        """A copy of an output that may be spoiled."""
        target = os.path.join(self.folder.name, name.replace("/", os.sep))
        shutil.copytree(str(command.output(name).folder), target)
        return target

    def fails(self, *arguments, words=()):
        for json in ([], ["--json"]):
            done = command.run(*arguments, *json)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stdout, "")
            lines = done.stderr.splitlines()
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertTrue(lines[0].startswith("pvramses: "), lines[0])
            for word in words:
                self.assertIn(word, lines[0])

    def test_missing(self):
        for name in ("info", "load"):
            missing = os.path.join(self.folder.name, "output_00009", "info_00009.txt")
            self.fails(name, missing, words=["info_00009.txt"])
            self.fails(name, os.path.dirname(missing), words=["output_00009"])

    def test_folder_that_is_no_output(self):
        for name in ("info", "load"):
            self.fails(name, self.folder.name)

    def test_other_file(self):
        for name in ("info", "load"):
            self.fails(name, command.DATA / "README.md")
            self.fails(name, command.DATA / "sedov3d" / "EXPECT.json")

    def test_truncated(self):
        for kind in ("amr", "hydro"):
            folder = self.copy("sedov3d/output_0000%d" % (2 if kind == "amr" else 3))
            file_name = "%s_%s.out00003" % (kind, folder[-5:])
            path = os.path.join(folder, file_name)
            size = os.path.getsize(path)
            for left in (size - 100, size // 2, 10, 0):
                with self.subTest(kind=kind, left=left):
                    with open(path, "r+b") as stream:
                        stream.truncate(left)
                    for mode in ([], ["--stream"]):
                        self.fails("load", folder, *mode, words=[file_name])

    def test_file_is_gone(self):
        folder = self.copy()
        os.remove(os.path.join(folder, "hydro_00003.out00002"))
        self.fails("load", folder, words=["hydro_00003.out00002"])
        os.remove(os.path.join(folder, "amr_00003.out00002"))
        self.fails("load", folder, words=["amr_00003.out00002"])

    def test_many_failures_are_one_line(self):
        folder = self.copy()
        for domain in (1, 2, 3, 4):
            path = os.path.join(folder, "hydro_00003.out%05d" % domain)
            with open(path, "r+b") as stream:
                stream.truncate(os.path.getsize(path) - 1000)
        self.fails("load", folder, "--threads", 4, words=["hydro_00003.out"])

    def test_unknown_field(self):
        path = command.output("sedov3d/output_00003").info
        for mode in ([], ["--stream"]):
            self.fails(
                "load", path, "--fields", "density,mojo", *mode, words=["'mojo'", "velocity"]
            )
            self.fails("load", path, "--fields", "density,", *mode)

    def test_output_that_cannot_be_written(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        path = command.output("sedov3d/output_00003").info
        for arguments in (["load", path, "--json"], ["load", path], ["info", path], ["--help"]):
            with open("/dev/full", "w") as full:
                done = command.run(*arguments, stdout=full)
            self.assertEqual(done.returncode, 1)
            self.assertIn("standard output", done.stderr)

    def test_strange_path_in_json(self):
        folder = os.path.join(self.folder.name, 'a "b" \\ \t\n c \u00e9', "output_00003")
        shutil.copytree(str(command.output("sedov3d/output_00003").folder), folder)
        for name in ("info", "load"):
            self.assertEqual(command.run_json(name, folder)["path"], folder)
        raw = os.fsencode(self.folder.name) + b"/\xff\xfe"
        os.mkdir(raw)
        os.rename(os.fsencode(folder), raw + b"/output_00003")
        done = subprocess.run(
            [command.PROGRAM, "load", raw + b"/output_00003", "--json"],
            stdout=subprocess.PIPE,
            timeout=command.SECONDS,
        )
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"\\ufffd\\ufffd/output_00003", done.stdout)
        done.stdout.decode("utf-8")


if __name__ == "__main__":
    unittest.main()
