#!/usr/bin/env bash
# Builds everything with warnings as errors, AddressSanitizer and UndefinedBehaviorSanitizer, and runs all tests.
#
#   scripts/test.sh [argument of ctest]...        for example: scripts/test.sh -R test_io
#
# The build is in build/dev. PRESET=dev-clang takes another preset of CMakePresets.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${PRESET:-dev}
jobs=$(nproc 2>/dev/null || echo 2)
case $preset in
*clang) scripts/setup.sh clang ;;
*) scripts/setup.sh ;;
esac
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$jobs"
ctest --preset "$preset" --parallel "$jobs" "$@"
