#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Other people's clients, where they are installed, against every step; and our own two.

load helpers

# each_step FUNCTION: with a server of each step, a new one each time; REPLY_TO_HELLO is what it says
each_step() {
  local step
  for step in 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
    use_step "$step"
    REPLY_TO_HELLO=hello
    [[ $step != 05-epoll-counter ]] || REPLY_TO_HELLO="Unknown command"
    start
    "$1"
    signal KILL 2>/dev/null || true
    await_end
  done
}

# hears COMMAND...: a client that is given hello and half-closes
hears() {
  local got
  got=$(echo hello | timeout "$LIMIT" "$@" "${ADDRESS%:*}" "${ADDRESS##*:}" 2>client.log) || true
  assert_equal "what $* hears of $NAME" "$REPLY_TO_HELLO" "$got"
}

@test "clients: nc -N (OpenBSD's)" {
  needs_tool nc.openbsd
  hears_it() { hears nc.openbsd -N; }
  each_step hears_it
}

@test "clients: ncat" {
  needs_tool ncat
  hears_it() { hears ncat; }
  each_step hears_it
}

@test "clients: busybox nc" {
  needs_tool busybox
  busybox nc --help 2>&1 | grep -q '^Usage' || skip "this busybox has no nc"
  hears_it() { hears busybox nc; }
  each_step hears_it
}

@test "clients: socat" {
  needs_tool socat
  hears_it() {
    assert_equal "what socat hears of $NAME" "$REPLY_TO_HELLO" "$(echo hello | timeout "$LIMIT" socat - "TCP:$ADDRESS")"
  }
  each_step hears_it
}

@test "clients: telnet, whose lines end with CR LF" {
  needs_tool telnet
  hears_it() {
    mkfifo to.telnet."$NAME"
    background timeout "$LIMIT" telnet "${ADDRESS%:*}" "${ADDRESS##*:}" <>to.telnet."$NAME" >telnet.out 2>&1
    await grep -q 'Escape character' telnet.out
    printf 'hello\r\n' >to.telnet."$NAME"
    await grep -q "^$REPLY_TO_HELLO" telnet.out
    kill "$JOB"
  }
  each_step hears_it
}

@test "clients: bash's /dev/tcp" {
  hears_it() {
    connect
    ask "$FD" hello "$REPLY_TO_HELLO"
    hang_up "$FD"
  }
  each_step hears_it
}

@test "clients: say, with text and with standard input" {
  hears_it() { assert_equal "what say hears of $NAME" "$REPLY_TO_HELLO" "$(say "$ADDRESS" hello)"; }
  each_step hears_it
  hears_it() { assert_equal "what say hears of $NAME" "$REPLY_TO_HELLO" "$(echo hello | say "$ADDRESS")"; }
  each_step hears_it
}

@test "clients: say sends and receives at once, what is more than fits on the way" {
  use_step 02-loop-echo
  start
  head -c 30000000 /dev/urandom >bytes
  say "$ADDRESS" <bytes | cmp - bytes
}

@test "clients: say leaves its exit status" {
  use_step 02-loop-echo
  start
  exits 0 "$BUILD/say" "$ADDRESS" hello
  assert_equal "output" hello "$OUTPUT"
  exits 2 "$BUILD/say"
  assert_match "message" "^say: .*'ADDRESS'" "$OUTPUT"
  exits 2 "$BUILD/say" nonsense hello
  assert_match "message" "^say: .*'nonsense'" "$OUTPUT"
  exits 2 "$BUILD/say" fd:3
  exits 2 "$BUILD/say" --timeout 0 "$ADDRESS"
  exits 2 "$BUILD/say" --half-close --no-half-close "$ADDRESS"
  exits 1 "$BUILD/say" no-such-host.invalid:80
  exits 1 "$BUILD/say" unix:none
  exits 1 bash -c '"$0" "$1" hello >/dev/full' "$BUILD/say" "$ADDRESS"
  connect
  exits 5 "$BUILD/say" --timeout 0.3 "$ADDRESS" "nobody has time for me"
  assert_equal "message" "say: no answer from $ADDRESS: timed out" "$OUTPUT"
  hang_up "$FD"
  exits 5 "$BUILD/say" --no-half-close --timeout 0.3 "$ADDRESS" hello
  assert_equal "output" $'hello\n'"say: nothing more from $ADDRESS: timed out" "$OUTPUT"
  signal KILL
  await_end
  exits 3 "$BUILD/say" "$ADDRESS" hello
  assert_equal "message" "say: cannot connect to $ADDRESS: Connection refused" "$OUTPUT"

  use_step 01-sync-echo
  start
  connect
  ask "$FD" hello hello # it is the one client; say will be cut off when it has left
  background "$BUILD/say" "$ADDRESS" "and me?" >say.log 2>&1
  local said=$JOB status=0
  await equals 2 n_connected
  hang_up "$FD"
  wait "$said" || status=$?
  assert_equal "exit status" 4 "$status"
  assert_equal "message" "say: cannot receive from $ADDRESS: Connection reset by peer" "$(cat say.log)"
}

