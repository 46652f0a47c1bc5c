#!/usr/bin/env bash
# Says which share of the lines of src/ the tests run, file by file. The build is in build/coverage.
#
#   scripts/coverage.sh [argument of gcovr]...    for example: scripts/coverage.sh --html-details coverage.html
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=$(nproc 2>/dev/null || echo 2)
scripts/setup.sh gcovr
cmake --preset coverage
cmake --build --preset coverage --parallel "$jobs"
find build/coverage -name '*.gcda' -delete # what earlier runs counted
ctest --preset coverage --parallel "$jobs"
gcovr --root . --filter src/ --object-directory build/coverage build/coverage "$@"
