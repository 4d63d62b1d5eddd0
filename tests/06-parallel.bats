#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 06 echoes or counts on several threads; and is the complete server.

load helpers
load conformance

use_step 06-parallel
PROTOCOL="echo"
START=() # options of the servers it starts
STUFF=(x x) # to be sent for ever, and the answer
load counter

also() {
  local word
  for word in 0 -1 x 1025; do
    refuses "$word" "--threads takes a number from 1 to 1024" --threads "$word" 0
  done
  for word in "" x both eachone "each|one" ONE on; do
    refuses "$word" "--accept takes each|one" --accept "$word" 0
    refuses "$word" "--protocol takes echo|counter" "--protocol=$word" 0
    refuses "$word" "--on-handler-error takes raise|ignore|log" --on-handler-error "$word" 0
  done
  for word in "" -1 x 1.2.3 . 1s 9999999999; do
    refuses "$word" "--write-timeout takes a number from 0 to 1000000" --write-timeout "$word" 0
  done
  refuses 1000001 "--work takes a number" --work 1000001 0
  refuses --drop-incoming=yes "takes no value" --drop-incoming=yes 0
}
OPTIONS_ALSO=also

@test "06: says where it listens" { says_where_it_listens; }
@test "06: explains itself" { explains_itself; }
@test "06: explains itself to a full pipe" { explains_itself_to_a_full_pipe; }
@test "06: refuses bad command lines" { refuses_bad_words; }
@test "06: takes an address first or last, and the last of repeated options" { takes_good_words; }
@test "06: listens on 127.0.0.1:9000 if it is not told where" { listens_on_9000_untold; }
@test "06: cuts the lines of its log" { cuts_its_lines; }
@test "06: refuses a port in use" { refuses_a_port_in_use; }
@test "06: says why it cannot start" { says_why_it_cannot_start; }
@test "06: takes one address of a name that has two" { takes_one_address_of_a_name; }
@test "06: says the more telling of two reasons" { tells_the_more_telling_of_two_reasons; }
@test "06: listens on IPv6" { listens_on_ipv6; }
@test "06: keeps [::] to IPv6" { keeps_to_ipv6; }
@test "06: listens on a unix socket" { listens_on_a_path; }
@test "06: replaces a stale unix socket" { replaces_a_stale_path; }
@test "06: says why it cannot find out whether a unix socket is stale" { tells_why_it_cannot_look; }
@test "06: removes its unix socket when it cannot go on" { removes_its_path_when_it_cannot_go_on; }
@test "06: leaves a unix socket to who is replacing it" { leaves_a_path_to_who_has_the_lock; }
@test "06: never replaces what is no socket" { never_replaces_a_file; }
@test "06: never replaces a datagram socket that is in use" { never_replaces_a_datagram_socket; }
@test "06: one of many owns a unix socket" { leaves_one_owner_of_a_path; }
@test "06: listens on a descriptor it was given" { listens_on_a_descriptor; }
@test "06: is not bound by the options of a listener it was given" { is_not_bound_by_a_listener; }
@test "06: listens on sockets of other kinds" { takes_other_listeners; }
@test "06: needs no open descriptors" { needs_no_descriptors; }
@test "06: needs no open descriptors where there is no /dev/null either" { needs_no_standard_descriptors; }
@test "06: is not killed by a reader of its log that has gone" { says_it_all_though_nobody_listens; }
@test "06: gets its port back at once" { restarts_at_once; }
@test "06: writes its log into a fifo that nobody else reads" { writes_its_log_into_a_fifo_of_its_own; }
@test "06: serves when its log cannot be written" { writes_when_its_log_cannot; }
@test "06: never waits for its log" { never_waits_for_its_log; }
@test "06: is not stopped by a terminal that is not its own" { is_not_stopped_by_its_terminal; }
@test "06: survives a log that is as long as it may be" { survives_a_limit_of_its_log; }
@test "06: writes so many lines about clients, and no more" { limits_what_clients_make_it_log; }
@test "06: keeps the count of the lines it left out" { keeps_the_count_of_what_it_left_out; }
@test "06: logs no byte of a client as it is" { logs_no_byte_of_a_client; }
@test "06: has the backlog it is told" { has_a_backlog --max-connections 1; }
@test "06: serves later who finds no room in its backlog" {
  START=(--threads 2) # each has a backlog
  takes_in_later_who_found_no_room 16
}
@test "06: keeps its connections alive" { keeps_connections_alive; }
@test "06: echoes every byte value" { echoes_every_byte; }
@test "06: echoes 16 MB whole" { echoes_16_mb; }
@test "06: echoes urgent bytes" { echoes_urgent_bytes; }
@test "06: echoes nothing" { echoes_nothing; }
@test "06: answers whole through a narrow window" { answers_through_a_narrow_window; }
@test "06: finishes a write that a signal has cut" { finishes_a_write_that_a_signal_cut; }
@test "06: survives a broken pipe" { survives_a_broken_pipe; }
@test "06: survives 200 resets" { survives_resets; }
@test "06: survives many that connect and leave, or reset" { survives_a_scan; }
@test "06: closes the descriptors of those who have left" { closes_the_descriptors_of_who_has_left; }
@test "06: says nothing of clients that leave well" { says_nothing_of_who_leaves_well; }
@test "06: survives a suspension" { survives_a_suspension; }
@test "06: lets go of a client that has vanished" {
  START=(--write-timeout 1) # TCP_USER_TIMEOUT is also how long a peer that is asked may be silent
  lets_go_of_who_has_vanished
}
@test "06: lets go of many that leave at once" { lets_go_of_many_at_once; }
@test "06: does not mind a stranger who holds its sockets" { lets_strangers_hold_its_sockets; }
@test "06: serves a talker beside a silent client" { serves_beside_a_silent_client; }
@test "06: serves clients by turns" { serves_clients_by_turns; }
@test "06: serves two hundred at once" { serves_two_hundred; }
@test "06: serves who sends a byte at a time" { serves_who_drips; }
@test "06: serves a fast client beside 1,000 that send a byte now and then" { serves_beside_drippers 1000; }
@test "06: holds out when descriptors run out" { starve; }
@test "06: holds out when memory runs out" {
  START=(--threads 2) # each has a heap
  starve_of_memory
}
@test "06: lets no more in than it should, and the next when one leaves" { limits_clients; }
@test "06: costs nothing when nothing happens" { idles_at_no_cost; }
@test "06: costs nothing when back-pressure is over" { idles_when_the_pressure_is_over; }
@test "06: TERM, INT and QUIT end it" { stops_idle; }
@test "06: TERM and INT end it in order, with clients connected" { stops_with_clients; }
@test "06: QUIT lets the clients there finish" { quits_when_clients_have_left; }
@test "06: TERM hastens QUIT" { term_hastens_quit; }
@test "06: TERM ends it under load" { stops_under_load; }
@test "06: TERM ends it beside a client that takes no answers" { stops_beside_who_takes_nothing; }
@test "06: TERM ends it beside a client that drips" { stops_beside_a_pest; }
@test "06: handles its signals whatever it inherited" { handles_signals_whatever_it_inherited; }
@test "06: TERM resets nobody" { resets_nobody_when_it_stops; }
@test "06: TERM resets none of many" { resets_none_of_many_when_it_stops; }
@test "06: TERM takes nothing back that was written" { resets_nobody_who_reads_late; }
@test "06: QUIT lets go of a listener that others share" { lets_go_of_a_shared_listener; }
@test "06: removes its unix socket, and nobody else's" { removes_its_path; }

