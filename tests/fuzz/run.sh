#!/bin/bash
# run.sh BUILD [SECONDS [RANDOM]] - runs the fuzz targets of a build (preset `fuzz`), all at once,
# SECONDS each (60). Seeds: small Mera files of data/, chunks and lists that are made here. What a run
# finds stays in BUILD/fuzz, and is the seed of the next one; status 1 and a file `crash-*` for a
# failure. RANDOM begins the random numbers: 1, so that two runs from nothing try the same inputs in the
# same order, and what fails is what was changed; 0 looks elsewhere each time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
seconds=${2:-60}
random=${3:-1}
folder=$build/fuzz
mkdir -p "$folder"/{jld2,lz4,leaves,tmp}
for file in mera144_part mera190_clumps mera144_mhd; do
  cp "$root/data/mera/${file}_00002.jld2" "$folder/jld2/"
done
"$build/bin/fuzz_seeds" "$folder/lz4"
# Lists: a whole grid, refined here and there; rows with places.
for how in '\000' '\001' '\002' '\005\201' '\202\000'; do
  printf "$how\\003\\000\\000\\002\\004\\001\\000\\377\\200\\006\\001\\000\\000\\003\\210\\300\\001" \
    > "$folder/leaves/seed${how//[^0-9]/}"
done

export TMPDIR=$folder/tmp
export ASAN_OPTIONS=allocator_may_return_null=1
export LSAN_OPTIONS=suppressions=$root/tests/fuzz/leaks.txt:print_suppressions=0
declare -A job
for target in jld2 lz4 leaves; do
  length=4096
  [ "$target" != jld2 ] || length=200000
  "$build/bin/fuzz_$target" -seed="$random" -max_total_time="$seconds" -max_len=$length -timeout=20 \
    -rss_limit_mb=2048 -artifact_prefix="$folder/" -print_final_stats=1 "$folder/$target" \
    > "$folder/$target.log" 2>&1 &
  job[$target]=$!
done
status=0
for target in jld2 lz4 leaves; do
  if wait "${job[$target]}"; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target.log") inputs, none fails"
  else
    echo "$target: FAILED"
    tail -40 "$folder/$target.log"
    status=1
  fi
done
exit $status