@test "clients: say takes what follows the address for text" {
  use_step 02-loop-echo
  start
  say "$ADDRESS" --timeout --help "" >say.log
  printf '%s\n' --timeout --help "" | cmp - say.log
}

@test "clients: swarm sees a server that alters, cuts, adds or is silent" {
  local how
  use_step liar
  for how in "alters:1 wrong" "cuts:1 (cut short|reset)" "adds:1 wrong" "silent:1 timed out"; do
    COMMAND=("$BUILD/rude" lie "${how%%:*}")
    start
    exits 1 "$BUILD/swarm" "$ADDRESS" --clients 1 --size 1000 --timeout 1
    assert_match "summary of a server that ${how%%:*}" "clients +1: 0 served, ${how#*:};" "$OUTPUT"
  done
}

@test "clients: say tells when the server has cut it off" {
  local said status=0 input
  use_step liar
  COMMAND=("$BUILD/rude" lie cuts)
  start
  mkfifo input
  exec {input}<>input
  background "$BUILD/say" "$ADDRESS" <&"$input" >say.log 2>&1
  said=$JOB
  echo "this, and perhaps more" >&"$input"
  wait "$said" || status=$?
  assert_equal "exit status" 1 "$status"
  assert_match "message" "^say: cut off by $ADDRESS: " "$(cat say.log)"
}

@test "clients: swarm leaves its exit status, and says what it saw" {
  use_step 02-loop-echo
  start
  exits 0 "$BUILD/swarm" "$ADDRESS"
  assert_match "summary" $'^clients +3: 3 served; at most 1 at once\nmessages +3 in [0-9.]+ m?s, [0-9.]+/s; answered in [0-9.]+ m?s \(p50\), [0-9.]+ m?s \(p99\)$' "$OUTPUT"
  exits 2 "$BUILD/swarm"
  exits 2 "$BUILD/swarm" fd:3
  exits 2 "$BUILD/swarm" "$ADDRESS" --clients 0
  exits 2 "$BUILD/swarm" "$ADDRESS" --protocol counter --size 3
  if [[ -z $SANITIZED ]]; then # whose runtime, too, needs descriptors
    exits 2 bash -c 'ulimit -n 100; "$0" "$1" --clients 200' "$BUILD/swarm" "$ADDRESS"
    assert_match "message" "200 clients do not fit, only [0-9]+: Too many open files: .ulimit -n [0-9]+. would do" "$OUTPUT"
    exits 0 bash -c 'ulimit -n "$2"; "$0" "$1" --clients 200' "$BUILD/swarm" "$ADDRESS" "$(sed -n 's/.*ulimit -n \([0-9]*\)..*/\1/p' <<<"$OUTPUT")"
    exits 2 bash -c 'ulimit -n 12; "$0" "$1" --clients 3 --server "$2"' "$BUILD/swarm" "$ADDRESS" "$PID"
    assert_match "message" "3 clients do not fit, only 0: Too many open files: .ulimit -n [0-9]+. would do" "$OUTPUT"
  fi
  exits 1 "$BUILD/swarm" "$ADDRESS" --protocol counter
  signal KILL
  await_end
  exits 1 "$BUILD/swarm" "$ADDRESS"
  assert_match "summary" "clients +3: 0 served, 3 refused;" "$OUTPUT"
}