# Every combination that has a way of its own to accept: by listeners of their own, by one acceptor, by
# one listener that all workers watch (unix:, fd:).

each_way() { # each_way FUNCTION: with START set to the options
  local how
  for how in each one; do
    START=(--threads 4 --accept "$how" "${ALSO[@]}")
    echo "# ${START[*]}"
    "$1"
    signal TERM && await_end
    assert_equal "exit status" 0 "$STATUS"
  done
}
ALSO=()

in_counter_mode() { # in_counter_mode FUNCTION
  local PROTOCOL="counter"
  ALSO=(--protocol counter)
  each_way "$1"
}

@test "06: counter: holds the session of the Lwt tutorial" { in_counter_mode holds_the_session_of_the_lwt_tutorial; }
@test "06: counter: executes exact words only" { in_counter_mode executes_exact_words; }
@test "06: counter: takes CRLF" { in_counter_mode takes_crlf; }
@test "06: counter: takes a last line without LF" { in_counter_mode takes_a_last_line_without_lf; }
@test "06: counter: takes no last line of a client that resets" { in_counter_mode takes_no_last_line_of_a_reset; }
@test "06: counter: takes no last line when it stops" {
  START=(--protocol counter)
  takes_no_last_line_when_it_stops
}
@test "06: counter: what it executed before TERM is answered" {
  PROTOCOL="counter"
  START=(--protocol counter)
  resets_nobody_when_it_stops
}
@test "06: counter: takes odd bytes" { in_counter_mode takes_odd_bytes; }
@test "06: counter: takes long lines" { in_counter_mode takes_long_lines; }
@test "06: counter: takes a line of 256 MB" {
  PROTOCOL="counter"
  START=(--protocol counter)
  takes_a_line_without_end 256000000 # a gigabyte is the same, and takes 4 s
}
@test "06: counter: takes lines cut anywhere" { in_counter_mode takes_lines_cut_anywhere; }
@test "06: counter: takes 100,000 pipelined lines of who reads late" { in_counter_mode takes_pipelines; }
@test "06: counter: counts 100 clients x 1,000 inc exactly, by 4 threads" { in_counter_mode counts_exactly; }
@test "06: counter: what it reads never falls" { in_counter_mode reads_rise; }

