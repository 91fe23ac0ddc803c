"""pvramses load: the same results for any number of threads, bit by bit."""

import unittest

import command

# What may differ from run to run and from team to team.
OF_THE_RUN = ("seconds", "statistics_seconds", "particle_seconds", "peak_rss_bytes", "threads")


def results(found):
    return {key: value for key, value in found.items() if key not in OF_THE_RUN}


class Threads(unittest.TestCase):
    def check(self, *options):
        for output in command.outputs():
            first = command.run_json("load", output.info, "--threads", 1, *options)
            self.assertEqual(first["threads"]["max"], 1)
            for threads in (2, 3, 8, 64):
                with self.subTest(output=output.name, threads=threads):
                    found = command.run_json("load", output.info, "--threads", threads, *options)
                    self.assertEqual(results(found), results(first))
                    self.assertEqual(found["threads"]["max"], threads)
                    self.assertEqual(len(found["threads"]["per_thread"]), threads)

    def test_load(self):
        self.check()

    def test_stream(self):
        self.check("--stream")

    def test_pin_and_prefetch_change_nothing(self):
        output = command.output("sedov3d/output_00003")
        first = results(command.run_json("load", output.info))
        for options in (["--pin"], ["--no-prefetch"], ["--pin", "--no-prefetch", "--threads", 2]):
            with self.subTest(options=options):
                self.assertEqual(results(command.run_json("load", output.info, *options)), first)

    def test_default_is_what_the_process_may_use(self):
        output = command.output("sedov3d/output_00003")
        for options in ([], ["--threads", 0]):
            found = command.run_json("load", output.info, *options)
            self.assertGreaterEqual(found["threads"]["max"], 1)


if __name__ == "__main__":
    unittest.main()
