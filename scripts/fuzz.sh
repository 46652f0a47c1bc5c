#!/usr/bin/env bash
# Runs the fuzz targets with libFuzzer, one after another. The build is in build/fuzz; what is found there, and
# the inputs that reached new code, stay in build/fuzz/found/<target>. Fails when a target failed.
#
#   scripts/fuzz.sh [seconds for each target, 60 if not given] [target]...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true
scripts/setup.sh clang
cmake --preset fuzz
cmake --build --preset fuzz --parallel "$(nproc 2>/dev/null || echo 2)"

if [ $# -eq 0 ]; then
    for program in build/fuzz/tests/fuzz/fuzz_*; do
        if [ -x "$program" ] && [ -f "$program" ]; then set -- "$@" "${program##*/fuzz_}"; fi
    done
fi

failed=()
for target in "$@"; do
    found=build/fuzz/found/$target
    mkdir -p "$found/inputs"
    if build/fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 \
        -print_final_stats=1 -artifact_prefix="$found/" "$found/inputs" "tests/fuzz/corpus/$target" \
        >"$found/log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found/log") executions"
    else
        echo "$target: failed, see $found/log"
        tail -n 30 "$found/log"
        failed+=("$target")
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "Failed: ${failed[*]}"
    exit 1
fi