@test "06: counter: clients of two workers get their own answers" {
  local word jobs=()
  start --protocol counter --accept one --threads 2 --work 20 # each line takes 20 us
  for word in read what; do
    yes "$word" | head -n 20000 >"$word.in"
    background "$BUILD/say" --timeout "$LIMIT" "$ADDRESS" <"$word.in" >"$word.out"
    jobs+=("$JOB")
  done
  wait "${jobs[@]}"
  assert_equal "answers to read" " 20000 0" "$(uniq -c read.out | tr -s ' ')"
  assert_equal "answers to what" " 20000 Unknown command" "$(uniq -c what.out | tr -s ' ')"
}

@test "06: counter: says the counter at the end" {
  START=(--protocol counter)
  says_the_counter_at_the_end
}

many() {
  needs_descriptors 600
  start "${START[@]}" --backlog 1000
  swarm "$ADDRESS" --clients 500 --rounds 10 --size 3000 >swarm.log
  assert_match "swarm's summary" 'clients +500: 500 served' "$(cat swarm.log)"
}
@test "06: serves 500 at once, whoever accepts" { each_way many; }

many_on_a_path() {
  needs_descriptors 600
  start_at unix:path "${START[@]}" --backlog 1000
  swarm "$ADDRESS" --clients 500 --rounds 10 --size 3000 >swarm.log
  assert_match "swarm's summary" 'clients +500: 500 served' "$(cat swarm.log)"
}
@test "06: serves 500 at once on a unix socket, whoever accepts" { each_way many_on_a_path; }

many_on_a_descriptor() {
  LAUNCH=("$BUILD/rude" listen 5)
  start_at fd:5 "${START[@]}"
  swarm "$ADDRESS" --clients 200 --rounds 10 --size 3000 >swarm.log
  assert_match "swarm's summary" 'clients +200: 200 served' "$(cat swarm.log)"
}
@test "06: serves many on a descriptor it was given, whoever accepts" { each_way many_on_a_descriptor; }

@test "06: a client that never reads costs it 256 KiB, and gets everything at last" {
  needs_plain_build "memory"
  stuff_the_server 1400 # and the buffer that a worker reads into, when first it is full, and its copy
}

@test "06: has the threads it was told, and one for the signals" {
  [[ $SANITIZED != *tsan* ]] || skip "the runtime of this sanitizer has a thread of its own"
  start --threads 5
  assert_equal "threads" 6 "$(n_threads "$PID")"
}

