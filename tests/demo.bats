#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `make demo`: shows all six as they are, and tells when one is not as it should be.

load helpers

demo() { env -u NO_COLOR -u CLICOLOR_FORCE "$@" sh "$BATS_TEST_DIRNAME/../clients/demo.sh" "$PWD/bin"; }

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  mkdir bin
  cp "$BUILD"/0* "$BUILD/swarm" bin/
}

@test "demo: shows the six, each as it is" {
  local out
  out=$(demo LC_ALL=C 2>err.log)
  assert_equal "stderr" "" "$(cat err.log)"
  assert_equal "headings" 6 "$(grep -cE '^0[1-6]-[a-z]+-?[a-z]*  ' <<<"$out")"
  assert_equal "rows" 18 "$(grep -cE '^client [1-3] ' <<<"$out")"
  assert_equal "01" "1 served, 2 reset; at most 1 at once" "$(grep -m1 -o '^1 served, 2 reset; at most 1 at once' <<<"$out")"
  assert_equal "02" 1 "$(grep -c '^3 served; at most 1 at once' <<<"$out")"
  assert_equal "03 to 06" 4 "$(grep -c '^3 served; at most 3 at once' <<<"$out")"
  assert_equal "05 and 06" 2 "$(grep -c 'counter=9' <<<"$out")"
  assert_at_most "columns" 80 "$(awk '{ if (length > n) n = length } END { print n }' <<<"$out")"
  assert_equal "bytes that are no ASCII, and escapes" "" "$(LC_ALL=C tr -d '\n -~' <<<"$out")"
  [[ $(demo LC_ALL=C.UTF-8) == *█* ]]
}

@test "demo: says so when a server is another than it should be" {
  local case wrong
  for case in 02-loop-echo:03-fork-echo 03-fork-echo:02-loop-echo 04-select-echo:01-sync-echo; do
    wrong=${case#*:}
    cp "$BUILD/${case%:*}" "bin/$wrong"
    exits 1 demo LC_ALL=C
    assert_match "message" "demo: $wrong: expected .*measured " "$OUTPUT"
    cp "$BUILD/$wrong" "bin/$wrong"
  done
  printf '#!/bin/sh\nexit 3\n' >bin/04-select-echo
  exits 1 demo LC_ALL=C
  assert_match "message" "demo: 04-select-echo: expected that it listens" "$OUTPUT"
}
