"""Convert many old Mera files, or RAMSES outputs, to Mera files of today, from Python.

    import paraview.simple      # with the plugin RAMSES; in another Python put this folder on sys.path
    import pvramses_convert

    report = pvramses_convert.convert("old", "new", start_output=100, end_output=200, threads=8)
    print(report["success"], report["failed"], report["advice"])

The work is done by the command `pvramses convert`, so that stopping Python, or a full memory there,
cannot harm a file. See `pvramses convert --help`.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def _places():
    """Where this module, or the plugin that brings it, is."""
    if globals().get("__file__"):
        yield __file__
    tracker = getattr(sys.modules.get("paraview.modules.vtkRemotingCore"), "vtkPVPluginTracker", None)
    plugins = tracker.GetInstance() if tracker else None
    for number in range(plugins.GetNumberOfPlugins() if plugins else 0):
        if plugins.GetPluginName(number) == "RAMSES" and plugins.GetPluginFileName(number):
            yield plugins.GetPluginFileName(number)


def program():
    """Path of the command pvramses: $PVRAMSES, or beside the installed plugin, or on the PATH."""
    named = os.environ.get("PVRAMSES")
    if named:
        return named
    for place in _places():
        for folder in pathlib.Path(place).resolve().parents:
            if os.access(folder / "bin" / "pvramses", os.X_OK):
                return str(folder / "bin" / "pvramses")
    found = shutil.which("pvramses")
    if not found:
        raise FileNotFoundError("the command pvramses is not on the PATH; set PVRAMSES to its path")
    return found


def convert(
    input_dir,
    output_dir,
    start_output=None,
    end_output=None,
    threads=0,
    safety_margin=0.8,
    min_threads=1,
    max_threads=64,
    skip_existing=True,
    compress=None,
    from_ramses=False,
    kinds=None,
    lmax=0,
    region=None,
    by_centre=False,
    dry_run=False,
    report=None,
    quiet=True,
):
    """Converts each output_NNNNN.jld2 of `input_dir` (with `from_ramses` the outputs of a RAMSES run)
    to a Mera file of today in `output_dir`, several at once, within the memory that there is.

    skip_existing  False: convert again what is in `output_dir` already
    compress       "lz4" (None and True are the same), "zlib", or "none" (False is the same)
    kinds, lmax, region, by_centre
                   of RAMSES outputs: ["hydro", "particles", ...]; deepest level; part of the box as on
                   the command line, "sphere,0.5,0.5,0.5,0.1" or a list of these
    dry_run        nothing is done; the report has what would be, and the memory that it needs
    report         path of a file that gets the report as JSON, too
    quiet          False: shows the plan and what goes on

    Returns the report as a dictionary: success, failed, skipped, safety_violations,
    conversion_time (s), threads_used, final_memory_usage_percent, advice, files (a list with name,
    state and, for those that failed, the reason of each) and more. Files that fail do not raise;
    wrong arguments raise ValueError, and what prevents all work OSError.
    """
    names = {None: "lz4", True: "lz4", False: "none"}
    command = [program(), "convert", os.fspath(input_dir), os.fspath(output_dir), "--yes", "--json"]
    command += ["--threads", threads, "--safety-margin", safety_margin]
    command += ["--min-threads", min_threads, "--max-threads", max_threads]
    command += ["--compress", compress if isinstance(compress, str) else names.get(compress, compress)]
    command += ["--lmax", lmax]
    for option, value in (
        ("--from", start_output),
        ("--to", end_output),
        ("--kinds", _list(kinds)),
        ("--region", _list(region)),
        ("--report", report),
    ):
        command += [option, value] if value is not None else []
    for option, wanted in (
        ("--force", not skip_existing),
        ("--from-ramses", from_ramses),
        ("--by-centre", by_centre),
        ("--dry-run", dry_run),
        ("--quiet", quiet),
    ):
        command += [option] if wanted else []
    # Of what goes by, the last lines tell why, should there be no report.
    with tempfile.TemporaryFile("w+") as messages:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages if quiet else None,
            universal_newlines=True,
        )
        messages.seek(0)
        message = messages.read().strip() or "see what was printed"
    if done.returncode == 2:
        raise ValueError(message)
    if not done.stdout:
        raise OSError(message)
    return json.loads(done.stdout)


def _list(value):
    return value if value is None or isinstance(value, str) else ",".join(map(str, value))
