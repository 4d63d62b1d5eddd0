#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `make demo`: shows all six as they are, and tells when one is not as it should be.

load helpers

demo() { env -u NO_COLOR -u CLICOLOR_FORCE -u COLUMNS "$@" sh "$BATS_TEST_DIRNAME/../clients/demo.sh" "$PWD/bin"; }

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  mkdir bin
  cp "$BUILD"/0* "$BUILD/swarm" bin/
}

@test "demo: shows the six, each as it is" {
  local out
  needs_signals_in_select
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

  # A locale is for the chart only; whatever else the caller's environment is, all is as above.
  out=$(
    trap '' INT TERM PIPE CHLD HUP
    umask 077
    demo LC_ALL=C.UTF-8 TMPDIR="/no such directory" POSIXLY_CORRECT=1 CDPATH=/ IFS=e MALLOC_PERTURB_=7 \
      name=none log=none build=none figures=none PATH=":$PATH" <&-
  )
  [[ $out == *█* ]]
  assert_equal "03 to 06" 4 "$(grep -c '^3 served; at most 3 at once' <<<"$out")"
}

@test "demo: is as wide as the terminal" {
  local out sh=$BATS_TEST_DIRNAME/../clients/demo.sh
  needs_tool script
  needs_signals_in_select
  export sh
  out=$(LC_ALL=C.UTF-8 NO_COLOR=1 script -qec 'stty cols 40; unset COLUMNS; sh "$sh" "$PWD/bin"' /dev/null </dev/null | tr -d '\r')
  assert_equal "rows" 18 "$(grep -cE '^client [1-3] .* m?s$' <<<"$out")"
  [[ $out == *█* ]]
  assert_at_most "columns" 40 "$(LC_ALL=C tr -d '\200-\277' <<<"$out" | LC_ALL=C awk '{ if (length > n) n = length } END { print n }')"
}

@test "demo: says which limit is too low to show anything" {
  needs_no_sanitizer "60 MB"
  exits 2 demo bash -c 'ulimit -n 25; exec "$@"' bash
  assert_match "message" "demo: needs 32 descriptors a process, and there may be 25 here: ulimit -n 32" "$OUTPUT"
  exits 2 demo bash -c 'ulimit -v 20000; exec "$@"' bash
  assert_match "message" "demo: needs 60000 kB of memory a process, and there may be 20000 here: ulimit -v 60000" "$OUTPUT"
}

@test "demo: says so when a server is another than it should be" {
  printf '#!/bin/sh\nexit 3\n' >bin/01-sync-echo
  cp "$BUILD/03-fork-echo" bin/02-loop-echo
  cp "$BUILD/02-loop-echo" bin/03-fork-echo
  cp "$BUILD/01-sync-echo" bin/04-select-echo
  cat >bin/05-epoll-counter <<EOF
#!/usr/bin/env bash
exec "$BUILD/05-epoll-counter" "\$@" 2> >(sed -u s/counter=9/counter=8/ >&2)
EOF
  exits 1 demo LC_ALL=C
  assert_match "of 01" "demo: 01-sync-echo: expected that it listens" "$OUTPUT"
  assert_match "of 02" "demo: 02-loop-echo: expected 3 served, .* 1 at once; *measured 3 served; at most 3 at once" "$OUTPUT"
  assert_match "of 03" "demo: 03-fork-echo: expected 3 served, .* 3 at once; *measured 3 served; at most 1 at once" "$OUTPUT"
  assert_match "of 04" "demo: 04-select-echo: expected 3 served, .* 3 at once; *measured 1 served, 2 reset" "$OUTPUT"
  assert_match "of 05" "demo: 05-epoll-counter: expected counter=9" "$OUTPUT"
  [[ $OUTPUT != *"demo: 06"* ]]
}
