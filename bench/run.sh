#!/bin/sh
# Builds the benchmarks in build/bench (or $BENCH_BUILD) and runs them: training steps beside hand-written ones and
# PyTorch, with the library's own matrix products and with CBLAS; long arrays; the cost of recording and compiling; what
# every pass of the planner brings; and the elementwise loops.
#
#     bench/run.sh [--json FILE] [--blocks N] [--only W0|W1|W2|W3|W4] [--type f32|f64] [--threads N]
#
# The steps are measured on one thread, and on two, four … up to N (2, or 1 where there is one processor). FILE receives
# {"rows": [...], "rows_cblas": [...], "overhead": {...}, "record": {...}, "passes": [...], "loops": [...]}. Every row has
#     name, dtype, threads, ours_us, hand_us, torch_us      medians in microseconds; null where there is none
# steps (W0 to W4) and long arrays (chain, logsumexp, softmax, …) first, then recording and compiling. hand_us is the best
# of what is written by hand: hand_plain_us, hand_openblas_us, hand_onednn_us; ours_beside_torch_us was measured beside
# torch_us. Steps on more than one thread also have
#     alone_us, speedup, machine_speedup, free_rounds, speedup_if_free
# the library's step on one thread in the same run, how often as fast the threads are, how often as fast they are at sums
# and products alone (two processors may be one core), in how many rounds that was nearly all, and the speedup in these.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${BENCH_BUILD:-$root/build/bench}
json=
processors=$(nproc 2>/dev/null || echo 1)
threads=$((processors < 2 ? 1 : 2))
steps_options=
while [ $# -gt 0 ]; do
    case $1 in
    --json | --blocks | --only | --type | --threads)
        [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
        case $1 in
        --json) json=$2 ;;
        --threads) threads=$2 ;;
        *) steps_options="$steps_options $1 $2" ;;
        esac
        shift 2
        ;;
    *)
        echo "usage: bench/run.sh [--json FILE] [--blocks N] [--only W0|W1|W2|W3|W4] [--type f32|f64] [--threads N]" >&2
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
build_variant "$build/own" OFF bench_steps bench_arrays bench_overhead bench_record bench_passes \
    bench_elementwise
build_variant "$build/cblas" ON bench_steps

# BLAS libraries read these when they are loaded; bench_steps asks for the threads that it wants.
export OPENBLAS_NUM_THREADS="$threads" OMP_NUM_THREADS="$threads"

# All rows of lists of rows as one list.
join_rows() {
    printf '['
    separator=
    for list in "$@"; do
        [ "$(cat "$list")" != '[]' ] || continue
        printf '%s' "$separator"
        sed -e '1s/^\[//' -e '$s/\]$//' "$list"
        separator=,
    done
    printf ']\n'
}

lists=
n=1
while [ "$n" -le "$threads" ]; do
    echo "Training steps, the library's own matrix products"
    # shellcheck disable=SC2086 # the options are words
    "$build/own/bench/bench_steps" $steps_options --threads "$n" --json "$build/rows_$n.json"
    echo
    lists="$lists $build/rows_$n.json"
    n=$((n * 2))
done
echo "Long arrays"
"$build/own/bench/bench_arrays" --json "$build/rows_arrays.json"
echo
# shellcheck disable=SC2086
join_rows $lists "$build/rows_arrays.json" >"$build/rows.json"
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import torch' 2>"$build/torch.log"; then
        echo "PyTorch"
        "$python" "$root/bench/torch_rows.py" "$build/rows.json" "$build/own/bench/bench_steps"
        echo
        break
    fi
done
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
echo "Training steps, the library with CBLAS"
# shellcheck disable=SC2086
"$build/cblas/bench/bench_steps" $steps_options --json "$build/rows_cblas.json"
echo
echo "Recording and compiling"
"$build/own/bench/bench_overhead" --json "$build/overhead.json" --rows "$build/rows_overhead.json"
"$build/own/bench/bench_record" --json "$build/record.json"

echo
"$build/own/bench/bench_passes" --json "$build/passes.json"
"$build/own/bench/bench_elementwise" --json "$build/loops.json"

if [ -n "$json" ]; then
    {
        printf '{"rows": '
        join_rows "$build/rows.json" "$build/rows_overhead.json"
        printf ', "rows_cblas": '
        cat "$build/rows_cblas.json"
        printf ', "overhead": '
        cat "$build/overhead.json"
        printf ', "record": '
        cat "$build/record.json"
        printf ', "passes": '
        cat "$build/passes.json"
        printf ', "loops": '
        cat "$build/loops.json"
        printf '}\n'
    } >"$json"
fi
