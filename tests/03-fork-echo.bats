#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 03 serves each client in a process of its own, and leaves none behind.

load helpers
load conformance

use_step 03-fork-echo
PROTOCOL="echo"
START=() # options of the servers it starts
STUFF=(x x) # to be sent for ever, and the answer

also() {
  local word
  for word in 0 -1 x 100001; do
    refuses "$word" "--max-connections takes a number from 1 to 100000" --max-connections "$word" 0
  done
  refuses --threads "no such option" --threads 2
}
OPTIONS_ALSO=also

# needs_processes N: it tries, for more than one kind of limit may be in the way.
needs_processes() {
  local had
  mkfifo room
  # Each child waits until nobody holds the pipe's other end. A shell that cannot fork ends.
  # shellcheck disable=SC2016
  timeout "$LIMIT" sh -c 'exec 8<>room 9<room; n=0
    while [ $n -lt "$1" ]; do (exec 8>&-; read -r _ <&9) & n=$((n + 1)); echo; done
    exec 8>&-; wait' - "$1" >had 2>fork.err || true
  had=$(wc -l <had)
  ((had >= $1)) || skip "this needs $1 processes at once, and has only $had"
}

@test "03: says where it listens" { says_where_it_listens; }
@test "03: explains itself" { explains_itself; }
@test "03: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "03: refuses bad command lines" { refuses_bad_words; }
@test "03: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "03: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "03: cuts the lines of its log" { cuts_its_lines; }
@test "03: refuses a port in use" { refuses_a_port_in_use; }
@test "03: says why it cannot start" { says_why_it_cannot_start; }
@test "03: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "03: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "03: listens on IPv6" { listens_on_ipv6; }
@test "03: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "03: listens on a unix socket" { listens_on_a_path; }
@test "03: replaces a stale unix socket" { replaces_a_stale_path; }
@test "03: says why it cannot find out whether a unix socket is stale" { tells_why_it_cannot_look; }
@test "03: leaves a unix socket to who is replacing it" { leaves_a_path_to_who_has_the_lock; }
@test "03: never replaces what is no socket" { never_replaces_a_file; }
@test "03: never replaces a datagram socket that is in use" { never_replaces_a_datagram_socket; }
@test "03: one of many owns a unix socket" { leaves_one_owner_of_a_path; }
@test "03: listens on a descriptor it was given" { listens_on_a_descriptor; }
@test "03: is not bound by the options of a listener it was given" { is_not_bound_by_a_listener; }
@test "03: listens on sockets of other kinds" { takes_other_listeners; }
@test "03: does not spin on a listener that somebody made non-blocking" { shares_a_descriptor; }
@test "03: needs no open descriptors" { needs_no_descriptors; }
@test "03: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "03: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "03: gets its port back at once" { restarts_at_once; }
@test "03: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "03: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "03: never waits for its log" { never_waits_for_its_log; }
@test "03: is not stopped by a terminal that is not its own" { is_not_stopped_by_its_terminal; }
@test "03: survives a log that is as long as it may be" { survives_a_limit_of_its_log; }
@test "03: writes so many lines about clients, and no more" { limits_what_clients_make_it_log; }
@test "03: keeps the count of the lines it left out" { keeps_the_count_of_what_it_left_out; }
@test "03: logs no byte of a client as it is" { logs_no_byte_of_a_client; }
@test "03: has the backlog it is told" { has_a_backlog --max-connections 1; }
@test "03: serves later who finds no room in its backlog" { takes_in_later_who_found_no_room 10; }
@test "03: keeps its connections alive" { keeps_connections_alive; }
@test "03: echoes every byte value" { echoes_every_byte; }
@test "03: echoes 16 MB whole" { echoes_16_mb; }
@test "03: echoes urgent bytes" { echoes_urgent_bytes; }
@test "03: echoes nothing" { echoes_nothing; }
@test "03: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "03: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "03: survives a broken pipe" { survives_a_broken_pipe; }
@test "03: survives 200 resets" { survives_resets; }
@test "03: survives many that connect and leave, or reset" { survives_a_scan; }
@test "03: closes the descriptors of those who have left" { closes_the_descriptors_of_who_has_left; }
@test "03: says nothing of clients that leave well" { says_nothing_of_who_leaves_well; }
@test "03: survives a suspension" { survives_a_suspension; }
@test "03: lets go of a client that has vanished" { lets_go_of_who_has_vanished; }
@test "03: lets go of many that leave at once" { lets_go_of_many_at_once; }
@test "03: does not mind a stranger who holds its sockets" { lets_strangers_hold_its_sockets; }
@test "03: serves a talker beside a silent client" { serves_beside_a_silent_client; }
@test "03: serves clients by turns" { serves_clients_by_turns; }
@test "03: serves two hundred at once" { needs_processes 200; serves_two_hundred; }
@test "03: serves who sends a byte at a time" { serves_who_drips; }
@test "03: serves a fast client beside 200 that send a byte now and then" { needs_processes 200; serves_beside_drippers 200; }
@test "03: holds out when descriptors run out" { starve_the_parent; }
@test "03: lets no more in than it should, and the next when one leaves" { limits_clients; }
@test "03: costs nothing when nothing happens" { idles_at_no_cost; }
@test "03: TERM, INT and QUIT end it" { stops_idle; }
@test "03: TERM and INT end it in order, with clients connected" { stops_with_clients; }
@test "03: QUIT lets the clients there finish" { quits_when_clients_have_left; }
@test "03: TERM hastens QUIT" { term_hastens_quit; }
@test "03: TERM ends it under load" { stops_under_load; }
@test "03: TERM resets nobody" { resets_nobody_when_it_stops; }
@test "03: TERM takes nothing back that was written" { resets_nobody_who_reads_late; }
@test "03: QUIT lets go of a listener that others share" { lets_go_of_a_shared_listener; }
@test "03: removes its unix socket, and nobody else's" { removes_its_path; }

