"""pvramses load: the bar on a terminal, silence elsewhere, and stopping."""

import os
import pty
import re
import signal
import struct
import subprocess
import time
import unittest

import fcntl
import termios

import command


def run_in_terminal(*arguments, columns=100, term="xterm"):
    """Runs the program with standard error on a pseudo-terminal. Returns status, stdout, stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    process = subprocess.Popen(
        [command.PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=dict(os.environ, TERM=term),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    out = process.communicate(timeout=command.SECONDS)[0]
    return process.returncode, out.decode(), shown.decode()


def catches(process, number):
    """True once the process has a handler for the signal."""
    try:
        with open("/proc/%d/status" % process.pid) as stream:
            for line in stream:
                if line.startswith("SigCgt:"):
                    return int(line.split()[1], 16) >> (number - 1) & 1 == 1
    except OSError:
        pass
    return False


class Progress(unittest.TestCase):
    web = command.output("web3d/output_00003").info

    def test_bar_on_a_terminal(self):
        for mode in ([], ["--stream"]):
            status, out, shown = run_in_terminal("load", self.web, *mode)
            self.assertEqual(status, 0)
            self.assertIn("347,544", out)
            self.assertNotIn("\r", out)
            self.assertRegex(shown, r"\rreading \[[=> ]+\] +0%")
            self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown[-50:]))
            for drawn in shown.split("\r"):
                self.assertLess(len(drawn.replace("\x1b[K", "")), 100)

    def test_bar_fits_a_narrow_terminal(self):
        _, _, shown = run_in_terminal("load", self.web, columns=20)
        for drawn in shown.split("\r"):
            self.assertLess(len(drawn.replace("\x1b[K", "")), 20)

    def test_bar_is_not_drawn_too_often(self):
        begin = time.monotonic()
        _, _, shown = run_in_terminal("load", self.web, "--threads", 1)
        elapsed = time.monotonic() - begin
        drawings = len(re.findall(r"%", shown))
        self.assertLessEqual(drawings, 2 + elapsed / 0.1)

    def test_quiet(self):
        status, out, shown = run_in_terminal("load", self.web, "--quiet", "--json")
        self.assertEqual((status, shown), (0, ""))
        self.assertTrue(out.startswith("{"))

    def test_no_control_characters_elsewhere(self):
        done = command.run("load", self.web)
        self.assertNotRegex(done.stderr + done.stdout, r"[\x00-\x09\x0b-\x1f\x7f]")
        _, _, shown = run_in_terminal("load", self.web, term="dumb")
        self.assertNotIn("\x1b", shown)

    def stop(self, number, *options):
        """Sends a signal as soon as the program is ready for it. Returns status, stdout, stderr."""
        process = subprocess.Popen(
            [command.PROGRAM, "load", str(self.web), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # a script may ignore it
        )
        while process.poll() is None and not catches(process, number):
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=command.SECONDS)
        return process.returncode, out, err

    def test_interrupt(self):
        for options in (["--threads", "1"], ["--threads", "2", "--json"], ["--stream"]):
            with self.subTest(options=options):
                self.check_stop(signal.SIGINT, 130, options)

    def test_request_to_end(self):
        self.check_stop(signal.SIGTERM, 143, ["--threads", "1"])

    def check_stop(self, number, expected, options):
        for _ in range(20):  # a run may be over before the signal is there
            status, out, err = self.stop(number, *options)
            if status != 0:
                break
        self.assertEqual(status, expected, err)
        self.assertEqual(out, "")
        self.assertEqual(err, "pvramses: stopped\n")


if __name__ == "__main__":
    unittest.main()
