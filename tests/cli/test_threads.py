"""pvramses load: the same results for any number of threads, bit by bit."""

import json
import os
import shutil
import subprocess
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

    def threads_in(self, environment, processors=None, group=None):
        """Threads that are taken by default, in an environment without launchers but for what is
        given, on some processors, in a control group that leaves so much of them."""
        load = [command.PROGRAM, "load", str(command.output("sedov3d/output_00003").info), "--json",
                "--quiet"]
        if group:  # a folder of groups for this process alone, where the system allows that
            load = ["unshare", "--mount", "sh", "-c",
                    "mount -t tmpfs none /sys/fs/cgroup && "
                    "folder=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup) && "
                    "mkdir -p \"$folder\" && echo '%s' > \"$folder/cpu.max\" && exec \"$@\"" % group,
                    "sh"] + load
        known = {name: value for name, value in os.environ.items()
                 if not name.startswith(("OMP", "SLURM", "MPI", "PALS", "MV2", "GOMP"))}
        done = subprocess.run(load, env=dict(known, **environment), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=command.SECONDS,
                              preexec_fn=lambda: processors and os.sched_setaffinity(0, processors))
        if group and (done.returncode != 0 or not done.stdout):
            self.skipTest("no control groups of one's own here: " + done.stderr.decode())
        return json.loads(done.stdout)["threads"]["max"]

    def test_default_is_this_process_share(self):
        mine = sorted(os.sched_getaffinity(0))
        whole = self.threads_in({})
        self.assertLessEqual(whole, len(mine))
        self.assertEqual(self.threads_in({}, mine[-1:]), 1)
        for name in ("OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"):
            self.assertEqual(self.threads_in({name: "1"}), 1)
            self.assertEqual(self.threads_in({name: "4096"}), whole)  # no more than there are
        self.assertEqual(self.threads_in({"SLURM_STEP_TASKS_PER_NODE": "4096", "SLURM_LOCALID": "5"}),
                         1)

    @unittest.skipUnless(shutil.which("unshare"), "no unshare")
    def test_default_keeps_to_a_quota(self):
        self.assertEqual(self.threads_in({}, group="100000 100000"), 1)
        self.assertEqual(self.threads_in({}, group="max 100000"), self.threads_in({}))


if __name__ == "__main__":
    unittest.main()