@test "06: does not start with fewer workers than it was told" {
  local well=yes
  may_have 3
  exits 1 "${LAUNCH[@]}" "${COMMAND[@]}" --threads 5 127.0.0.1:0 || well=
  rm "$COPY"
  [[ $well ]]
  assert_equal "what it said" "${COPY##*/}: cannot start a worker: Resource temporarily unavailable" "$OUTPUT"
}

@test "06: a second one on its port is refused, with each or one" {
  local how other
  for how in each one; do
    start --accept "$how" --threads 3
    for other in each one; do
      cannot_start "$ADDRESS: Address already in use" --accept "$other" --threads 3 "$ADDRESS"
    done
    stop TERM
  done
}

@test "06: --accept one holds out, keeps to its limit and resets nobody, too" {
  START=(--accept one)
  starve
  limits_clients
  resets_nobody_when_it_stops
}

@test "06: every worker gets clients" {
  [[ $SANITIZED != *tsan* ]] || skip "the runtime of this sanitizer has a thread of its own"
  local how tid n
  for how in each one; do
    start --accept "$how" --threads 3 --backlog 300
    swarm "$ADDRESS" --clients 120 --rounds 50 >swarm.log
    for tid in /proc/"$PID"/task/*; do
      [[ $tid == */$PID ]] && continue # the main thread
      n=$(awk '/^voluntary_ctxt_switches/ { print $2 }' "$tid/status")
      assert_at_least "waits of worker ${tid##*/} with --accept $how" 6 "$n"
    done
    signal TERM
    await_end
  done
}

@test "06: --accept one hands clients out by turns, also in batches" {
  local i fds=()
  start --accept one --threads 2 --max-accepts-per-batch 2
  for i in {1..8}; do
    connect
    fds+=("$FD")
    greet "$FD"
  done
  # A worker's epoll watches 4 clients, its inbox, and the pipes for finish and stop.
  assert_equal "descriptors watched by the two epolls" "7 7" \
    "$(for i in /proc/"$PID"/fdinfo/*; do grep -c '^tfd:' "$i"; done | grep -v '^0' | tr '\n' ' ' | sed 's/ $//')"
}

@test "06: a busy one looks, too, for clients that another process was woken for" {
  LAUNCH=("$BUILD/rude" swallow 5)
  start_at fd:5 --threads 1
  background "$BUILD/swarm" "$ADDRESS" --clients 8 --seconds $((2 * LIMIT))
  all_are_in() { signal USR1 && grep -q 'connections=8 ' "$LOG"; }
  await all_are_in
  connect
  ask "$FD" hello hello
}

@test "06: a worker that is busy keeps neither the others from clients nor the main thread from signals" {
  start --accept one --threads 2 --protocol counter --work 1000000 --backlog 1000
  exits 0 "$BUILD/rude" shrink "$PID" # an inbox holds a hundred clients then, and not two thousand
  connect
  tell "$FD" "$(printf '\n%.0s' {1..250}; echo x)" # minutes of work, in one turn
  rude_in_background hold "$ADDRESS" 400
  all_are_in() { signal USR1 && grep -q 'connections=401 ' "$LOG"; }
  await all_are_in
  connect
  ask "$FD" x "Unknown command"
  signal KILL
}

took_ms() { # what swarm says its messages took, in ms
  sed -n 's/^messages .* in \([0-9.]* m\{0,1\}s\),.*/\1/p' swarm.log |
    awk '{ print int($1 * ($2 == "s" ? 1000 : 1)) + 1 }'
}

@test "06: --accept one lets the next in at once when one leaves" {
  local how times pair
  for pair in 1 2 3 4 5; do # a busy machine may slow one of the two down, but hardly always the same
    times=()
    for how in each one; do
      start --accept "$how" --threads 1 --max-connections 1 --backlog 128
      swarm "$ADDRESS" --clients 100 --rounds 1 >swarm.log
      times+=("$(took_ms)")
      stop TERM
    done
    echo "each: ${times[0]} ms, one: ${times[1]} ms"
    ((times[1] > 20 * times[0])) || return 0
  done
  # If each waited for the end of a back-off it would be 10 s, a hundred times as long and more.
  assert_at_most "ms with one acceptor" $((20 * times[0])) "${times[1]}"
}

