#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bench/million, with few clients: it holds them, counts them, refuses what does not fit, and leaves nobody behind.

load helpers

million() { timeout $((4 * LIMIT)) "${MARKED[@]}" "$BUILD/bench/million" "$@"; }

holds() { # holds OPTION...: sets OUTPUT to what it says
  local status=0
  OUTPUT=$(million "$@" 2>&1) || status=$?
  ((status != 2)) || skip "this machine has no room for that: $OUTPUT"
  assert_equal "exit status of million $*" 0 "$status" || { echo "$OUTPUT"; return 1; }
}

needs_user_limits() { # root has none: ulimit -u
  setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bench/million" --version >/dev/null 2>&1 ||
    skip "nobody else can be asked to run it: this needs setpriv (util-linux), its power, and a path that all may read"
}

figure() { sed -n "s/^$1  *\([0-9.-]*\) .*/\1/p" <<<"$OUTPUT"; } # figure NAME, of the table in OUTPUT

@test "million: many are held by several servers at one port, and few wake up for one" {
  holds --clients 4000 --per-process 400
  assert_equal "clients" 4000 "$(figure 'clients held at once')"
  assert_equal "servers" 10 "$(figure 'servers, and client processes')"
  assert_at_least "clients asked" 40 "$(figure 'clients asked at random, all answered')"
  assert_at_most "wake-ups a client" 3 "$(figure "  the servers' wake-ups, a client" | cut -d . -f 1)"
  nobody_is_left
}

@test "million: servers are filled to the last place" {
  holds --clients 60 --per-process 2
  assert_equal "servers" 30 "$(figure 'servers, and client processes')"
  nobody_is_left
}

@test "million: what does not fit is refused, with what would do" {
  exits 2 million --clients 90000000
  assert_match "message" "90000000 clients do not fit: they need [0-9]+ bytes of memory" "$OUTPUT"
  assert_match "what would do" "as it is, --clients [0-9]+ would do" "$OUTPUT"
  # Fewer than a hard limit may be.
  exits 2 bash -c 'ulimit -n 200; exec "$0" --per-process 1000' "$BUILD/bench/million"
  assert_match "message" "may have 200 descriptors, .* .ulimit -n 1100. would do" "$OUTPUT"
  exits 2 million 9000
  assert_match "message" "nothing to be told but options" "$OUTPUT"
}

under() { # under "-n 64" OPTION...: million with that limit, soft and hard
  timeout $((4 * LIMIT)) bash -c 'ulimit $0 && exec "$@"' "$1" "$BUILD/bench/million" "${@:2}"
}

@test "million: needs descriptors and processes for itself, too, and looks at them first" {
  local n
  for n in 10 64 101 103; do
    exits 2 under "-n $n"
    assert_match "message with $n descriptors" "descriptors.*, (and there are $n: raise|100 of them .* would do)" "$OUTPUT"
  done
  needs_descriptors 1024
  exits 2 under "-n 1024" --clients 2000 --per-process 2
  assert_match "message" "they need 2102 descriptors of the process that starts all, and there are 1024: raise ulimit -n" "$OUTPUT"
  assert_match "what would do" "as it is, --clients 922 would do" "$OUTPUT"
  OUTPUT=$(under "-n 110") || { echo "$OUTPUT"; return 1; } # as many as fit: ten a server
  assert_at_least "servers" 4 "$(figure 'servers, and client processes')"
  needs_user_limits
  exits 2 setpriv --reuid 65534 --regid 65534 --clear-groups bash -c 'ulimit -u 10; exec "$0" --clients 2000 --per-process 400' "$BUILD/bench/million"
  assert_match "message" "they need 19 processes and threads of this user, and there are [0-9]: raise ulimit -u" "$OUTPUT"
  nobody_is_left
}

@test "million: needs memory for a server, too, and looks at it first" {
  needs_no_sanitizer "20 MB"
  needs_descriptors 1100
  exits 2 under "-v 20000" --per-process 1000
  assert_match "message" "may have 20480000 bytes of memory: .ulimit -v 31500 -d 31500. would do" "$OUTPUT"
  OUTPUT=$(under "-v 31500" --clients 40 --per-process 1000) || { echo "$OUTPUT"; return 1; }
}

@test "million: interrupted or killed, it leaves nobody behind" {
  local signal
  for signal in INT TERM KILL; do
    background "${MARKED[@]}" "$BUILD/bench/million" --clients 1000 --per-process 50 >million.log 2>&1
    await grep -q 'servers at\|do not fit' million.log
    if grep -q 'do not fit' million.log; then skip "this machine has no room for that: $(tail -n 1 million.log)"; fi
    signal STOP "$JOB" # or it might be done before we are
    if nobody_is_left; then echo "nobody is seen though it runs"; return 1; fi
    signal "$signal" "$JOB"
    signal CONT "$JOB" 2>/dev/null || true
    await nobody_is_left
  done
}
