#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 02 serves one client after another, and only one at a time.

load helpers
load conformance

use_step 02-loop-echo
PROTOCOL="echo"
START=() # options of the servers it starts
STUFF=(x x) # to be sent for ever, and the answer

@test "02: says where it listens" { says_where_it_listens; }
@test "02: explains itself" { explains_itself; }
@test "02: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "02: refuses bad command lines" { refuses_bad_words; }
@test "02: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "02: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "02: cuts the lines of its log" { cuts_its_lines; }
@test "02: refuses a port in use" { refuses_a_port_in_use; }
@test "02: says why it cannot start" { says_why_it_cannot_start; }
@test "02: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "02: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "02: listens on IPv6" { listens_on_ipv6; }
@test "02: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "02: listens on a unix socket" { listens_on_a_path; }
@test "02: replaces a stale unix socket" { replaces_a_stale_path; }
@test "02: says why it cannot find out whether a unix socket is stale" { tells_why_it_cannot_look; }
@test "02: leaves a unix socket to who is replacing it" { leaves_a_path_to_who_has_the_lock; }
@test "02: never replaces what is no socket" { never_replaces_a_file; }
@test "02: never replaces a datagram socket that is in use" { never_replaces_a_datagram_socket; }
@test "02: one of many owns a unix socket" { leaves_one_owner_of_a_path; }
@test "02: listens on a descriptor it was given" { listens_on_a_descriptor; }
@test "02: is not bound by the options of a listener it was given" { is_not_bound_by_a_listener; }
@test "02: listens on sockets of other kinds" { takes_other_listeners; }
@test "02: does not spin on a listener that somebody made non-blocking" { shares_a_descriptor; }
@test "02: needs no open descriptors" { needs_no_descriptors; }
@test "02: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "02: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "02: gets its port back at once" { restarts_at_once; }
@test "02: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "02: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "02: never waits for its log" { never_waits_for_its_log; }
@test "02: is not stopped by a terminal that is not its own" { is_not_stopped_by_its_terminal; }
@test "02: survives a log that is as long as it may be" { survives_a_limit_of_its_log; }
@test "02: writes so many lines about clients, and no more" { limits_what_clients_make_it_log; }
@test "02: keeps the count of the lines it left out" { keeps_the_count_of_what_it_left_out; }
@test "02: logs no byte of a client as it is" { logs_no_byte_of_a_client; }
@test "02: has the backlog it is told" { has_a_backlog; }
@test "02: serves later who finds no room in its backlog" { takes_in_later_who_found_no_room 10; }
@test "02: keeps its connections alive" { keeps_connections_alive; }
@test "02: echoes every byte value" { echoes_every_byte; }
@test "02: echoes 16 MB whole" { echoes_16_mb; }
@test "02: echoes urgent bytes" { echoes_urgent_bytes; }
@test "02: echoes nothing" { echoes_nothing; }
@test "02: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "02: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "02: survives a broken pipe" { survives_a_broken_pipe; }
@test "02: survives 200 resets" { survives_resets; }
@test "02: survives many that connect and leave, or reset" { survives_a_scan; }
@test "02: closes the descriptors of those who have left" { closes_the_descriptors_of_who_has_left; }
@test "02: says nothing of clients that leave well" { says_nothing_of_who_leaves_well; }
@test "02: survives a suspension" { survives_a_suspension; }

@test "02: serves one client after another" {
  start
  local i
  for i in 1 2 3 4 5; do echoed "client $i"; done
}

@test "02: a second client gets nothing until the first leaves, then everything" {
  start
  connect
  local first=$FD
  ask "$first" hello hello
  head -c 300000 /dev/urandom >bytes
  background "$BUILD/say" "$ADDRESS" <bytes >echo.out
  local second=$JOB
  ask "$first" "still me" "still me"
  exits 5 "$BUILD/say" --timeout 0.5 "$ADDRESS" "and me?"
  assert_equal "bytes the second client got meanwhile" 0 "$(wc -c <echo.out)"
  hang_up "$first"
  wait "$second"
  cmp bytes echo.out
}

@test "02: serves many who wait, one at a time" {
  start --backlog 200
  swarm "$ADDRESS" --clients 100 --rounds 3 --size 10000 >swarm.log
  assert_match "swarm's summary" 'clients +100: 100 served.*at most 1 at once' "$(cat swarm.log)"
}

@test "02: holds out when a client resets while another waits" {
  start
  connect
  local first=$FD
  ask "$first" hello hello
  rude reset "$ADDRESS" 3 "hello"
  hang_up "$first"
  serves
  assert_match "the log" "client 127.0.0.1:[0-9]+: Connection reset by peer" "$(cat "$LOG")"
}

@test "02: goes on when descriptors were short for a while" {
  needs_tool prlimit
  start
  local since=$EPOCHREALTIME
  prlimit --pid "$PID" --nofile=4:64 # 0, 1, 2 and the listener
  background "$BUILD/say" "$ADDRESS" "are you there?" >say.log
  local client=$JOB
  await grep -q 'cannot accept: Too many open files' "$LOG"
  waits_out_a_shortage "$since"
  prlimit --pid "$PID" --nofile=64
  wait "$client"
  assert_equal "echo" "are you there?" "$(cat say.log)"
}

@test "02: TERM and INT kill it" {
  start
  signal TERM
  await_end
  assert_equal "exit status" $((128 + 15)) "$STATUS"
}

@test "02: TERM does not end it where its parent has it ignored or blocked, but KILL does" {
  LAUNCH=("$BUILD/rude" inherit)
  start
  signal TERM
  serves
  signal KILL
  await_end
}