@test "06: its limit holds for all threads together, and strands nobody" {
  limit() {
    start "${START[@]}" --max-connections 7 --backlog 300
    swarm "$ADDRESS" --clients 100 --rounds 3 --pause 1 >swarm.log
    assert_match "swarm's summary" 'clients +100: 100 served' "$(cat swarm.log)"
    most=$(sed -n 's/.*at most \([0-9]*\) at once.*/\1/p' swarm.log)
    assert_at_most "served at once" 7 "$most"
  }
  each_way limit
}

all_asleep() { # every thread of the servers
  local pid
  for pid in $(in_group "$PID"); do
    ! grep -h '^State:' "/proc/$pid"/task/*/status | grep -qv sleeping || return 1
  done
}

shares_when_full() { # two servers with room for one client each
  start_at fd:5 --threads 1 --max-connections 1 "$@"
  await equals 2 grep -c 'listening on' "$LOG"
  connect
  greet "$FD"
  await all_asleep # and one of them is full
  connect
  greet "$FD"
  hears_nothing "$FD" 0.3 # longer than a back-off; now both are
  hang_up "$FD"
  await all_asleep
  connect
  greet "$FD"
}
@test "06: a full one leaves a listener that several share to who has room" {
  local how
  LAUNCH=("$BUILD/rude" listen 5 bash -c '"$@" & exec "$@"' -)
  for how in each one; do shares_when_full --accept "$how"; done
}

# Two servers with one listener, and one of them is told to end at the very moment when a client comes, for whom the
# kernel wakes that one: then the other must serve it. (Without care this goes wrong in about half of the tries.)
@test "06: of two that share a listener one ends, and the other serves who comes" {
  local try first
  LAUNCH=("$BUILD/rude" listen 5 bash -c '"$1" fd:5 --threads 8 & until (($(grep -c "listening on" "$0") == 1)); do sleep 0.01; done; exec "$@"')
  for ((try = 1; try <= $(repeats 12 40); try++)); do
    LAUNCH[6]=$BATS_TEST_TMPDIR/server.${#PIDS[@]}.log
    start_at fd:5 --threads 1
    await equals 2 grep -c 'listening on' "$LOG"
    first=$(children "$PID")
    await all_asleep
    exits 0 "$BUILD/odd" late "${first% }" 3 $((10 * (try % 4 + 1))) "$ADDRESS" # QUIT
    assert_equal "what the client gets" answered "$OUTPUT"
    signal KILL "-$PID"
    await_end
  done
}

# The kernel tells of both at once: of the signal, whose handling closes the listener, and of the client.
@test "06: a client that comes with TERM is no reason to fail, whoever accepts" {
  local how s
  for how in each one; do
    for s in TERM QUIT; do
      start --accept "$how" --threads 2
      signal STOP
      await equals T state "$PID"
      connect
      signal "$s"
      signal CONT
      hang_up "$FD" # or QUIT waits for it, if a worker was quicker than the signal
      await_end
      assert_equal "exit status after $s with --accept $how" 0 "$STATUS"
      assert_equal "the log" "$NAME: listening on $ADDRESS"$'\n'"$NAME: server terminated" "$(cat "$LOG")"
    done
  done
}

# The worker is busy with a client that has reset its connection; meanwhile the next is in its inbox, and the signal comes.
@test "06: --accept one: a signal forgets no client that a worker was given" {
  local s
  for s in QUIT TERM; do
    start --accept one --threads 1 --protocol counter --work 30000 --on-handler-error ignore
    rude reset "$ADDRESS" 1 "$(yes read | head -n 21)" # the worker has work for 0.6 s
    connect
    tell "$FD" "me, too"
    both_have_come() { signal USR1 && grep -Eq ' (connections|accepted)=2 ' "$LOG"; } # accepted: by the worker
    await both_have_come
    signal "$s"
    signal USR2 # is handled after that
    await grep -q 'dropping incoming connections: on' "$LOG"
    if [[ $s == QUIT ]]; then
      hear "$FD"
      assert_equal "answer" "Unknown command" "$REPLY"
      hang_up "$FD"
    else # it may have been answered, on a busy machine
      timeout "$LIMIT" cat <&"$FD" >heard 2>cat.log || true
      assert_equal "what ended it" "" "$(cat cat.log)"
    fi
    await_end
    assert_equal "exit status after $s" 0 "$STATUS"
  done
}

@test "06: finishing costs nothing, whoever accepts" {
  local how
  for how in each one; do
    start --accept "$how" --threads 2
    connect
    greet "$FD"
    signal QUIT
    await_refusal
    assert_cpu "CPU time in 0.3 s with --accept $how, in ms" 20 hears_nothing "$FD" 0.3
    stop TERM
  done
}

@test "06: a batch keeps to the limit, whoever accepts" {
  local how
  for how in each one; do
    START=(--accept "$how" --threads 2)
    keeps_to_its_limit_in_a_batch
  done
}

@test "06: USR1 tells how it stands" {
  local how
  for how in each one; do
    start --accept "$how" --protocol counter
    answers "replies" "$(printf 'Counter has been incremented\n1\n')" inc read
    connect
    tell "$FD" inc
    hear "$FD"
    signal USR1
    await grep -q 'connections=1 accepted=2 bytes=13 counter=2$' "$LOG"
    hang_up "$FD"
    stop TERM
  done
  start
  echoed hello
  reports_nobody() { signal USR1 && grep -q "^$NAME: connections=0 accepted=1 bytes=6$" "$LOG"; }
  await reports_nobody # it may still be seeing that one off
}

@test "06: USR2 turns the dropping of clients on and off" {
  local how
  for how in each one; do
    start --accept "$how"
    connect
    greet "$FD"
    signal USR2
    await grep -q "^$NAME: dropping incoming connections: on$" "$LOG"
    assert_equal "what a dropped client gets" "" "$("$BUILD/say" --timeout "$LIMIT" "$ADDRESS" hello 2>/dev/null || true)"
    greet "$FD"
    signal USR1
    await grep -q 'connections=1 accepted=1 bytes=12$' "$LOG"
    signal USR2
    await grep -q "^$NAME: dropping incoming connections: off$" "$LOG"
    serves
    stop TERM
  done
}

@test "06: --drop-incoming drops from the start" {
  local batch
  for batch in 1 5; do # the second of a batch finds nobody
    start --drop-incoming --max-accepts-per-batch "$batch"
    connect
    hears_the_end "$FD"
    signal USR1
    await grep -q 'connections=0 accepted=0 bytes=0$' "$LOG"
    signal USR2
    await grep -q "dropping incoming connections: off" "$LOG"
    serves
  done
}

@test "06: --on-handler-error log, ignore, raise" {
  start --on-handler-error log
  rude reset "$ADDRESS" 1 hello
  await grep -q 'client 127.0.0.1:[0-9]*: Connection reset by peer' "$LOG"
  stop TERM

  start --on-handler-error ignore
  rude reset "$ADDRESS" 20 hello
  serves
  stop TERM
  assert_equal "lines of the log" 2 "$(wc -l <"$LOG")"

  local how
  for how in each one; do
    start --accept "$how" --on-handler-error raise
    connect
    greet "$FD"
    rude reset "$ADDRESS" 1 hello
    await_refusal
    greet "$FD" # those here are served
    hang_up "$FD"
    await_end
    assert_equal "exit status" 1 "$STATUS"
    assert_match "the log" 'client 127.0.0.1:[0-9]+: Connection reset by peer' "$(cat "$LOG")"
    assert_equal "last line" "$NAME: server terminated" "$(tail -n 1 "$LOG")"
  done
}

@test "06: --write-timeout ends clients that take no answers, and no other" {
  local mode
  for mode in each one; do # a listener each, and one for all
    start --write-timeout 0.5 --threads 3 --accept $mode
    connect
    greet "$FD"
    rude_in_background hoard "$ADDRESS" 20 x
    await equals 20 grep -c 'client 127.0.0.1:[0-9]*: Connection timed out' "$LOG"
    greet "$FD"
    signal USR1
    await grep -q 'connections=1 accepted=21' "$LOG"
    stop TERM
  done
}

@test "06: --write-timeout says nothing about clients that are owed nothing" {
  start_apart --write-timeout 1
  asks_each_second 60 # and is patient
  rude_in_background hold "$ADDRESS" 1
  await_rude connected
  await equals 1 clients_there
  "${THERE[@]}" ip link set lo down
  background sleep 4 # with the option on an idle connection it is gone after two
  wait "$JOB"
  "${THERE[@]}" ip link set lo up
  serves
  assert_equal "the log" "$NAME: listening on $ADDRESS" "$(cat "$LOG")"
  signal USR1
  await grep -q 'connections=1 ' "$LOG"
}
clients_there() { "${THERE[@]}" awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" '$4 == "01" && index($2, port)' /proc/net/tcp | wc -l; }

@test "06: --write-timeout ends with the server: a client may read late what was written" {
  START=(--write-timeout 1)
  READS_LATE=4 resets_nobody_who_reads_late
}

@test "06: --write-timeout takes the least time for a millisecond, not for none" {
  start --write-timeout 0.0001
  rude_in_background stuff "$ADDRESS" x x
  await grep -q 'client 127.0.0.1:[0-9]*: Connection timed out' "$LOG"
}

@test "06: workers that cannot go on, all at once, give one reason, once" {
  needs_strace
  local i
  for i in {1..8}; do
    exits 1 strace -D -f -qq -o trace -e trace=epoll_wait,exit_group -e inject=epoll_wait:error=EINVAL:when=1 \
      -e inject=exit_group:delay_enter=300000 \
      "${COMMAND[@]}" --threads 8 127.0.0.1:0
    assert_equal "lines with the reason" 1 "$(grep -c ': cannot wait: Invalid argument$' <<<"$OUTPUT")"
  done
}

@test "06: workers leave SIGSEGV, SIGBUS and SIGFPE to who handles them" { # a sanitizer, for one
  [[ $SANITIZED != *tsan* ]] || skip "the runtime of this sanitizer has a thread of its own"
  start --threads 2
  blocks_no_fault "/proc/$PID"/task/*
}

@test "06: --work spends CPU time, on each read or each line" {
  needs_plain_build "CPU time"
  start --threads 1 --work 2000
  local before
  before=$(cpu_ms "$PID")
  hundred_reads() { swarm "$ADDRESS" --clients 5 --rounds 20 >swarm.log; }
  hundred_reads
  assert_at_least "ms for 100 reads of 2 ms" 180 $(($(cpu_ms "$PID") - before))
  assert_cpu "ms for 100 reads of 2 ms" 400 hundred_reads
  before=$(cpu_ms "$PID")
  assert_equal "echo of 12,800 bytes" 12800 "$(head -c 12800 /dev/zero | say "$ADDRESS" | wc -c)"
  assert_at_least "ms for 50 reads, of 256 bytes at most" 80 $(($(cpu_ms "$PID") - before))
  signal TERM && await_end

  start --threads 1 --work 1000 --protocol counter
  before=$(cpu_ms "$PID")
  hundred_lines() {
    assert_equal "replies to 100 lines in one go" 100 "$(yes read | head -n 100 | say "$ADDRESS" | wc -l)"
  }
  hundred_lines
  assert_at_least "ms for 100 lines of 1 ms, by a clock of 10 ms" 80 $(($(cpu_ms "$PID") - before))
  assert_cpu "ms for 100 lines of 1 ms" 300 hundred_lines
}

@test "06: the last client of many workers ends a QUIT" {
  local i fds=()
  quit() {
    fds=()
    start "${START[@]}"
    for i in {1..12}; do
      connect
      fds+=("$FD")
      greet "$FD"
    done
    signal QUIT
    await_refusal
    for i in "${fds[@]:1}"; do hang_up "$i"; done
    greet "${fds[0]}"
    hang_up "${fds[0]}"
    await_end
    assert_equal "exit status" 0 "$STATUS"
    start "${START[@]}"
  }
  each_way quit
}
