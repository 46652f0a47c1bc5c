#!/bin/sh
# Builds the benchmarks in build/bench (or $BENCH_BUILD) and runs them: training steps beside hand-written ones,
# with the library's own matrix products and with CBLAS, and the cost of recording and compiling.
#
#     bench/run.sh [--json FILE] [--blocks N] [--only W0|W1|W2|W3]
#
# FILE receives {"rows": [...], "rows_cblas": [...], "overhead": {...}, "record": {...}}; times in rows are medians in microseconds.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${BENCH_BUILD:-$root/build/bench}
json=
steps_options=
while [ $# -gt 0 ]; do
    case $1 in
    --json | --blocks | --only)
        [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
        if [ "$1" = --json ]; then json=$2; else steps_options="$steps_options $1 $2"; fi
        shift 2
        ;;
    *)
        echo "usage: bench/run.sh [--json FILE] [--blocks N] [--only W0|W1|W2|W3]" >&2
        exit 2
        ;;
    esac
done

build_variant() { # directory, TAPEGRAD_CBLAS, targets
    directory=$1
    cblas=$2
    shift 2
    if ! { cmake -S "$root" -B "$directory" -DCMAKE_BUILD_TYPE=Release -DTAPEGRAD_BENCH=ON -DTAPEGRAD_TESTS=OFF \
        -DTAPEGRAD_EXAMPLES=OFF -DTAPEGRAD_CBLAS="$cblas" &&
        cmake --build "$directory" --parallel --target "$@"; } >"$directory.log" 2>&1; then
        cat "$directory.log" >&2
        exit 1
    fi
}

mkdir -p "$build"
build_variant "$build/own" OFF bench_steps bench_overhead bench_record bench_elementwise
build_variant "$build/cblas" ON bench_steps

# BLAS libraries read these when they are loaded.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

echo "Training steps, the library's own matrix products"
# shellcheck disable=SC2086 # the options are words
"$build/own/bench/bench_steps" $steps_options --json "$build/rows.json"
echo
echo "Training steps, the library with CBLAS"
# shellcheck disable=SC2086
"$build/cblas/bench/bench_steps" $steps_options --json "$build/rows_cblas.json"
echo
echo "Recording and compiling"
"$build/own/bench/bench_overhead" --json "$build/overhead.json"
"$build/own/bench/bench_record" --json "$build/record.json"

echo
"$build/own/bench/bench_elementwise"

if [ -n "$json" ]; then
    {
        printf '{"rows": '
        cat "$build/rows.json"
        printf ', "rows_cblas": '
        cat "$build/rows_cblas.json"
        printf ', "overhead": '
        cat "$build/overhead.json"
        printf ', "record": '
        cat "$build/record.json"
        printf '}\n'
    } >"$json"
fi
