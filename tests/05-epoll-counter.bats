#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 05 counts for all clients in one process, as many as it may have descriptors.

load helpers
load conformance

use_step 05-epoll-counter
PROTOCOL=counter
STUFF=($'inc\n' $'Counter has been incremented\n') # to be sent for ever, and the answer
load counter
START=()

also() {
  local word
  for word in 0 -1 x 1000001; do
    refuses "$word" "--max-connections takes a number from 1 to 1000000" --max-connections "$word" 0
    refuses "$word" "--max-accepts-per-batch takes a number from 1 to 1000000" "--max-accepts-per-batch=$word" 0
  done
  refuses --protocol "no such option" --protocol echo
}
OPTIONS_ALSO=also

@test "05: says where it listens" { says_where_it_listens; }
@test "05: explains itself" { explains_itself; }
@test "05: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "05: refuses bad command lines" { refuses_bad_words; }
@test "05: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "05: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "05: cuts the lines of its log" { cuts_its_lines; }
@test "05: refuses a port in use" { refuses_a_port_in_use; }
@test "05: says why it cannot start" { says_why_it_cannot_start; }
@test "05: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "05: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "05: listens on IPv6" { listens_on_ipv6; }
@test "05: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "05: listens on a unix socket" { listens_on_a_path; }
@test "05: replaces a stale unix socket" { replaces_a_stale_path; }
@test "05: says why it cannot find out whether a unix socket is stale" { tells_why_it_cannot_look; }
@test "05: removes its unix socket when it cannot go on" { removes_its_path_when_it_cannot_go_on; }
@test "05: leaves a unix socket to who is replacing it" { leaves_a_path_to_who_has_the_lock; }
@test "05: never replaces what is no socket" { never_replaces_a_file; }
@test "05: never replaces a datagram socket that is in use" { never_replaces_a_datagram_socket; }
@test "05: one of many owns a unix socket" { leaves_one_owner_of_a_path; }
@test "05: listens on a descriptor it was given" { listens_on_a_descriptor; }
@test "05: is not bound by the options of a listener it was given" { is_not_bound_by_a_listener; }
@test "05: listens on sockets of other kinds" { takes_other_listeners; }
@test "05: needs no open descriptors" { needs_no_descriptors; }
@test "05: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "05: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "05: gets its port back at once" { restarts_at_once; }
@test "05: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "05: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "05: never waits for its log" { never_waits_for_its_log; }
@test "05: is not stopped by a terminal that is not its own" { is_not_stopped_by_its_terminal; }
@test "05: survives a log that is as long as it may be" { survives_a_limit_of_its_log; }
@test "05: writes so many lines about clients, and no more" { limits_what_clients_make_it_log; }
@test "05: keeps the count of the lines it left out" { keeps_the_count_of_what_it_left_out; }
@test "05: logs no byte of a client as it is" { logs_no_byte_of_a_client; }
@test "05: has the backlog it is told" { has_a_backlog --max-connections 1; }
@test "05: serves later who finds no room in its backlog" { takes_in_later_who_found_no_room 10; }
@test "05: keeps its connections alive" { keeps_connections_alive; }
@test "05: holds the session of the Lwt tutorial" { holds_the_session_of_the_lwt_tutorial; }
@test "05: executes exact words only" { executes_exact_words; }
@test "05: takes CRLF" { takes_crlf; }
@test "05: takes a last line without LF" { takes_a_last_line_without_lf; }
@test "05: takes no last line of a client that resets" { takes_no_last_line_of_a_reset; }
@test "05: takes no last line when it stops" { takes_no_last_line_when_it_stops; }
@test "05: takes odd bytes" { takes_odd_bytes; }
@test "05: takes long lines" { takes_long_lines; }
@test "05: takes a line of a gigabyte" { takes_a_line_without_end 1000000000; }
@test "05: takes lines cut anywhere" { takes_lines_cut_anywhere; }
@test "05: takes 100,000 pipelined lines of who reads late" { takes_pipelines; }
@test "05: counts 100 clients x 1,000 inc exactly" { counts_exactly; }
@test "05: what it reads never falls" { reads_rise; }
@test "05: says the counter at the end" { says_the_counter_at_the_end; }
@test "05: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "05: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "05: survives a broken pipe" { survives_a_broken_pipe; }
@test "05: survives 200 resets" { survives_resets; }
@test "05: survives many that connect and leave, or reset" { survives_a_scan; }
@test "05: closes the descriptors of those who have left" { closes_the_descriptors_of_who_has_left; }
@test "05: says nothing of clients that leave well" { says_nothing_of_who_leaves_well; }
@test "05: survives a suspension" { survives_a_suspension; }
@test "05: lets go of a client that has vanished" { lets_go_of_who_has_vanished; }
@test "05: lets go of many that leave at once" { lets_go_of_many_at_once; }
@test "05: does not mind a stranger who holds its sockets" { lets_strangers_hold_its_sockets; }
@test "05: serves a talker beside a silent client" { serves_beside_a_silent_client; }
@test "05: serves clients by turns" { serves_clients_by_turns; }
@test "05: serves two hundred at once" { serves_two_hundred; }
@test "05: serves who sends a byte at a time" { serves_who_drips; }
@test "05: serves a fast client beside 1,000 that send a byte now and then" { serves_beside_drippers 1000; }
@test "05: holds out when descriptors run out" { starve; }
@test "05: holds out when memory runs out" { starve_of_memory; }
@test "05: lets no more in than it should, and the next when one leaves" { limits_clients; }
@test "05: costs nothing when nothing happens" { idles_at_no_cost; }
@test "05: costs nothing when back-pressure is over" { idles_when_the_pressure_is_over; }
@test "05: TERM, INT and QUIT end it" { stops_idle; }
@test "05: TERM and INT end it in order, with clients connected" { stops_with_clients; }
@test "05: QUIT lets the clients there finish" { quits_when_clients_have_left; }
@test "05: TERM hastens QUIT" { term_hastens_quit; }
@test "05: TERM ends it under load" { stops_under_load; }
@test "05: TERM ends it beside a client that takes no answers" { stops_beside_who_takes_nothing; }
@test "05: TERM ends it beside a client that drips" { stops_beside_a_pest; }
@test "05: handles its signals whatever it inherited" { handles_signals_whatever_it_inherited; }
@test "05: TERM resets nobody" { resets_nobody_when_it_stops; }
@test "05: TERM resets none of many" { resets_none_of_many_when_it_stops; }
@test "05: TERM takes nothing back that was written" { resets_nobody_who_reads_late; }
@test "05: QUIT lets go of a listener that others share" { lets_go_of_a_shared_listener; }
@test "05: removes its unix socket, and nobody else's" { removes_its_path; }