# figure NAME: of the line that swarm --figures has printed
figure() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$OUTPUT"; }

# the server's report: what follows NAME=, once TERM has made it tell all
told() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" "$LOG" | tail -n 1; }

@test "clients: swarm sends several messages at once" {
  use_step 05-epoll-counter
  start
  exits 0 "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 4 --rounds 5 --depth 16 --figures
  assert_equal "messages" 320 "$(figure messages)"
  stop TERM
  assert_equal "what the server counted" 320 "$(told counter)"
  use_step 06-parallel
  start
  exits 0 "$BUILD/swarm" "$ADDRESS" --clients 3 --rounds 3 --size 70001 --depth 3
  assert_match "summary" $'^clients +3: 3 served; .*\nmessages +27 in' "$OUTPUT"
}

@test "clients: swarm --discard counts what comes back, and does not compare it" {
  local how status
  use_step 06-parallel
  start
  exits 0 "$BUILD/swarm" "$ADDRESS" --discard --clients 3 --rounds 3 --size 300001 --depth 2 --figures
  assert_equal "messages" 18 "$(figure messages)"
  stop TERM
  use_step liar
  for how in "alters:0 1 served" "adds:1 0 served, 1 wrong" "cuts:1 0 served, 1 (cut short|reset)"; do
    COMMAND=("$BUILD/rude" lie "${how%%:*}")
    start
    status=${how#*:}
    exits "${status%% *}" "$BUILD/swarm" "$ADDRESS" --discard --clients 1 --size 1000
    assert_match "summary of a server that ${how%%:*}" "clients +1: ${status#* };" "$OUTPUT"
  done
}

@test "clients: swarm comes anew for every message" {
  use_step 06-parallel
  start --protocol counter
  exits 0 "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 4 --rounds 50 --churn --figures
  assert_equal "messages" 200 "$(figure messages)"
  assert_at_most "us of the slowest, of a whole run" 60000000 "$(figure p999_us | cut -d. -f1)"
  signal USR1
  await grep -q "accepted=200 " "$LOG"
  exits 0 "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 4 --seconds 0.2 --churn --figures
  assert_equal "who was served" 4 "$(figure served)"
  assert_at_least "connections in 0.2 s" 4 "$(figure messages)"
}

@test "clients: swarm measures from when all have come, for so long" {
  use_step 06-parallel
  start
  exits 0 "$BUILD/swarm" "$ADDRESS" --clients 4 --idle 50 --seconds 0.3 --figures
  assert_equal "clients" "54 54" "$(figure clients) $(figure served)"
  assert_at_least "us measured" 300000 "$(figure seconds | awk '{ print int($1 * 1e6) }')"
  assert_at_least "messages" 1 "$(figure messages)"
  signal USR1
  await grep -q "accepted=54 " "$LOG"
  exits 0 "$BUILD/swarm" "$ADDRESS" --clients 4 --idle 50 --seconds 0.3
  assert_match "summary" $'^clients +4 and 50 idle: 54 served; at most 4 at once\nmessages +[0-9]+ in ([1-9]|0.[3-9])' "$OUTPUT"
}

@test "clients: swarm lets nobody go on before all have come" {
  use_step 06-parallel
  start --protocol counter --max-connections 2
  exits 1 "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 3 --seconds 1 --timeout 1
  stop TERM
  assert_at_most "messages, of which the last is read when the others have left" 3 "$(told counter)"
}

@test "clients: swarm measures all the work for the messages that it counts, and for no other" {
  local churn
  use_step 06-parallel
  start --threads 1 --work 20000
  for churn in "" --churn; do # shellcheck disable=SC2086
    exits 0 "$BUILD/swarm" "$ADDRESS" --server "$PID" --clients 8 --seconds 0.3 --figures $churn
    assert_at_least "us for $(figure messages) messages of 20 ms" $(($(figure messages) * 20000)) "$(figure cpu_us)"
    assert_at_least "us of time" $(($(figure messages) * 20000)) "$(figure seconds | awk '{ print int($1 * 1e6) }')"
  done
}

@test "clients: swarm sleeps while its clients pause" {
  use_step 02-loop-echo
  start
  pausing_ms() { # user and system time of swarm, in ms
    { TIMEFORMAT='%U %S'; time "$BUILD/swarm" "$ADDRESS" --clients 1 --rounds 2 --pause 500 >swarm.log; } 2>&1 |
      awk '{ print int(($1 + $2) * 1000) }'
  }
  local best=1000 i ms
  for i in 1 2 3 4 5; do
    ms=$(pausing_ms)
    ((ms >= best)) || best=$ms
  done
  assert_at_most "ms of CPU time in a pause of 500 ms" 200 "$best"
}

@test "clients: swarm says that an idle client was cut off" {
  use_step liar
  COMMAND=("$BUILD/rude" lie silent)
  start
  background "$BUILD/swarm" "$ADDRESS" --clients 1 --idle 3 --seconds 1 --timeout "$LIMIT" >swarm.log 2>&1
  local swarm=$JOB status=0
  await equals 4 n_connected
  signal KILL
  wait "$swarm" || status=$?
  assert_equal "exit status" 1 "$status"
  assert_match "summary" "clients +1 and 3 idle: 0 served, [1-4] (cut short|reset)" "$(cat swarm.log)"
}

@test "clients: swarm reads the server's CPU time and memory" {
  local before used measured
  use_step 03-fork-echo
  start
  with_children() { awk '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) * 10 }' "/proc/$PID/stat"; } # proc(5)
  before=$(with_children)
  exits 0 "$BUILD/swarm" "$ADDRESS" --server "$PID" --clients 8 --rounds 500 --churn --figures
  await equals 0 n_children "$PID"
  used=$(($(with_children) - before))
  measured=$(($(figure cpu_us) / 1000)) # of the children as well, which have ended
  assert_at_least "ms of CPU time, of which /proc/PID/stat knows $used" $((used * 8 / 10 - 30)) "$measured"
  assert_at_most "ms of CPU time, of which /proc/PID/stat knows $used" $((used * 12 / 10 + 30)) "$measured"
  assert_at_least "bytes of memory" 10000 "$(figure memory_before)"
  exits 0 "$BUILD/swarm" "$ADDRESS" --server "$PID" --clients 20 --seconds 0.1 --figures
  assert_at_least "bytes with 20 children" $(($(figure memory_before) + 20 * 4096)) "$(figure memory_after)"
  exits 0 "$BUILD/swarm" "$ADDRESS" --server "$PID"
  assert_match "summary" $'\nserver +[0-9.]+ m?s of CPU time, [0-9.]+ us a message; memory: [0-9]+ kB$' "$OUTPUT"
}

@test "clients: swarm has no more than 4,000 connections from one address" {
  local port
  needs_descriptors 4700
  use_step 05-epoll-counter
  start --backlog 4096
  background "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 1 --idle 4100 --seconds "$LIMIT" >swarm.log 2>&1
  port=$(printf ':%04X' "${ADDRESS##*:}")
  from() { awk -v to="$port" -v from="$1" '$3 ~ to "$" && $2 ~ "^" from && $4 == "01"' /proc/net/tcp | wc -l; }
  await equals 4000 from 0100007F
  await equals 101 from 0200007F
}

@test "clients: swarm refuses what does not go together" {
  exits 2 "$BUILD/swarm" 1 --seconds 1 --rounds 2
  exits 2 "$BUILD/swarm" 1 --churn --pause 1
  exits 2 "$BUILD/swarm" 1 --server 4194305
  assert_match "message" "^swarm: there is no such process: '4194305'" "$OUTPUT"
}

@test "clients: swarm draws who waits and who is served" {
  use_step 02-loop-echo
  start
  exits 0 env LC_ALL=C "$BUILD/swarm" "$ADDRESS" --rounds 2 --pause 200 --timeline
  local row begin before end=0
  # Each row begins where the row before ends. On a busy machine it begins some cells later, and waits for its end as well.
  for row in 1 2 3; do
    assert_match "row $row" $'(^|\n)'"client $row ( *\.+)(#+)\.* +served [0-9.]+ s"$'\n' "$OUTPUT"
    begin=${#BASH_REMATCH[2]}
    if ((row > 1)); then
      assert_at_most "cells in which the row before is served, too" 1 $((end - begin))
      assert_at_most "cells after the end of the row before, which was served for $((end - before))" $((end - before)) $((begin - end))
    fi
    before=$begin
    end=$((begin + ${#BASH_REMATCH[3]}))
  done
  assert_at_least "cells before the last is served, of $end" $((end / 2)) "$begin"
  assert_match "legend" $'\n +\. waiting   # being served   x not served' "$OUTPUT"
  [[ $OUTPUT != *$'\033'* ]]
  exits 0 env LC_ALL=C.UTF-8 "$BUILD/swarm" "$ADDRESS" --timeline
  [[ $OUTPUT == *█* ]]
}

widest() { awk '{ if (length > n) n = length } END { print n + 0 }' <<<"$1"; }

@test "clients: swarm's timeline is as wide as the terminal, and in colours where it has some" {
  local columns term
  use_step 02-loop-echo
  start
  for columns in 40 60 72; do
    exits 0 env LC_ALL=C COLUMNS="$columns" "$BUILD/swarm" "$ADDRESS" --timeline --server "$PID"
    assert_at_most "columns" "$columns" "$(widest "$OUTPUT")"
    assert_at_least "columns" $((columns - 15)) "$(widest "$(grep '^client ' <<<"$OUTPUT")")"
  done
  for columns in 100 200; do
    exits 0 env LC_ALL=C COLUMNS="$columns" "$BUILD/swarm" "$ADDRESS" --timeline
    assert_equal "cells" 72 "$(sed -n 's/^client 1 \(.*\)  served.*/\1/p' <<<"$OUTPUT" | tr -d '\n' | wc -c)"
  done
  for columns in 0 -3 4x '' 99999999999999999999; do # then nobody knows
    exits 0 env LC_ALL=C COLUMNS="$columns" "$BUILD/swarm" "$ADDRESS" --timeline
    assert_equal "cells, with COLUMNS='$columns'" 52 "$(sed -n 's/^client 1 \(.*\)  served.*/\1/p' <<<"$OUTPUT" | tr -d '\n' | wc -c)"
  done
  for term in '' dumb; do
    exits 0 env -u NO_COLOR CLICOLOR_FORCE=1 TERM="$term" "$BUILD/swarm" "$ADDRESS" --timeline
    [[ $OUTPUT != *$'\033'* ]]
  done
  exits 0 env -u NO_COLOR CLICOLOR_FORCE=1 TERM=xterm "$BUILD/swarm" "$ADDRESS" --timeline
  [[ $OUTPUT == *$'\033'* ]]
}

@test "clients: every program tells what it takes, and of wrong words what it would take" {
  local program torture=$BATS_TEST_DIRNAME/../build/tools/torture
  for program in "$BUILD"/{say,swarm,rude,odd,bench/million} "$torture"; do
    exits 0 bash -c '"$0" --help 2>err.log' "$program"
    assert_equal "stderr of $program --help" "" "$(cat err.log)"
    assert_match "--help" "^usage: ${program##*/} .*--help " "$OUTPUT"
    assert_at_most "columns of $program --help" 80 "$(widest "$OUTPUT")"
    exits 2 "$program" --nonsense
    assert_match "message" "--nonsense.*usage: .*--help tells more" "$OUTPUT"
  done
  for program in "$BUILD"/{rude,odd} "$torture"; do
    exits 2 "$program"
    exits 2 "$program" nonsense "$BUILD"
    assert_match "message" "usage: .*--help tells more" "$OUTPUT"
  done
  exits 2 "$BUILD/rude" hold 1 many
  assert_match "message" "not a number: 'many'" "$OUTPUT"
}

# ---- time limits, interruptions, addresses ---------------------------------------------------------

connecting() { # clients whose SYN has had no answer yet
  awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" '$4 == "02" && index($3, port) { n++ } END { print n + 0 }' /proc/net/tcp
}

@test "clients: say may be stopped and continued while it connects" {
  local said held status=0
  use_step 02-loop-echo
  start --backlog 1
  connect
  ask "$FD" hello hello # it is served; of these two wait in the queue, and the others' SYNs are dropped
  rude_in_background hold "$ADDRESS" 8
  await_rude connected
  await at_least 1 connecting
  held=$(connecting)
  background "$BUILD/say" --timeout "$LIMIT" "$ADDRESS" hello >say.log 2>&1
  said=$JOB
  await equals $((held + 1)) connecting
  signal STOP "$said"
  await equals T state "$said"
  signal CONT "$said"
  echo >&"$TO" # now there will be room
  hang_up "$FD"
  wait "$said" || status=$?
  assert_equal "what say prints" hello "$(cat say.log)"
  assert_equal "exit status" 0 "$status"
}

# go_silent: what is started through LAUNCH has a network of its own, where 10.9.9.0/24 never answers, nor
# does the name server. The name ten has ten addresses there; the name both has one of IPv4 and one of IPv6.
go_silent() {
  local i
  go_apart
  for i in 1 2 3 4 5 6 7 8 9 10; do echo "10.9.9.$i ten"; done >hosts
  printf '127.0.0.1 both\n::1 both\n' >>hosts
  echo "nameserver 10.9.9.99" >resolv.conf
  echo "hosts: files dns" >nsswitch.conf
  # shellcheck disable=SC2016
  LAUNCH=(unshare --net --mount bash -c 'ip link set lo up && ip route add 10.9.9.0/24 dev lo &&
    for file in hosts resolv.conf nsswitch.conf; do mount --bind "$file" "/etc/$file" || exit; done &&
    exec "$@"' -)
  needs_to "have names and a network of its own" "${LAUNCH[@]}" true
}

@test "clients: --timeout holds for a look-up that a name server never answers" {
  go_silent
  exits 5 "${LAUNCH[@]}" "$BUILD/say" --timeout 1 nobody.knows:80 hello
  assert_equal "message" "say: cannot connect to nobody.knows:80: timed out" "$OUTPUT"
  exits 1 "${LAUNCH[@]}" "$BUILD/swarm" --timeout 1 nobody.knows:80
  assert_equal "message" "swarm: cannot connect to nobody.knows:80: timed out" "$OUTPUT"
  # Neither a standard error that takes nothing keeps say from that, nor a SIGALRM that is ignored and blocked.
  mkfifo full
  exec {FULL}<>full
  head -c 65536 /dev/zero >&"$FULL"
  exits 5 "${LAUNCH[@]}" bash -c '"$@" 2>&"$0"' "$FULL" "$BUILD/rude" inherit "$BUILD/say" --timeout 1 nobody.knows:80 hello
}

@test "clients: --timeout holds for all the addresses of a name together" {
  local began=$SECONDS
  go_silent
  exits 5 "${LAUNCH[@]}" "$BUILD/say" --timeout 2 ten:80 hello
  assert_equal "message" "say: cannot connect to ten:80: timed out" "$OUTPUT"
  exits 1 "${LAUNCH[@]}" "$BUILD/swarm" --timeout 2 ten:80
  assert_match "summary" "clients +3: 0 served, 3 timed out" "$OUTPUT"
  assert_at_most "seconds for ten addresses, twice" 14 $((SECONDS - began))
}

@test "clients: of several failures the most telling is reported" {
  go_silent
  LAUNCH+=(bash -c 'if [[ -e /proc/sys/net/ipv6 ]]; then echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; fi && exec "$@"' -)
  needs_to "do without IPv6" "${LAUNCH[@]}" true
  exits 3 "${LAUNCH[@]}" "$BUILD/say" both:1 hello
  assert_equal "message" "say: cannot connect to both:1: Connection refused" "$OUTPUT"
  exits 1 "${LAUNCH[@]}" "$BUILD/swarm" both:1
  assert_match "summary" "clients +3: 0 served, 3 refused;" "$OUTPUT"
}

@test "clients: to be connected to oneself is to be refused" {
  go_apart
  # One port is free for us, and it is the one that we connect to.
  LAUNCH+=(bash -c 'echo 20000 20000 >/proc/sys/net/ipv4/ip_local_port_range && exec "$@"' -)
  needs_to "choose the range of ports" "${LAUNCH[@]}" true
  exits 3 "${LAUNCH[@]}" "$BUILD/say" --timeout "$LIMIT" 20000 hello
  assert_equal "message" "say: cannot connect to 20000: Connection refused" "$OUTPUT"
  exits 1 "${LAUNCH[@]}" "$BUILD/swarm" 20000 --clients 1
  assert_match "summary" "clients +1: 0 served, 1 refused;" "$OUTPUT"
  exits 1 "${LAUNCH[@]}" "$BUILD/rude" stuff 20000 hello hello
  assert_equal "message" "rude: connect: Connection refused" "$OUTPUT"
}

@test "clients: swarm does not count its own pauses, nor --seconds, into its --timeout" {
  use_step 02-loop-echo
  start
  exits 0 "$BUILD/swarm" "$ADDRESS" --timeout 1 --pause 1500 --rounds 2 # each waits for the pauses of those before it
  assert_match "summary" "clients +3: 3 served;" "$OUTPUT"
  exits 0 "$BUILD/swarm" "$ADDRESS" --timeout 1 --seconds 1.5 --clients 1
  use_step liar
  COMMAND=("$BUILD/rude" lie silent)
  start
  exits 1 "$BUILD/swarm" "$ADDRESS" --timeout 1 --pause 86400000 --rounds 2 --clients 1
  assert_match "summary" "clients +1: 0 served, 1 timed out;" "$OUTPUT"
}

@test "clients: swarm counts who was cut off in a pause as served until then" {
  local swarm status=0
  use_step 06-parallel
  start --protocol counter
  background env LC_ALL=C "$BUILD/swarm" "$ADDRESS" --protocol counter --clients 20 --rounds 2 --pause 86400000 --timeline >swarm.log 2>&1
  swarm=$JOB
  all_are_answered() { signal USR1 && [[ $(told counter) == 20 ]]; }
  await all_are_answered
  unread() { # bytes that have come for the clients, and none has taken
    awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" 'index($3, port) && $5 !~ /:00000000$/ { n++ } END { print n + 0 }' /proc/net/tcp
  }
  await equals 0 unread
  signal KILL
  wait "$swarm" || status=$?
  assert_equal "exit status" 1 "$status"
  assert_match "summary" "clients +20: 0 served, 20 (cut short|reset); at most 20 at once" "$(cat swarm.log)"
  assert_match "chart" $'(^|\n)client  1 +\.*#+x +(cut short|reset) ' "$(cat swarm.log)"
}

@test "clients: say prints to a standard output that is non-blocking" {
  use_step 02-loop-echo
  start
  head -c 30000000 /dev/urandom >bytes
  rude unwilling "$BUILD/say" --timeout "$LIMIT" "$ADDRESS" <bytes | cmp - bytes
}

@test "clients: swarm says what it may not know of another user's process" {
  needs_tool setpriv
  local as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  needs_to "run $BUILD/swarm as another user" "${as[@]}" "$BUILD/swarm" --version
  use_step 02-loop-echo
  start
  exits 0 "${as[@]}" "$BUILD/swarm" "$ADDRESS" --server "$PID"
  assert_match "summary" $'\nserver +[0-9.]+ m?s of CPU time, .*; memory: unknown \\(Permission denied\\)$' "$OUTPUT"
  exits 0 "${as[@]}" "$BUILD/swarm" "$ADDRESS" --server "$PID" --figures
  assert_match "figures" ' cpu_us=[0-9]+ clients=3 served=3$' "$OUTPUT"
}

@test "clients: swarm says that the CPU time of a server is unknown that has ended" {
  local swarm status=0
  use_step 03-fork-echo # whose children live on
  start
  background "$BUILD/swarm" "$ADDRESS" --server "$PID" --clients 1 --rounds 2 --pause 3000 >swarm.log 2>&1
  swarm=$JOB
  await equals 1 n_connected
  await equals 1 n_children "$PID"
  signal KILL
  await_end
  wait "$swarm" || status=$?
  assert_match "summary" $'1 served;.*\nserver +CPU time: unknown \\(No such process\\); memory: [1-9][0-9]* kB$' "$(cat swarm.log)"
  assert_equal "exit status" 0 "$status"
}

@test "clients: swarm forgets a socket that another process has open, too" {
  local swarm status=0
  use_step 02-loop-echo
  start
  background "$BUILD/swarm" "$ADDRESS" --clients 2 --rounds 2 --pause 3000 >swarm.log 2>&1
  swarm=$JOB
  await equals 2 n_connected
  signal STOP "$swarm"
  rude_in_background grab "$swarm"
  await grep -q . "$RUDE"
  grep -q grabbed "$RUDE" || skip "this system does not give the descriptors of other processes: $(cat "$RUDE")"
  signal CONT "$swarm"
  wait "$swarm" || status=$?
  assert_match "summary" "clients +2: 2 served;" "$(cat swarm.log)"
  assert_equal "exit status" 0 "$status"
}

@test "clients: swarm counts on when the machine has been up for a month" {
  use_step 02-loop-echo
  start
  needs_to "change the clock's beginning" unshare --time --monotonic 2592000 true
  exits 0 unshare --time --monotonic 2592000 "$BUILD/swarm" "$ADDRESS" --timeout 5
}

@test "clients: swarm sends messages of more than 4 GiB" {
  use_step liar
  COMMAND=("$BUILD/rude" lie cuts)
  start
  exits 1 "$BUILD/swarm" "$ADDRESS" --clients 1 --depth 256 --size 16777216 --timeout 5
  assert_match "summary" "clients +1: 0 served, 1 (cut short|reset);" "$OUTPUT"
}

@test "clients: a reader that has gone ends say and swarm with a status, not with SIGPIPE" {
  local name
  mkfifo pipe
  exec {READER}<>pipe {GONE}>pipe {READER}>&-
  for name in say swarm; do
    exits 1 bash -c '"$0" --help >&"$1"' "$BUILD/$name" "$GONE"
    exits 2 bash -c '"$0" --nonsense 2>&"$1"' "$BUILD/$name" "$GONE"
  done
}

rests() { [[ $(state "$1") == [TZ] || ! -e /proc/$1 ]]; } # stopped, or done

@test "clients: million may be stopped and continued" {
  local i million status=0
  needs_plain_build "what is interrupted"
  background "$BUILD/bench/million" --clients 100 --per-process 50 >million.log 2>&1
  million=$JOB
  await grep -q 'servers at\|do not fit' million.log
  for ((i = 0; i < 100; i++)); do
    signal STOP "$million" && await rests "$million"
    signal CONT "$million" 2>/dev/null || break
  done
  wait "$million" || status=$?
  ((status != 2)) || skip "this machine has no room for that: $(cat million.log)"
  assert_equal "exit status" 0 "$status" || cat million.log
  assert_match "figures" "clients held at once +100" "$(cat million.log)"
}

@test "clients: swarm takes what has come while it was suspended" {
  local timeout
  use_step 03-fork-echo
  start
  signal STOP
  for timeout in 2 6 18; do # on a busy machine it may be over before we come to suspend it
    background "$BUILD/swarm" "$ADDRESS" --clients 1 --timeout "$timeout" >swarm.log 2>&1
    await at_least 1 n_connected
    if kill -STOP "$JOB" && await rests "$JOB" && [[ $(state "$JOB") == T ]]; then break; fi
  done
  signal CONT
  sleep $((timeout + 1))
  kill -CONT "$JOB"
  wait "$JOB"
  assert_match "summary" 'clients +1: 1 served' "$(cat swarm.log)"
}

@test "clients: a closed standard output is no success" {
  local program
  use_step 02-loop-echo
  start
  for program in say swarm 01-sync-echo; do
    exits 1 bash -c '"$0" --help >&-' "$BUILD/$program"
    assert_match "message" "cannot write: Bad file descriptor" "$OUTPUT"
  done
  exits 1 bash -c '"$0" "$1" hello >&-' "$BUILD/say" "$ADDRESS"
  exits 1 bash -c '"$0" "$1" >&-' "$BUILD/swarm" "$ADDRESS"
}