starve_the_parent() { # it needs one descriptor at a time, so it is short only when it has next to none
  needs_tool prlimit
  start
  connect
  local inside=$FD since
  greet "$inside"
  since=$EPOCHREALTIME
  prlimit --pid "$PID" --nofile=4:64 # 0, 1, 2 and the listener
  background "$BUILD/say" "$ADDRESS" "are you there?" >say.log
  local client=$JOB
  await grep -q 'cannot accept: Too many open files' "$LOG"
  waits_out_a_shortage "$since"
  greet "$inside"
  prlimit --pid "$PID" --nofile=64
  wait "$client"
  assert_equal "echo" "are you there?" "$(cat say.log)"
}

@test "03: a client that never reads costs it no memory, and gets everything at last" {
  needs_plain_build "memory"
  stuff_the_server 512
}

@test "03: has a child for each client, and no zombie when they leave together" {
  needs_processes 60
  start
  rude_in_background hold "$ADDRESS" 60
  await equals 60 n_children "$PID"
  echo >&"$TO" # all 60 leave at once
  await equals 0 n_children "$PID"
  serves
  await equals 0 n_children "$PID"
}

@test "03: a child has its client and not the listener" {
  start
  connect
  greet "$FD"
  await equals 1 n_children "$PID"
  local child
  child=$(children "$PID")
  child=${child% }
  assert_equal "descriptors of parent and child" "4 4" "$(n_fds "$PID") $(n_fds "$child")"
}

@test "03: a child that is killed takes only its own client along" {
  start
  connect
  local a=$FD
  greet "$a"
  local child
  child=$(children "$PID")
  connect
  local b=$FD
  greet "$b"
  kill -KILL "${child% }"
  hears_the_end "$a"
  greet "$b"
  await equals 1 n_children "$PID"
}

@test "03: a fork that fails loses that client only" {
  local well=yes
  may_have 3
  start || well=
  rm "$COPY"
  [[ $well ]]
  connect
  local a=$FD
  greet "$a"
  connect
  local b=$FD
  greet "$b"
  assert_equal "what the third gets" "" "$(say "$ADDRESS" hello 2>/dev/null || true)"
  assert_match "the log" "client 127.0.0.1:[0-9]+: Resource temporarily unavailable" "$(cat "$LOG")"
  greet "$a"
  greet "$b"
  hang_up "$b"
  await equals 1 n_children "$PID"
  serves
}

@test "03: at its limit it reaps those who leave" {
  start --max-connections 20
  swarm "$ADDRESS" --clients 200 --rounds 2 --pause 5 >swarm.log
  assert_match "swarm's summary" 'clients +200: 200 served' "$(cat swarm.log)"
  await equals 0 n_children "$PID"
}