@test "05: a client that never reads costs it 64 KiB, and gets everything at last" {
  needs_plain_build "memory"
  stuff_the_server 256
}

@test "05: serves 3,000 at once, in one process and one thread" {
  needs_descriptors 3400
  start --backlog 4000
  rude_in_background hold "$ADDRESS" 3000
  await equals 3007 n_fds "$PID"
  assert_equal "children and threads" "0 1" "$(n_children "$PID") $(n_threads "$PID")"
  serves
  echo >&"$TO"
  await equals 7 n_fds "$PID"
}

@test "05: an idle client costs it at most 128 bytes" {
  needs_plain_build "memory"
  needs_descriptors 10100
  start --backlog 4000
  # The first thousand pay for the first pages.
  rude_in_background hold "$ADDRESS" 1000
  await equals 1007 n_fds "$PID"
  local before first=$TO
  before=$(awk '/^VmRSS:/ { print $2 }' "/proc/$PID/status")
  rude_in_background hold "$ADDRESS" 8000
  await equals 9007 n_fds "$PID"
  assert_at_most "kB for 8,000 clients" $((8000 * 128 / 1024 + 32)) \
    $(($(awk '/^VmRSS:/ { print $2 }' "/proc/$PID/status") - before))
  serves
}

@test "05: a batch of accepts serves everybody too" {
  start --max-accepts-per-batch 50 --max-connections 30
  swarm "$ADDRESS" --clients 200 --rounds 2 --protocol counter >swarm.log
  answers "the counter" 400 read
}

@test "05: serves with next to no descriptors" {
  LAUNCH=(bash -c 'ulimit -n 9; exec "$@"' -)
  start
  serves
}

@test "05: a batch keeps to the limit" { keeps_to_its_limit_in_a_batch; }

@test "05: a flood of one client does not starve the others" {
  start
  local i
  background bash -c 'yes inc | "$0" "$1" >/dev/null' "$BUILD/say" "$ADDRESS"
  for i in {1..20}; do
    assert_equal "reply beside a flood" "Unknown command" "$(say "$ADDRESS" hello)"
  done
}
