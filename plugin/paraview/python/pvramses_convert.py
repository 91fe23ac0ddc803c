"""Convert many old Mera files, or RAMSES outputs, to Mera files of today, from Python.

    import pvramses_convert
    report = pvramses_convert.convert("old", "new", start_output=100, end_output=200, threads=8)
    print(report["success"], report["failed"], report["advice"])

Works in pvpython and in any Python: the work is done by the command `pvramses convert`, so that
stopping Python, or a full memory there, cannot harm a file. See `pvramses convert --help`.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile


def program():
    """Path of the command pvramses: $PVRAMSES, or beside the installed plugin, or on the PATH."""
    named = os.environ.get("PVRAMSES")
    if named:
        return named
    for folder in pathlib.Path(__file__).resolve().parents:
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
    compress="lz4",
    from_ramses=False,
    kinds=None,
    max_level=0,
    dry_run=False,
    quiet=True,
):
    """Converts each output_NNNNN.jld2 of `input_dir` (with `from_ramses` the outputs of a RAMSES run)
    to a Mera file of today in `output_dir`, several at once, within the memory that there is.

    Returns the report as a dictionary: success, failed, skipped, safety_violations,
    conversion_time (s), threads_used, final_memory_usage_percent, advice, files (a list with name,
    state and, for those that failed, the reason of each) and more. Files that fail do not raise;
    wrong arguments raise ValueError, and what prevents all work OSError. With `dry_run` nothing is
    done, and the plan is printed.
    """
    handle, report = tempfile.mkstemp(suffix=".json")
    os.close(handle)
    command = [program(), "convert", os.fspath(input_dir), os.fspath(output_dir), "--yes"]
    command += ["--report", report, "--threads", threads, "--safety-margin", safety_margin]
    command += ["--min-threads", min_threads, "--max-threads", max_threads]
    command += ["--compress", compress if compress else "none", "--max-level", max_level]
    for option, value in (("--from", start_output), ("--to", end_output)):
        command += [option, value] if value is not None else []
    for option, wanted in (
        ("--force", not skip_existing),
        ("--from-ramses", from_ramses),
        ("--dry-run", dry_run),
        ("--quiet", quiet),
    ):
        command += [option] if wanted else []
    if kinds:
        command += ["--kinds", kinds if isinstance(kinds, str) else ",".join(kinds)]
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=None if dry_run else subprocess.DEVNULL,
            stderr=subprocess.PIPE if quiet else None,
            universal_newlines=True,
        )
        message = (done.stderr or "see what was printed").strip()
        if done.returncode == 2:
            raise ValueError(message)
        with open(report) as stream:
            text = stream.read()
        if not text and not dry_run:
            raise OSError(message)
        return json.loads(text) if text else {}
    finally:
        os.unlink(report)
