#!/usr/bin/env bash
# Installs what the build and the tests need and is not there yet, from Debian's or Ubuntu's packages.
#
#   scripts/setup.sh [clang|clang-format|gcovr|valgrind]...
#
# The arguments name further tools. On a system without apt-get it only says what is missing, and fails if
# anything is.
set -euo pipefail

missing=()

need_command() { # package command...: any of the commands will do
    local package=$1
    shift
    for name in "$@"; do
        if command -v "$name" >/dev/null; then return; fi
    done
    missing+=("$package")
}

# Asks the compiler, so that headers in its own places count. Without a compiler, headers count as missing.
need_header() { # package header
    if ! printf '#include <stddef.h>\n#include <stdint.h>\n#include <stdarg.h>\n#include <setjmp.h>\n#include <%s>\n' "$2" |
        "${CC:-cc}" -E -x c - >/dev/null 2>&1; then
        missing+=("$1")
    fi
}

need_command cmake cmake
need_command gcc "${CC:-cc}"
need_command g++ "${CXX:-c++}"
need_command make make
need_command pkg-config pkg-config pkgconf
need_header libc6-dev stdlib.h
need_header uthash-dev uthash.h
need_header libxxhash-dev xxhash.h
need_header zlib1g-dev zlib.h
need_header libzip-dev zip.h
need_header libjansson-dev jansson.h
need_header libcmocka-dev cmocka.h

for tool in "$@"; do
    case $tool in
    clang)
        need_command clang clang
        # The sanitizers' and libFuzzer's libraries.
        if ! command -v clang >/dev/null ||
            ! compgen -G "$(clang -print-resource-dir)/lib/*/*fuzzer*.a" >/dev/null; then
            missing+=(libclang-rt-dev)
        fi
        ;;
    clang-format | gcovr | valgrind) need_command "$tool" "$tool" ;;
    *)
        echo "setup.sh: unknown tool: $tool" >&2
        exit 1
        ;;
    esac
done

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "Missing, by their names in Debian: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
