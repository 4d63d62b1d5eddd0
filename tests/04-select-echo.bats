#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 04 serves all clients in one process, as many as fit below FD_SETSIZE.

load helpers
load conformance

use_step 04-select-echo
PROTOCOL="echo"
SIGNALS_IN_SELECT=yes
START=() # options of the servers it starts
STUFF=(x x) # to be sent for ever, and the answer

also() {
  local word
  for word in 0 -1 x 1019 1024 100000; do
    refuses "$word" "--max-connections takes a number from 1 to 1018" --max-connections "$word" 0
  done
}
OPTIONS_ALSO=also

@test "04: says where it listens" { says_where_it_listens; }
@test "04: explains itself" { explains_itself; }
@test "04: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "04: refuses bad command lines" { refuses_bad_words; }
@test "04: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "04: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "04: cuts the lines of its log" { cuts_its_lines; }
@test "04: refuses a port in use" { refuses_a_port_in_use; }
@test "04: says why it cannot start" { says_why_it_cannot_start; }
@test "04: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "04: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "04: listens on IPv6" { listens_on_ipv6; }
@test "04: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "04: listens on a unix socket" { listens_on_a_path; }
@test "04: replaces a stale unix socket" { replaces_a_stale_path; }
@test "04: says why it cannot find out whether a unix socket is stale" { tells_why_it_cannot_look; }
@test "04: removes its unix socket when it cannot go on" { removes_its_path_when_it_cannot_go_on; }
@test "04: leaves a unix socket to who is replacing it" { leaves_a_path_to_who_has_the_lock; }
@test "04: never replaces what is no socket" { never_replaces_a_file; }
@test "04: never replaces a datagram socket that is in use" { never_replaces_a_datagram_socket; }
@test "04: one of many owns a unix socket" { leaves_one_owner_of_a_path; }
@test "04: listens on a descriptor it was given" { listens_on_a_descriptor; }
@test "04: is not bound by the options of a listener it was given" { is_not_bound_by_a_listener; }
@test "04: listens on sockets of other kinds" { takes_other_listeners; }
@test "04: needs no open descriptors" { needs_no_descriptors; }
@test "04: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "04: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "04: gets its port back at once" { restarts_at_once; }
@test "04: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "04: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "04: never waits for its log" { never_waits_for_its_log; }
@test "04: is not stopped by a terminal that is not its own" { is_not_stopped_by_its_terminal; }
@test "04: survives a log that is as long as it may be" { survives_a_limit_of_its_log; }
@test "04: writes so many lines about clients, and no more" { limits_what_clients_make_it_log; }
@test "04: keeps the count of the lines it left out" { keeps_the_count_of_what_it_left_out; }
@test "04: logs no byte of a client as it is" { logs_no_byte_of_a_client; }
@test "04: has the backlog it is told" { has_a_backlog --max-connections 1; }
@test "04: serves later who finds no room in its backlog" { takes_in_later_who_found_no_room 10; }
@test "04: keeps its connections alive" { keeps_connections_alive; }
@test "04: echoes every byte value" { echoes_every_byte; }
@test "04: echoes 16 MB whole" { echoes_16_mb; }
@test "04: echoes urgent bytes" { echoes_urgent_bytes; }
@test "04: echoes nothing" { echoes_nothing; }
@test "04: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "04: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "04: survives a broken pipe" { survives_a_broken_pipe; }
@test "04: survives 200 resets" { survives_resets; }
@test "04: survives many that connect and leave, or reset" { survives_a_scan; }
@test "04: closes the descriptors of those who have left" { closes_the_descriptors_of_who_has_left; }
@test "04: says nothing of clients that leave well" { says_nothing_of_who_leaves_well; }
@test "04: survives a suspension" { survives_a_suspension; }
@test "04: lets go of a client that has vanished" { lets_go_of_who_has_vanished; }
@test "04: lets go of many that leave at once" { lets_go_of_many_at_once; }
@test "04: does not mind a stranger who holds its sockets" { lets_strangers_hold_its_sockets; }
@test "04: serves a talker beside a silent client" { serves_beside_a_silent_client; }
@test "04: serves clients by turns" { serves_clients_by_turns; }
@test "04: serves two hundred at once" { serves_two_hundred; }
@test "04: serves who sends a byte at a time" { serves_who_drips; }
@test "04: serves a fast client beside 1,000 that send a byte now and then" { serves_beside_drippers 1000; }
@test "04: holds out when descriptors run out" { starve; }
@test "04: holds out when memory runs out" { starve_of_memory; }
@test "04: lets no more in than it should, and the next when one leaves" { limits_clients; }
@test "04: costs nothing when nothing happens" { idles_at_no_cost; }
@test "04: costs nothing when back-pressure is over" { idles_when_the_pressure_is_over; }
@test "04: TERM, INT and QUIT end it" { stops_idle; }
@test "04: TERM and INT end it in order, with clients connected" { stops_with_clients; }
@test "04: QUIT lets the clients there finish" { quits_when_clients_have_left; }
@test "04: TERM hastens QUIT" { term_hastens_quit; }
@test "04: TERM ends it under load" { stops_under_load; }
@test "04: TERM ends it beside a client that takes no answers" { stops_beside_who_takes_nothing; }
@test "04: TERM ends it beside a client that drips" { stops_beside_a_pest; }
@test "04: handles its signals whatever it inherited" { handles_signals_whatever_it_inherited; }
@test "04: TERM resets nobody" { resets_nobody_when_it_stops; }
@test "04: TERM resets none of many" { resets_none_of_many_when_it_stops; }
@test "04: TERM takes nothing back that was written" { resets_nobody_who_reads_late; }
@test "04: QUIT lets go of a listener that others share" { lets_go_of_a_shared_listener; }
@test "04: removes its unix socket, and nobody else's" { removes_its_path; }

