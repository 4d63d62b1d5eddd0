#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh TOOLS: all the torture that there is, in a few minutes; `make torture` calls it.
#
# The servers as they are; under AddressSanitizer and UndefinedBehaviorSanitizer; 06 under ThreadSanitizer; and each
# step once under valgrind, which also tells of descriptors that were left open.
. "$(dirname "$0")/../clean-room.sh"
set -eu
cd "$(dirname "$0")/../.."
tools=$1
failed=0

part() { # part NAME COMMAND...
  echo
  echo "== $1"
  shift
  "$@" || failed=$((failed + 1))
}

# shellcheck disable=SC2086 # CC may have words
library() { ${CC:-cc} -print-file-name="$1"; } # a sanitizer's: it comes before shim.so

make -s asan-ubsan tsan
part "the six servers" "$tools/torture" build "$tools/shim.so"
part "under AddressSanitizer and UndefinedBehaviorSanitizer" \
  env TORTURE_PRELOAD="$(library libasan.so)" "$tools/torture" --seeds 50 --stops 25 build/asan-ubsan "$tools/shim.so"
# report_thread_leaks: a server that gives up does not wait for its threads. atexit_sleep_ms: a second, by default.
part "06 under ThreadSanitizer" \
  env TORTURE_PRELOAD="$(library libtsan.so)" TSAN_OPTIONS=report_thread_leaks=0:atexit_sleep_ms=0 \
  "$tools/torture" --seeds 50 --stops 25 build/tsan "$tools/shim.so" 06
if command -v valgrind >/dev/null; then
  part "each step under valgrind" bash tests/torture/valgrind.sh build
else
  part "each step under valgrind" sh -c 'echo "there is no valgrind (Debian, Ubuntu: apt install valgrind)" >&2; exit 1'
fi
[ "$failed" = 0 ]
