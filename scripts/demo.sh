#!/usr/bin/env bash
# Builds the library and the examples (in build/demo) and trains a network on the handwritten digits that come
# with the source.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
cmake -S . -B build/demo -DCMAKE_BUILD_TYPE=Release -DTAPEGRAD_TESTS=OFF -DTAPEGRAD_EXAMPLES=ON >/dev/null
cmake --build build/demo --parallel "$(nproc 2>/dev/null || echo 2)" --target digits
build/demo/examples/digits examples/data/digits
