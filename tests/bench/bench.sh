#!/usr/bin/env bash
# Measures how fast a mesh loads, on outputs made by pvr_generate: clustered and zoom.
#
# Everything is read from the page cache and compared in the same run: with a parallel pread of the
# very bytes needed, with yt where it is installed, and in ParaView with the command line.
#
# CELLS=10800000  leaf cells of each output      RUNS=5  runs of which the median is printed
# AMR2MAP=path    RAMSES' own utils/f90/amr2map, to be compared with
# BENCH_DIR       where the outputs are kept     LARGE=100000000  adds one run with that many cells
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$root/build}
exec /usr/bin/env python3 "$root/tests/bench/bench.py" --build "$build" \
    --cells "${CELLS:-10800000}" --runs "${RUNS:-5}" --large "${LARGE:-0}" \
    --dir "${BENCH_DIR:-}"
