"""What the tests of the command line share: the program, the outputs, and what is in them.

PVRAMSES names the program (ctest sets it); PVRAMSES_FIXTURES may name a folder with more outputs,
laid out as data/ is. Without it, ../shared/fixtures beside the repository is taken if it is there.
"""

import json
import os
import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
PROGRAM = os.environ.get("PVRAMSES", str(REPOSITORY / "build" / "bin" / "pvramses"))
SECONDS = 300  # for one run of the program; sanitizers are slow

# EXPECT.json's names of what is called otherwise here.
OUR_NAMES = {
    "thermal_pressure": "pressure",
    "phi": "potential",
    "gx": "acceleration_x",
    "gy": "acceleration_y",
    "gz": "acceleration_z",
}


def run(*arguments, **options):
    """Runs the program; returns what subprocess.run does, with text."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], universal_newlines=True, timeout=SECONDS, **options
    )


def run_json(*arguments):
    """Runs the program with --json; what it printed must be one object and nothing else."""
    done = run(*arguments, "--json")
    if done.returncode != 0:
        raise AssertionError(
            "exit status %d of %s: %s" % (done.returncode, " ".join(map(str, arguments)), done.stderr)
        )

    def refuse(word):
        raise AssertionError("not JSON: " + word)

    return json.loads(done.stdout, parse_constant=refuse)


class Output:
    """An output on disk and the entry of EXPECT.json about it."""

    def __init__(self, folder, expect):
        self.folder = folder
        self.info = folder / ("info_%s.txt" % folder.name[-5:])
        self.number = int(folder.name[-5:])
        self.name = "%s/%s" % (folder.parent.name, folder.name)
        self.expect = expect

    def fields(self):
        """What must be found in the fields, by our names."""
        return {
            OUR_NAMES.get(name, name): values for name, values in self.expect["fields"].items()
        }

    def cell_volume(self, level):
        return (self.expect["coarse_cell_size"] / 2**level) ** self.expect["ndim"]


def outputs():
    """All outputs with an entry in EXPECT.json: data/, and the fixtures where there are some."""
    roots = [DATA]
    more = os.environ.get("PVRAMSES_FIXTURES", str(REPOSITORY.parent / "shared" / "fixtures"))
    if pathlib.Path(more).is_dir():
        roots.append(pathlib.Path(more))
    found, names = [], set()
    for root in roots:
        for path in sorted(root.glob("*/EXPECT.json")):
            with open(path) as stream:
                expect = json.load(stream)["outputs"]
            for name in sorted(expect):
                output = Output(path.parent / name, expect[name])
                if output.folder.is_dir() and output.name not in names:
                    names.add(output.name)
                    found.append(output)
    assert found, "no outputs in %s" % roots
    return found


def output(name):
    """The output called `name` (sedov3d/output_00003) of data/."""
    for candidate in outputs():
        if candidate.name == name:
            return candidate
    raise AssertionError("no " + name)
