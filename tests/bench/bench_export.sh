#!/bin/sh
# bench_export.sh BUILD OUTPUT FOLDER - pvr_bench_export and VTK's own writers on the same files.
# FOLDER should lie on a RAM disk; it needs some 3 GB for ten million cells.
set -e
build=$1
output=$2
folder=$3
mkdir -p "$folder"
"$build/bin/pvr_bench_export" "$output" "$folder" --keep
if command -v pvpython > /dev/null; then
    pvpython "$(dirname "$0")/bench_vtk_writers.py" "$folder"
fi
rm -f "$folder/bench.htg" "$folder/bench.vtu"
