#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 01 serves one client, then ends: what it does, and what it does not do.

load helpers
load conformance

use_step 01-sync-echo
PROTOCOL="echo"
START=() # options of the servers it starts
STUFF=(x x) # to be sent for ever, and the answer
RESETS=0

@test "01: says where it listens" { says_where_it_listens; }
@test "01: explains itself" { explains_itself; }
@test "01: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "01: refuses bad command lines" { refuses_bad_words; }
@test "01: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "01: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "01: cuts the lines of its log" { cuts_its_lines; }
@test "01: refuses a port in use" { refuses_a_port_in_use; }
@test "01: says why it cannot start" { says_why_it_cannot_start; }
@test "01: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "01: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "01: listens on IPv6" { listens_on_ipv6; }
@test "01: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "01: leaves unix:PATH and fd:N to step 02, and says so" {
  refuses unix:path "unix:PATH and fd:N begin with step 02" unix:path
  [[ ! -e path ]]
  refuses fd:5 "unix:PATH and fd:N begin with step 02" fd:5
  refuses fd:5 "unix:PATH and fd:N begin with step 02" fd:5 --backlog 5
}
@test "01: needs no open descriptors" { needs_no_descriptors; }
@test "01: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "01: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "01: gets its port back at once" { restarts_at_once; }
@test "01: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "01: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "01: has the backlog it is told" { has_a_backlog; }
@test "01: keeps its connections alive" { keeps_connections_alive; }
@test "01: echoes every byte value" { echoes_every_byte; }
@test "01: echoes 16 MB whole" { echoes_16_mb; }
@test "01: echoes urgent bytes" { echoes_urgent_bytes; }
@test "01: echoes nothing" { echoes_nothing; }
@test "01: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "01: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "01: survives a broken pipe" { survives_a_broken_pipe; }

@test "01: ends after one client, with status 0" {
  start
  echoed one two
  await_end
  assert_equal "exit status" 0 "$STATUS"
  assert_equal "the log" "$NAME: listening on $ADDRESS"$'\n'"$NAME: server terminated" "$(cat "$LOG")"
}

@test "01: leaves the second client waiting, then cut off" {
  start
  connect
  local first=$FD
  ask "$first" hello hello
  connect
  local second=$FD
  tell "$second" "and me?"
  hears_nothing "$second" 0.5
  ask "$first" "still me" "still me"
  hang_up "$first"
  await_end
  hears_nothing "$second" "$LIMIT"
  assert_match "how it was cut off" "reset by peer" "$(cat hear.log)"
  exits 3 "$BUILD/say" "$ADDRESS" "nobody?"
}

@test "01: ends well though its client resets the connection" {
  start
  rude reset "$ADDRESS" 1 "hello"
  await_end
  assert_equal "exit status" 0 "$STATUS"
  assert_match "the log" "client 127.0.0.1:[0-9]+: Connection reset by peer" "$(cat "$LOG")"
  assert_equal "last line" "$NAME: server terminated" "$(tail -n 1 "$LOG")"
}

@test "01: survives a suspension" {
  start
  connect
  signal STOP
  await equals T state "$PID"
  tell "$FD" hello
  hears_nothing "$FD" 0.3
  signal CONT
  hear "$FD"
  assert_equal "echo" hello "$REPLY"
}

@test "01: TERM kills it" {
  start
  connect
  signal TERM
  await_end
  assert_equal "exit status" $((128 + 15)) "$STATUS"
}
