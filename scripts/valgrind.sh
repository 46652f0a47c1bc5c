#!/usr/bin/env bash
# Runs the test programs under valgrind. The build is in build/valgrind. Of leaks only the definite ones are errors: blocks
# that are aligned are seen from inside, which valgrind calls possibly lost in a child that is forked off and ends.
#
#   scripts/valgrind.sh [argument of ctest]...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=$(nproc 2>/dev/null || echo 2)
scripts/setup.sh valgrind
cmake --preset valgrind
cmake --build --preset valgrind --parallel "$jobs"
ctest --preset valgrind --parallel "$jobs" "$@"