# fork(2) returns so late in the parent that the child has ended by then.
@test "03: a child that ends at once keeps no place" {
  needs_strace
  LAUNCH=(strace -D -f -qq -o trace -e trace='/^(clone|fork)' -e inject='/^(clone|fork)':delay_exit=200000)
  start --max-connections 1
  serves
  serves
  stop TERM
}

@test "03: TERM and QUIT end it also at its limit" {
  local s
  for s in TERM QUIT; do
    start --max-connections 1
    connect
    greet "$FD"
    signal "$s"
    [[ $s == TERM ]] || hang_up "$FD"
    await_end
    assert_equal "exit status after $s" 0 "$STATUS"
  done
}

@test "03: TERM ends a child that is suspended, and one that cannot write" {
  start
  connect
  greet "$FD"
  local child
  child=$(children "$PID")
  rude_in_background stuff "$ADDRESS" x x
  await_rude stuck
  signal STOP "${child% }"
  await equals T state "${child% }"
  stop TERM
  assert_equal "processes left" "" "$(in_group "$PID")"
}

@test "03: nobody can put off the end by repeating TERM" {
  start_at unix:path
  rude_in_background stuff "$ADDRESS" x x
  await_rude stuck
  again() {
    kill -s TERM -- "-$PID" 2>/dev/null
    ended
  }
  await again
  await_end
  assert_equal "exit status" 0 "$STATUS"
  assert_equal "processes left" "" "$(in_group "$PID")"
}

@test "03: handles its signals whatever it inherited" {
  LAUNCH=("$BUILD/rude" inherit)
  start
  rude_in_background hold "$ADDRESS" 20
  await equals 20 n_children "$PID"
  echo >&"$TO"
  await equals 0 n_children "$PID"
  connect
  greet "$FD"
  stop TERM
}

@test "03: a child that gets INT lets go of its client, one that gets QUIT serves on" {
  # A terminal sends them to all of the foreground.
  start
  connect
  local a=$FD child
  greet "$a"
  child=$(children "$PID")
  connect
  greet "$FD"
  signal INT "${child% }"
  hears_the_end "$a"
  signal QUIT "-$PID"
  await_refusal
  greet "$FD"
  hang_up "$FD"
  await_end
  assert_equal "exit status" 0 "$STATUS"
}

@test "03: what had arrived before TERM is echoed" {
  start
  connect
  greet "$FD"
  local child
  child=$(children "$PID")
  signal STOP "${child% }"
  await equals T state "${child% }"
  tell "$FD" "arrived before"
  signal TERM
  hear "$FD"
  assert_equal "echo" "arrived before" "$REPLY"
  hears_the_end "$FD"
  await_end
  assert_equal "exit status" 0 "$STATUS"
}

@test "03: when the parent is killed, clients are served on and the port is free" {
  start
  connect
  local fd=$FD address=$ADDRESS
  greet "$fd"
  signal KILL
  await_end
  greet "$fd"
  start_at "$address"
  serves
  greet "$fd"
}

@test "03: parent and child leave SIGSEGV, SIGBUS and SIGFPE to who handles them" { # a sanitizer, for one
  [[ $SANITIZED != *tsan* ]] || skip "the runtime of this sanitizer has masks of its own"
  start --max-connections 1
  connect
  greet "$FD" # the parent is in sigsuspend from now on, with none blocked, but its mask is the one it has elsewhere
  blocks_no_fault "/proc/$PID" "/proc/$(children "$PID" | tr -d ' ')"
  hang_up "$FD"
  needs_tool strace
  needs_to "trace a program" strace -qq -o trace true
  LAUNCH=(strace -D -f -qq -o trace -e trace=rt_sigprocmask)
  start
  serves
  assert_at_least "calls" 2 "$(grep -c SIG_SETMASK trace)"
  # A newer C library blocks all without exception, ~[], while it forks; what we could write has no ~[].
  assert_equal "those that block a fault" "" "$(grep -E 'SEGV|BUS|FPE|~\[' trace | grep -vF 'SIG_BLOCK, ~[],')"
}

@test "03: an alarm that is not its own harms nobody" { # alarm(2) outlives execve(2)
  start
  connect
  greet "$FD"
  signal ALRM
  serves
  greet "$FD"
  stop TERM
}
