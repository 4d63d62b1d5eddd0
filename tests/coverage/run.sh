#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD TOOLS [PART]...: runs what is to reach every line of the six steps, and judges what it has
# reached; `make coverage` calls it. PART: count, report; both without.
#
# Clients and tools are those of the ordinary build: only the servers count.
. "$(dirname "$0")/../clean-room.sh"
set -eu
cd "$(dirname "$0")/../.."
build=$1
tools=$2
shift 2
[ $# -gt 0 ] || set -- count report
steps='01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel'
COUNTERS=$PWD/$build/counters # see counters.c
failed=0

part() { # part NAME COMMAND...: what it says is shown only if it fails
  name=$1
  shift
  if COUNTERS=$COUNTERS "$@" >"$build/part.log" 2>&1; then
    echo "passed  $name"
  else
    echo "FAILED  $name"
    grep -v '^ok ' "$build/part.log"
    failed=$((failed + 1))
  fi
}

count() {
  rm -rf "$COUNTERS"
  mkdir -p "$COUNTERS"
  for client in say swarm rude odd; do
    ln -sf "../$client" "$build/$client"
  done
  for step in $steps; do
    part "the tests of $step" sh tests/run.sh "$build" "${step%%-*}"
  done
  part "the torture" "$tools/torture" --quick "$build" "$tools/shim.so"
  # --quick lets only the first call of a kind fail; what sets a server up calls these several times.
  # shellcheck disable=SC2046
  part "the torture of what they start with" "$tools/torture" --seeds 0 --stops 0 "$build" "$tools/shim.so" $(
    for call in bind calloc epoll_add epoll_create1 fcntl getsockopt listen lstat malloc open pipe setsockopt socket \
      unlink; do
      printf '%s ' "01:$call" "02:$call" "03:$call" "04:$call" "05:$call" "06:$call"
    done
  )
}

report() {
  find "$build/objects" -name '*.gcda' -exec rm {} +
  for step in $steps; do
    COUNTERS=$COUNTERS COUNTERS_DUMP=1 "$build/$step"
  done
  for source in 0[1-6]-*/*.c common/*.c; do
    gcov -b -c -t -o "$build/objects/${source%.c}.o" "$source"
  done >"$build/lines.txt"
  : >"$build/branches.txt"
  echo
  awk -v branches="$build/branches.txt" -f tests/coverage/report.awk tests/coverage/unreached.txt "$build/lines.txt" ||
    failed=$((failed + 1))
  echo "The counts of all lines: $build/lines.txt; the branches never taken: $build/branches.txt"
}

for one; do
  "$one"
done
[ "$failed" = 0 ]