@test "04: a client that never reads costs it 16 KiB, and gets everything at last" {
  needs_plain_build "memory"
  stuff_the_server 128
}

@test "04: has one process and one thread" {
  start
  rude_in_background hold "$ADDRESS" 20
  await equals 26 n_fds "$PID"
  assert_equal "children and threads" "0 1" "$(n_children "$PID") $(n_threads "$PID")"
  echo >&"$TO"
  await equals 6 n_fds "$PID"
}

highest_fd() { printf '%s\n' "/proc/$1/fd"/* | sed 's|.*/||' | sort -n | tail -n 1; }

@test "04: of 1,300 clients those inside are served, the others wait, and are served in their turn" {
  needs_descriptors 2300
  start --backlog 2000
  connect
  greet "$FD"
  rude_in_background hold "$ADDRESS" 1300
  await equals 1023 highest_fd "$PID" # the last that fits a set
  greet "$FD"
  exits 5 "$BUILD/say" --timeout 0.5 "$ADDRESS" "is there room?"
  greet "$FD"
  assert_equal "highest descriptor" 1023 "$(highest_fd "$PID")"
  assert_equal "lines of the log" 1 "$(wc -l <"$LOG")"
  echo >&"$TO"
  serves
  greet "$FD"
  swarm "$ADDRESS" --clients 1300 --rounds 2 >swarm.log
  assert_match "swarm's summary" 'clients +1300: 1300 served' "$(cat swarm.log)"
}

with_descriptors() { # with_descriptors N: a command to start it through; N are open that it did not open
  LAUNCH=(bash -c 'ulimit -n 2500; for ((i = 100; i < 100 + $0; i++)); do eval "exec $i</dev/null"; done; exec "$@"' "$1")
}

@test "04: says so when there is no room for its listener below FD_SETSIZE" {
  needs_descriptors 2000
  local first # that is free: none has room, or the listener, but not what tells of signals
  for first in 1100 1023; do
    exits 1 bash -c 'ulimit -n 2000; for ((i = 3; i < $0; i++)); do eval "exec $i</dev/null"; done; exec "$@"' \
      "$first" "${COMMAND[@]}" 127.0.0.1:0
    assert_match "what it said" "^$NAME: cannot (listen on 127.0.0.1:0|make a pipe for signals): Too many open files$" \
      "$(head -n 1 <<<"$OUTPUT")" # a sanitizer may add that it has no descriptor either
  done
  exits 1 bash -c 'ulimit -n 2000; exec "$@"' - "$BUILD/rude" listen 1500 "${COMMAND[@]}" fd:1500
  assert_equal "what it said" "$NAME: cannot watch fd:1500: select(2) takes no descriptor past 1023" "$OUTPUT"
}

@test "04: clients wait, however many descriptors were open at the start" {
  needs_descriptors 2500
  local n
  for n in 8 923; do
    with_descriptors "$n"
    start --backlog 2000
    connect
    greet "$FD"
    rude_in_background hold "$ADDRESS" 1100
    await equals 1023 highest_fd "$PID"
    await_rude connected
    await grep -q 'cannot accept: Too many open files' "$LOG"
    background "$BUILD/say" --timeout "$LIMIT" "$ADDRESS" "me, too" >waits.log 2>&1
    greet "$FD"
    assert_equal "lines about clients that were sent away" 0 "$(grep -c ': client ' "$LOG")"
    assert_cpu "CPU time in an idle half second, in ms" 20 hears_nothing "$FD" 0.5
    assert_equal "highest descriptor" 1023 "$(highest_fd "$PID")"
    echo >&"$TO" # they leave
    wait "$JOB"
    assert_equal "what the one got who waited" "me, too" "$(cat waits.log)"
    stop TERM
  done
}
