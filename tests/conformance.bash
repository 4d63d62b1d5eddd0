# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The contracts that several steps keep, each as a function. A step's .bats file says which are its own,
# and so does, for the reader, what the step promises. PROTOCOL is echo or counter.

# A round of talk with a new client, whatever the protocol: the server serves.
serves() {
  if [[ $PROTOCOL == echo ]]; then
    echoed "are you there?"
  else
    answers "answer to a stranger's word" "Unknown command" "are you there?"
  fi
}

# ---- starting -----------------------------------------------------------------------------------

says_where_it_listens() {
  start
  assert_match "its address" '^127\.0\.0\.1:[1-9][0-9]*$' "$ADDRESS"
  assert_match "first line of the log" "^$NAME: listening on 127\.0\.0\.1:[1-9][0-9]*$" \
    "$(head -n 1 "$LOG")"
  assert_equal "lines of the log" 1 "$(wc -l <"$LOG")"
}

explains_itself() {
  local out
  out=$("${COMMAND[@]}" --help 2>err.log)
  assert_match "--help" "^usage: $NAME " "$out"
  assert_equal "stderr of --help" "" "$(cat err.log)"
  [[ $out == *--backlog* && $out == *--help* ]]
  local addresses='PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd:N'
  [[ $STEP != 01* ]] || addresses='PORT, HOST:PORT or [IPV6]:PORT'
  assert_equal "its addresses" "ADDRESS is $addresses (127.0.0.1:9000)." "$(grep ADDRESS <<<"$out" | tail -n +2)"
  assert_at_most "columns of --help" 80 "$(awk '{ if (length > n) n = length } END { print n }' <<<"$out")"
  assert_match "--version" "^$NAME [0-9.]+$" "$("${COMMAND[@]}" --version)"
  exits 1 bash -c '"$0" --help >/dev/full' "${COMMAND[@]}"
  exits 0 bash -c 'cd "$1" && PATH=. exec "$0" --version' "$NAME" "$BUILD" # found by the name alone
  assert_match "--version" "^$NAME [0-9.]+$" "$OUTPUT"
}

explains_itself_to_a_full_pipe() { # that is non-blocking: whoever shares it may have made it so
  local pipe
  mkfifo full
  exec {pipe}<>full
  head -c 65536 /dev/zero >&"$pipe"
  background "$BUILD/rude" unwilling "${COMMAND[@]}" --help >full 2>err.log
  is_writing() { [[ /proc/$JOB/exe -ef ${COMMAND[0]} && $(state "$JOB") == S ]] || ended_job; }
  ended_job() { [[ $(state "$JOB") == Z ]] || ! kill -0 "$JOB" 2>/dev/null; }
  await is_writing
  background cat <&"$pipe" >help.out
  await grep -aq -- '--version' help.out
  assert_match "--help" "usage: $NAME .*--version +the version" "$(tr -d '\0' <help.out | tr '\n' ' ')"
}

# refuses WORD MESSAGE OPTION...: exit 2, the word and the usage on stderr, nothing on stdout
refuses() {
  local word=$1 message=$2 status=0 said
  shift 2
  timeout -k 1 "$LIMIT" "${COMMAND[@]}" "$@" >out.log 2>err.log </dev/null || status=$?
  said=$(<err.log)
  if [[ $status == 2 && ! -s out.log && $said == "$NAME: "*"'$word'"*"usage: $NAME "* && $said == *"$message"* ]]; then
    REFUSED=$((REFUSED + 1))
    return 0
  fi
  printf 'command line: %s\n  expected: exit status 2, and a line with %q and %q\n' "$*" "$message" "'$word'"
  printf '  got:      exit status %s, and:\n' "$status"
  cat err.log
  return 1
}

refuses_bad_words() {
  local long word
  REFUSED=0
  long=unix:/$(printf 'x%.0s' {1..120})
  for word in "" " " 9000x x -0 65536 99999999999999999999 0x50 1e3 "80 " " 80" 80.0 +80; do
    [[ $word == -* ]] || refuses "$word" "a port is a number" "$word"
  done
  for word in localhost: 127.0.0.1:x 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:; do
    refuses "$word" "a port is a number" "$word"
  done
  for word in a[b:80 "$(printf 'x%.0s' {1..256}):80"; do
    refuses "$word" "that is no host" "$word"
  done
  for word in :80 "[]:80" "[::1" "[::1]" ::1 ::1:80 "[::1]80" 1:2:3; do
    refuses "$word" "" "$word"
  done
  refuses "::1:80" "in brackets" ::1:80
  for word in "[::1]" "[::1]80" "[]"; do refuses "$word" "the port is missing" "$word"; done
  for word in unix: "$long"; do refuses "$word" "the path is" "$word"; done
  for word in fd: fd:x fd:-1 fd:1x fd:99999999999; do refuses "$word" "a descriptor is a number" "$word"; done
  for word in - -h -x -9000 --nonsense --back --backlo --backlogs --Backlog ---backlog --=5 --nonsense=5; do
    refuses "$word" "no such option" "$word"
  done
  refuses --backlog "a value is missing" --backlog
  refuses --backlog "a value is missing" 0 --backlog
  for word in "" 0 -1 65536 x 5x 0x5 " 5" 1.5 1e2 99999999999999999999 +5; do
    refuses "$word" "--backlog takes a number from 1 to 65535" --backlog "$word" 0
    refuses "$word" "--backlog takes a number from 1 to 65535" "--backlog=$word" 0
  done
  refuses --help=1 "no such option" --help=1
  refuses 2 "one address is enough" 0 2
  refuses 3 "one address is enough" 0 --backlog 5 3
  [[ $STEP == 01* ]] || refuses fd:0 "--backlog was set" fd:0 --backlog 5
  [[ ${OPTIONS_ALSO:-} == "" ]] || "$OPTIONS_ALSO"
  echo "$REFUSED command lines"
  ((REFUSED >= 40))
}

takes_good_words() {
  local port
  start_only 127.0.0.1:0 --backlog 5
  await_ready
  port=${ADDRESS##*:}
  signal KILL
  await_end
  start_only --backlog 70000000 --backlog=5 --backlog=7 "$port" && await_end
  assert_equal "status, though only the last value is good" 2 "$STATUS"
  start_only --backlog=7 --backlog 9 -- "$port"
  await_ready
  assert_equal "a bare port is one of" "127.0.0.1:$port" "$ADDRESS"
}

listens_on_9000_untold() { # in a network of its own, where nobody else has that port
  go_apart
  start_only
  await_ready
  assert_equal "its address" 127.0.0.1:9000 "$ADDRESS"
}

cuts_its_lines() { # at 1,023 bytes, whether it is the text that is long or its name
  local long
  long=$(printf 'x%.0s' {1..2000})
  exits 2 "${COMMAND[@]}" "$long"
  assert_match "the line" "^$NAME: a port is a number from 0 to 65535: 'xxx" "$OUTPUT"
  assert_equal "bytes of it" 1023 "$(head -n 1 <<<"$OUTPUT" | tr -d '\n' | wc -c)"
  exits 2 bash -c 'exec -a "$1" "$0" 99999' "${COMMAND[@]}" "$long"
  assert_equal "the line, and usage" "${long:0:1023}"$'\n'"${long:0:1023}" "$OUTPUT"
}

# cannot_start MESSAGE WORD...: exit 1 and one line that names the address and the reason
cannot_start() {
  local message=$1
  shift
  exits 1 "${COMMAND[@]}" "$@"
  assert_equal "what it said" "$NAME: cannot listen on $message" "$OUTPUT"
}

refuses_a_port_in_use() {
  start
  cannot_start "$ADDRESS: Address already in use" "$ADDRESS"
  cannot_start "$ADDRESS: Address already in use" "${ADDRESS##*:}"
  serves
}

# may_have N: the server will be run by a user who may have N processes and threads. It is made to run a
# copy, where that user may run it, which `rm "$COPY"` removes.
may_have() {
  needs_tool setpriv
  needs_tool prlimit
  needs_no_sanitizer "what the other user may have"
  local user=$((100000 + BASHPID)) # nobody, and nobody else's: the limit is one a user
  LAUNCH=(setpriv --reuid "$user" --regid "$user" --clear-groups prlimit "--nproc=$1:$1")
  needs_to "be another user, who has a limit of processes" "${LAUNCH[@]}" true
  COPY=$(mktemp /tmp/server.XXXXXX)
  cp "${COMMAND[0]}" "$COPY"
  chmod 755 "$COPY"
  COMMAND=("$COPY")
  "${LAUNCH[@]}" "$COPY" --version >/dev/null 2>&1 || {
    rm "$COPY"
    skip "another user may not run a copy of the server in /tmp"
  }
}

says_why_it_cannot_start() {
  exits 1 "${COMMAND[@]}" no-such-host.invalid:80
  assert_match "what it said" "^$NAME: cannot listen on no-such-host.invalid:80: ." "$OUTPUT"
  [[ $STEP != 01* ]] || return 0
  cannot_start "fd:77: Bad file descriptor" fd:77
  exits 1 "$BUILD/rude" socket 7 "${COMMAND[@]}" fd:7
  assert_equal "what it said" "$NAME: cannot listen on fd:7: not a listening stream socket" "$OUTPUT"
  cannot_start "unix:$PWD/none/here: No such file or directory" "unix:$PWD/none/here"
}

takes_one_address_of_a_name() { # and no second where the first is in use
  printf '127.0.0.1 two\n127.0.0.2 two\n' >hosts
  LAUNCH=(unshare -m bash -c 'mount --bind hosts /etc/hosts && exec "$@"' -)
  needs_to "give a name two addresses" "${LAUNCH[@]}" true
  start_at two:0
  local port=${ADDRESS##*:}
  exits 1 "${LAUNCH[@]}" "${COMMAND[@]}" "two:$port"
  assert_equal "what it said" "$NAME: cannot listen on two:$port: Address already in use" "$OUTPUT"
  serves
  needs_strace
  LAUNCH+=(strace -D -qq -o trace -e trace=listen -e inject=listen:error=ENOBUFS:when=1) # the second address it is
  start_at two:0
  serves
}

tells_the_more_telling_of_two_reasons() { # one address of the name is not this machine's, the other's port is not for us
  needs_tool setpriv
  needs_tool ip
  LAUNCH=(unshare -n -m bash -c 'mount --bind hosts /etc/hosts && ip link set lo up &&
    echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec setpriv --bounding-set -net_bind_service "$@"' -)
  printf '%s two\n' 192.0.2.1 127.0.0.1 >hosts
  needs_to "give a name two addresses, and give up a right" "${LAUNCH[@]}" true
  exits 1 "${LAUNCH[@]}" "${COMMAND[@]}" two:80
  assert_equal "what it said" "$NAME: cannot listen on two:80: Permission denied" "$OUTPUT"
  printf '%s two\n' 192.0.2.1 198.51.100.1 >hosts
  exits 1 "${LAUNCH[@]}" "${COMMAND[@]}" two:8000
  assert_equal "what it said" "$NAME: cannot listen on two:8000: Cannot assign requested address" "$OUTPUT"
}

listens_on_ipv6() {
  needs_ipv6
  start_at "[::1]:0"
  assert_match "address" '^\[::1\]:[1-9][0-9]*$' "$ADDRESS"
  serves
}

keeps_to_ipv6() {
  needs_ipv6
  local status try
  for try in 1 2 3 4 5; do # this port of 127.0.0.1 may be somebody else's
    status=0
    start_at "[::]:0"
    say "127.0.0.1:${ADDRESS##*:}" hello >said.log 2>&1 || status=$?
    ((status != 3)) || break
  done
  assert_equal "status of a client at 127.0.0.1" 3 "$status"
  ADDRESS="[::1]:${ADDRESS##*:}"
  serves
}

listens_on_a_path() {
  start_at unix:path
  assert_equal "address" unix:path "$ADDRESS"
  cannot_start "unix:path: Address already in use" unix:path
  serves
}

leaves_a_path_to_who_has_the_lock() { # the one that is replacing a stale socket there
  needs_tool flock
  local lock
  start_at unix:path
  signal KILL
  await_end
  exec {lock}<.
  flock "$lock"
  cannot_start "unix:path: Address already in use, and somebody else holds a lock (flock) on its directory" unix:path
  exec {lock}<&-
  start_at unix:path
  serves
}

replaces_a_stale_path() {
  start_at unix:path
  signal KILL
  await_end
  [[ -S path ]]
  start_at unix:path
  serves
}

tells_why_it_cannot_look() { # whether a path is stale: without a descriptor the reason is not "in use"
  needs_no_sanitizer "four descriptors"
  start_at unix:path
  signal KILL
  await_end
  LAUNCH=(bash -c 'ulimit -n 4; exec "$@"' -)
  start_only unix:path
  await_end
  assert_equal "exit status" 1 "$STATUS"
  assert_equal "what it said" "$NAME: cannot listen on unix:path: Too many open files" "$(cat "$LOG")"
  [[ -S path ]]
}

removes_its_path_when_it_cannot_go_on() { # after bind: here there is no descriptor for what comes next
  needs_no_sanitizer "four descriptors"
  LAUNCH=(bash -c 'ulimit -n 4; exec "$@"' -)
  start_only unix:path
  await_end
  assert_equal "exit status" 1 "$STATUS"
  assert_match "what it said" "^$NAME: cannot [^"$'\n'"]*: Too many open files$" "$(cat "$LOG")"
  [[ ! -e path ]]
}

never_replaces_a_file() {
  echo precious >path
  cannot_start "unix:path: Address already in use" unix:path
  assert_equal "the file" precious "$(cat path)"
  ln -s nowhere link
  cannot_start "unix:link: Address already in use" unix:link
  [[ -L link ]]
}

never_replaces_a_datagram_socket() { # that somebody has open
  needs_tool socat
  background socat -u UNIX-RECV:path STDOUT >heard 2>&1
  await test -S path
  cannot_start "unix:path: Address already in use" unix:path
  echo hello | socat -u STDIN UNIX-SENDTO:path
  await grep -q hello heard
}

leaves_one_owner_of_a_path() { # of many that start at once where a dead server was
  local i pids=() n
  start_at unix:path
  signal KILL
  await_end
  for i in {1..8}; do
    start_only unix:path
    pids+=("$PID")
  done
  alive() { for i in "${pids[@]}"; do kill -0 "$i" 2>/dev/null && [[ $(state "$i") != Z ]] && echo "$i"; done | wc -l; }
  await equals 1 alive
  ADDRESS=unix:path
  serves
}

listens_on_a_descriptor() {
  local n
  for n in 0 5; do
    LAUNCH=("$BUILD/rude" listen "$n")
    start_at "fd:$n"
    assert_match "address" '^127\.0\.0\.1:[1-9][0-9]*$' "$ADDRESS"
    serves
  done
}

takes_no_standard_descriptor() { # for a socket or a pipe
  assert_equal "what it has for 0, 1 and 2, beside a file or a directory" "" "$(readlink "/proc/$PID/fd/"[012] | grep -v '^/')"
}

needs_no_descriptors() { # started with 0, 1, 2 closed, it does not take a client's socket for its stderr
  LAUNCH=(bash -c 'exec "$@" 0<&- 1>&- 2>&-' -)
  start_quietly
  takes_no_standard_descriptor
  rude reset "$ADDRESS" "${RESETS:-3}" hello
  serves
}

restarts_at_once() { # on the same port, though the server's end of a connection lingers
  start
  local address=$ADDRESS server=$PID
  connect
  greet "$FD"
  signal KILL
  await_end
  hang_up "$FD"
  start_at "$address"
  assert_equal "address" "$address" "$ADDRESS"
  serves
}

takes_other_listeners() { # of another protocol, or with options that connections inherit
  local kind status ways="abort lowat mptcp"
  [[ $STEP == 02* ]] || ways+=" linger" # which shows when it is stopped
  for kind in $ways; do
    echo "# $kind"
    status=0
    "$BUILD/odd" listener "$kind" 5 true || status=$?
    [[ $status != 3 ]] || { echo "# this machine has no $kind" && continue; }
    LAUNCH=("$BUILD/odd" listener "$kind" 5)
    start_at fd:5
    serves
    if [[ $kind != linger ]]; then
      signal KILL
      await_end
      continue
    fi
    rude_in_background stuff "$ADDRESS" "${STUFF[@]}"
    await_rude stuck
    stop TERM # within LIMIT; the socket would have waited for 100 s
    echo >&"$TO"
  done
}

is_not_bound_by_a_listener() { # with limits of time, and what holds answers back, that connections would inherit
  LAUNCH=("$BUILD/odd" listener limits 5)
  start_at fd:5
  connect
  greet "$FD"
  hears_nothing "$FD" 0.5
  greet "$FD"
  hang_up "$FD"
  [[ $PROTOCOL != echo ]] || assert_equal "echo of abc, urgent d, e" abcde "$(rude urgent "$ADDRESS")"
}

shares_a_descriptor() { # with a server that makes the socket non-blocking: no spin, and all are served
  local i
  # The other one starts when it is told by a line, and has then the flag changed.
  mkfifo begin
  LAUNCH=("$BUILD/rude" listen 5 bash -c '{ read -r _ <begin; exec "$0" fd:5; } & exec "$@"' "$BUILD/04-select-echo")
  start_at fd:5
  echo >begin
  await equals 2 grep -c 'listening on' "$LOG"
  serve_and_idle() {
    for i in {1..20}; do serves; done
    connect
    greet "$FD"
    hears_nothing "$FD" 0.3
    serves
  }
  assert_cpu "CPU time for that, in ms" 60 serve_and_idle
}

echoes_urgent_bytes() { # TCP's MSG_OOB: bytes as any other
  start
  assert_equal "echo of abc, urgent d, e" abcde "$(rude urgent "$ADDRESS")"
}

says_it_all_though_nobody_listens() { # its stderr is a pipe without a reader: no SIGPIPE
  local status=0
  mkfifo pipe
  exec {both}<>pipe
  exec {in}>pipe
  exec {both}>&-
  "${COMMAND[@]}" 99999 2>&"$in" || status=$?
  assert_equal "exit status for a bad word" 2 "$status"
  status=0
  start
  "${COMMAND[@]}" "$ADDRESS" 2>&"$in" || status=$?
  assert_equal "exit status for a port in use" 1 "$status"
}

# ---- its log ------------------------------------------------------------------------------------

# A stderr that nobody reads and that has room for a line or two: on a terminal "writable" means that there is
# some room, not that there is room for this line. And one that belongs to somebody else.
never_waits_for_its_log() {
  local kind as_other=()
  for kind in terminal pipe stream datagram "terminal of another user"; do
    if [[ $kind == *other* ]] && ! can_be_another_user; then
      echo "# the programs may not be run as another user here: no $kind"
      continue
    fi
    [[ $kind != *other* ]] || as_other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    echo "# stderr is a $kind"
    LAUNCH=("$BUILD/rude" listen 5 "$BUILD/odd" stderr "${kind%% *}" "${as_other[@]}")
    start_quietly fd:5
    rude reset "$ADDRESS" 60 "$RESET_TEXT"
    serves
    signal TERM
    [[ $STEP != 02* ]] || { await_end && continue; }
    await_end
    assert_equal "exit status after TERM" 0 "$STATUS"
  done
}
RESET_TEXT=hello

start_quietly() { # start_quietly [fd:N]: when nothing is to be read of what it says; sets ADDRESS
  start_only "${1:-127.0.0.1:0}"
  await is_listening
}
is_listening() { # by the table of the kernel, with any of its descriptors; sets ADDRESS
  local inodes port
  [[ /proc/$PID/exe -ef ${COMMAND[0]} ]] || return 1 # the table may be long
  inodes=$(readlink "/proc/$PID/fd"/* | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
  port=$(awk -v inodes=" ${inodes//$'\n'/ } " '$4 == "0A" && index(inodes, " " $10 " ") { print substr($2, 10); exit }' /proc/net/tcp)
  [[ -n $port ]] && ADDRESS=127.0.0.1:$((16#$port))
}

can_be_another_user() { # may files of ours be run by user 65534?
  command -v setpriv >/dev/null &&
    setpriv --reuid 65534 --regid 65534 --clear-groups "${COMMAND[0]}" --version >/dev/null 2>&1
}

writes_its_log_into_a_fifo_of_its_own() { # opened for reading as well: nobody else reads yet
  mkfifo fifo
  LAUNCH=(bash -c 'exec "$@" 2<>fifo' -)
  start_quietly
  timeout "$LIMIT" head -n 1 <>fifo >line
  assert_equal "the line" "$NAME: listening on $ADDRESS" "$(cat line)"
}

is_not_stopped_by_its_terminal() { # in its background, where only the foreground may write: stty tostop
  LAUNCH=("$BUILD/odd" background "$BUILD/rude" listen 5)
  start_only fd:5
  server_is_there() { PID=$(children "$JOB") && PID=${PID% } && [[ -n $PID ]] && is_listening; }
  await server_is_there
  rude reset "$ADDRESS" 3 "$RESET_TEXT"
  serves
  assert_match "its state" "[SR]" "$(state "$PID")"
}

survives_a_limit_of_its_log() { # RLIMIT_FSIZE comes with a signal, SIGXFSZ
  LAUNCH=("$BUILD/rude" listen 5 bash -c 'ulimit -f 1; head -c 1024 /dev/zero >full; exec "$@" 2>>full' -)
  start_quietly fd:5
  rude reset "$ADDRESS" 3 "$RESET_TEXT"
  serves
}

limits_what_clients_make_it_log() { # 200 lines at once, then 20 a second, and how many were left out
  local began=$SECONDS lines
  start "${START[@]}" --backlog 1000
  rude reset "$ADDRESS" 600 "$RESET_TEXT"
  serves
  lines=$(grep -c ': client 127' "$LOG")
  assert_at_most "lines about clients" $((200 + 20 * (SECONDS - began + 1))) "$lines"
  assert_at_least "lines about clients" 100 "$lines"
  tells() { rude reset "$ADDRESS" 1 "$RESET_TEXT" && grep -q ': [1-9][0-9]* lines about clients were left out$' "$LOG"; }
  await tells
}

keeps_the_count_of_what_it_left_out() { # while nobody reads its log
  local pipe i
  mkfifo full
  exec {pipe}<>full
  head -c 65536 /dev/zero >&"$pipe"
  LAUNCH=("$BUILD/rude" listen 5 bash -c 'exec "$@" 2>full' -)
  start_quietly fd:5
  rude reset "$ADDRESS" 400 "$RESET_TEXT"
  for i in {1..4}; do # each may have a line again, after 50 ms, and finds no room for it
    sleep 0.1
    rude reset "$ADDRESS" 1 "$RESET_TEXT"
  done
  what_came 0.5 >said # on a busy machine the last of the 400 may be told of only now
  left_out() {
    tr -d '\0' <said | awk '/ lines about clients were left out$/ { n += $(NF - 6) } END { print n + 0 }'
  }
  says_how_many() {
    rude reset "$ADDRESS" 1 "$RESET_TEXT"
    what_came 0.2 >>said
    (($(left_out) >= 150))
  }
  await says_how_many || { echo "lines left out, of 400: $(left_out)"; return 1; }
}
what_came() { timeout "$1" cat <&"$pipe" | tr -d '\0'; } # what has come by then

logs_no_byte_of_a_client() { # whose socket has a path with a newline, and with what a terminal obeys
  start_at unix:path
  "$BUILD/odd" path $'a\n\e[2Jb\\\x7f\xc2\x9b' unix:path
  await grep -q ': client unix:' "$LOG"
  assert_equal "bytes that are not plain" "" "$(LC_ALL=C grep -a '[^ -~]' "$LOG")"
  assert_match "the line" ': client unix:a\\x0a\\x1b\[2Jb\\x5c\\x7f\\xc2\\x9b: ' "$(cat "$LOG")"
  "$BUILD/odd" path "$(printf 'x%.0s' {1..60})" unix:path # of a long one it keeps the beginning
  await grep -qE ': client unix:x{26}\.\.\.: ' "$LOG"
}

needs_no_standard_descriptors() { # started with 0, 1, 2 closed, where there is no /dev/null either
  needs_no_sanitizer "what is mounted on /dev"
  LAUNCH=(unshare -m bash -c 'mount -t tmpfs none /dev && exec "$@" 0<&- 1>&- 2>&-' -)
  needs_to "mount anything on /dev" unshare -m mount -t tmpfs none /dev
  start_quietly
  takes_no_standard_descriptor
  rude reset "$ADDRESS" "${RESETS:-3}" hello
  serves
}

writes_when_its_log_cannot() { # a full disk, or a reader of its log that has stopped reading
  local pipe
  LAUNCH=(bash -c 'exec "$@" 2>/dev/full' -)
  start_quietly
  serves
  mkfifo full
  exec {pipe}<>full
  head -c 65536 /dev/zero >&"$pipe"
  LAUNCH=(bash -c 'exec "$@" 2>full' -)
  start_quietly
  serves
}

has_a_backlog() { # --backlog 1, and of repeated options the last: one waits beside the one that is next
  local i at=unix:path
  [[ $STEP != 01* ]] || at=127.0.0.1:0
  start_at "$at" --backlog 50 --backlog=1 "$@"
  background "$BUILD/say" --no-half-close "$ADDRESS" hello >held.log 2>&1
  await test -s held.log
  for i in 1 2; do
    rude_in_background hold "$ADDRESS" 1
    await_rude connected
  done
  exits 5 "$BUILD/say" --timeout 0.3 "$ADDRESS" hello
  assert_equal "message" "say: cannot connect to $ADDRESS: timed out" "$OUTPUT"
}

keeps_connections_alive() { # the kernel's timer of the accepted socket is the one of SO_KEEPALIVE
  start
  connect
  greet "$FD"
  kept_alive() {
    awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" \
      '$4 == "01" && index($2, port) && $6 ~ /^02/ { n++ } END { exit !n }' /proc/net/tcp
  }
  await kept_alive
}

says_nothing_of_who_leaves_well() {
  local i
  start
  for i in 1 2 3; do serves; done
  await equals 0 n_children "$PID"
  assert_equal "the log" "$NAME: listening on $ADDRESS" "$(cat "$LOG")"
}

# ---- bytes --------------------------------------------------------------------------------------

echoes_every_byte() {
  local i byte
  for i in {0..255}; do printf -v byte '\\x%x' "$i" && printf '%b' "$byte"; done >bytes
  assert_equal "size of the sample" 256 "$(wc -c <bytes)"
  start
  say "$ADDRESS" <bytes >echo.out
  cmp bytes echo.out
}

echoes_16_mb() { # by a client that half-closes, and gets all that is still on its way
  head -c 16000000 /dev/urandom >bytes
  start
  say "$ADDRESS" <bytes >echo.out
  assert_equal "checksum and size" "$(cksum <bytes)" "$(cksum <echo.out)"
}

echoes_nothing() {
  start
  answers "echo of nothing" "" </dev/null
}

answers_through_a_narrow_window() { # where every write is short: but in 01, only the client's side is narrow
  if [[ $STEP == 01* ]]; then
    start
  else
    LAUNCH=("$BUILD/rude" narrow 5)
    start_at fd:5
  fi
  if [[ $PROTOCOL == echo ]]; then
    head -c 200000 /dev/urandom >bytes
    cp bytes expected
  else
    awk 'BEGIN { for (i = 1; i <= 5000; i++) print "inc\nread" }' >bytes
    awk 'BEGIN { for (i = 1; i <= 5000; i++) print "Counter has been incremented\n" i }' >expected
  fi
  rude sip "$ADDRESS" <bytes >sip.out
  cmp expected sip.out
}

finishes_a_write_that_a_signal_cut() { # SIGSTOP and SIGCONT while it writes to who does not read
  start
  rude_in_background stuff "$ADDRESS" "${STUFF[@]}"
  await_rude stuck
  signal STOP "-$PID"
  await equals T state "$PID"
  signal CONT "-$PID"
  echo >&"$TO"
  await_rude '^got'
  assert_equal "answered" "$(sed -n 's/^stuck //p' "$RUDE")" "$(sed -n 's/^got //p' "$RUDE")"
}

# ---- one client's trouble -----------------------------------------------------------------------

survives_resets() {
  start --backlog 300 # or the system keeps some of them waiting for a second
  rude reset "$ADDRESS" 200 "$(head -c 20000 /dev/zero | tr '\0' x)"
  serves
}

# survives_a_scan N: clients that connect and close, or reset, before they have said a word
survives_a_scan() {
  local before n
  n=$(repeats 1000 10000)
  [[ -z $SANITIZED ]] || n=$((n / 10)) # in such a build a fork takes its time
  start "${START[@]}"
  serves
  await equals 0 n_children "$PID"
  before=$(n_fds "$PID")
  rude scan "$ADDRESS" "$n"
  serves
  await equals "$before" in_use # and no process
}

survives_a_broken_pipe() { # EPIPE, and no SIGPIPE
  start
  signal STOP
  await equals T state "$PID"
  rude leave "$ADDRESS" $'hello\n'
  signal CONT
  await grep -q 'client 127.0.0.1:[0-9]*: Broken pipe' "$LOG"
  if [[ $STEP == 01* ]]; then
    await_end
    assert_equal "exit status" 0 "$STATUS"
  else
    serves
    serves # nor has it ended right after the first
  fi
}

closes_the_descriptors_of_who_has_left() {
  local i before
  start
  serves
  before=$(n_fds "$PID")
  for i in {1..30}; do serves; done
  few_are_open() { (($(n_fds "$PID") <= before)); }
  await few_are_open && return 0
  echo "descriptors: $before before 30 clients came and left, $(n_fds "$PID") now"
  return 1
}

suspend_with_many() { # forty clients have come and been answered: sets FDS
  FDS=()
  for _ in {1..40}; do
    connect
    greet "$FD"
    FDS+=("$FD")
  done
  signal STOP "-$PID"
  await equals T state "$PID"
}

lets_go_of_many_at_once() { # whose ends are all in one list of events
  local i before
  start "${START[@]}"
  serves
  await equals 0 n_children "$PID"
  before=$(in_use)
  suspend_with_many
  for i in "${FDS[@]}"; do hang_up "$i"; done
  signal CONT "-$PID"
  serves
  await equals "$before" in_use
  serves
  assert_equal "the log" "$NAME: listening on $ADDRESS" "$(cat "$LOG")"
  stop TERM
}

# A stranger has a copy of each socket: a debugger, or for an instant who looks into /proc/PID/fd. Then close(2)
# alone does not end the kernel's watch of it.
lets_strangers_hold_its_sockets() {
  local i fds=()
  start "${START[@]}"
  for i in 1 2 3; do
    connect
    greet "$FD"
    fds+=("$FD")
  done
  connect
  greet "$FD"
  if [[ $STEP == 03* ]]; then # shellcheck disable=SC2046
    grip $(children "$PID")
  else
    grip "$PID"
  fi
  for i in "${fds[@]}"; do hang_up "$i"; done
  for i in 1 2 3 4 5; do
    serves
    greet "$FD"
  done
  assert_cpu "CPU time in an idle half second, in ms" 20 hears_nothing "$FD" 0.5
  greet "$FD"
  stop TERM
}

grip() { # grip PID...: a stranger holds each socket of these processes
  local pid
  for pid; do
    rude_in_background grab "$pid"
    await test -s "$RUDE"
    grep -q grabbed "$RUDE" || skip "this system does not give the descriptors of other processes: $(cat "$RUDE")"
  done
}

asks_each_second() { # asks_each_second N: there the system asks who is silent, N times
  # shellcheck disable=SC2016
  needs_to "choose when the system asks" "${THERE[@]}" sh -c 'cd /proc/sys/net/ipv4 &&
    echo 1 >tcp_keepalive_time && echo 1 >tcp_keepalive_intvl && echo "$0" >tcp_keepalive_probes' "$1"
}

lets_go_of_who_has_vanished() { # neither FIN nor RST comes when a cable is cut, so the system has to ask
  local before
  start_apart "${START[@]}"
  asks_each_second 1
  serves
  await equals 0 n_children "$PID"
  before=$(in_use)
  rude_in_background hold "$ADDRESS" 3
  await equals $((before + 3)) in_use
  "${THERE[@]}" ip link set lo down
  signal KILL "$JOB"
  await equals "$before" in_use || {
    echo "though the system asks after a second, and gets no answer, the server keeps who has vanished"
    return 1
  }
  "${THERE[@]}" ip link set lo up
  serves
  assert_equal "lines of the log for them" 3 "$(grep -cE 'client 127.0.0.1:[0-9]+: ' "$LOG")"
}

survives_a_suspension() { # SIGSTOP, SIGCONT
  start
  connect
  local fd=$FD
  signal STOP "-$PID" # and whatever it has started
  await equals T state "$PID"
  tell "$fd" hello
  hears_nothing "$fd" 0.3
  signal CONT "-$PID"
  hear "$fd"
  [[ -n $REPLY ]]
  hang_up "$fd"
  serves
}

# ---- many clients -------------------------------------------------------------------------------

serves_beside_a_silent_client() {
  start
  connect
  serves
  serves
  hang_up "$FD"
}

serves_clients_by_turns() {
  local a b
  start
  connect
  a=$FD
  connect
  b=$FD
  if [[ $PROTOCOL == echo ]]; then
    for i in 1 2 3; do
      ask "$a" "a says $i" "a says $i"
      ask "$b" "b says $i" "b says $i"
    done
  else
    ask "$a" read 0
    ask "$b" inc "Counter has been incremented"
    ask "$a" read 1
    ask "$a" inc "Counter has been incremented"
    ask "$b" read 2
  fi
}

serves_two_hundred() { # at once, with interleaved messages
  local pause
  start --backlog 300 # or the kernel may turn one of them away
  for pause in 150 500 2000 8000; do # on a busy machine the first may have left before the last is served
    swarm "$ADDRESS" --clients 200 --rounds 4 --pause "$pause" --protocol "$PROTOCOL" >swarm.log
    assert_match "swarm's summary" 'clients +200: 200 served' "$(cat swarm.log)"
    [[ -z $SANITIZED ]] || return 0 # in such a build a fork may take longer than all their talk
    ! grep -q 'at most 200 at once' swarm.log || return 0
  done
  assert_match "swarm's summary" 'at most 200 at once' "$(cat swarm.log)"
}

serves_who_drips() { # a byte every few ms, beside others
  start
  if [[ $PROTOCOL == echo ]]; then
    printf 'drop\nby\ndrop\n' >drops
    cp drops expected
  else
    printf 'inc\nread\r\nnonsense\nread' >drops
    printf 'Counter has been incremented\n1\nUnknown command\n1\n' >expected
  fi
  background "$BUILD/rude" drip "$ADDRESS" 5 <drops >drip.log
  serves
  wait "$JOB"
  cmp expected drip.log
}

# serves_beside_drippers N: they send a byte now and then, and a fast client waits for none of them
serves_beside_drippers() {
  needs_descriptors $(($1 * 10 / 9 + 50)) # the server lets 90 % be clients
  start "${START[@]}" --backlog "$1"
  rude_in_background drizzle "$ADDRESS" "$1" "${STUFF[@]}"
  await_rude 'round 1$'
  while ! grep -q 'round 4$' "$RUDE" && kill -0 "$JOB"; do
    swarm "$ADDRESS" --clients 1 --rounds 300 --protocol "$PROTOCOL" >swarm.log
    assert_match "swarm's summary" 'clients +1: 1 served' "$(cat swarm.log)"
  done
  echo >&"$TO"
  await_rude '^got'
}

# takes_in_later_who_found_no_room N: more clients at once than its backlog has places; the system lets those
# knock again after 1 s who did not get in
takes_in_later_who_found_no_room() {
  start_apart "${START[@]}" --backlog 4
  overflows() { # of the server's own network
    "${THERE[@]}" awk '$1 == "TcpExt:" && !names { names = split($0, name); next }
      $1 == "TcpExt:" { for (i in name) if (name[i] == "ListenOverflows") print $i }' /proc/net/netstat
  }
  signal STOP "-$PID"
  await equals T state "$PID"
  background "${THERE[@]}" "$BUILD/swarm" "$ADDRESS" --timeout $((4 * LIMIT)) --clients "$1" --rounds 1 \
    --protocol "$PROTOCOL" >swarm.log 2>&1
  await at_least 1 overflows
  signal CONT "-$PID"
  wait "$JOB"
  assert_match "swarm's summary" "clients +$1: $1 served" "$(cat swarm.log)"
  serves
}

# stuff_the_server LIMIT_KB: a client that never reads; then at last it does
stuff_the_server() {
  local before limit=$1
  start
  serves
  before=$(memory_kb "$PID")
  rude_in_background stuff "$ADDRESS" "${STUFF[@]}"
  await_rude stuck
  serves
  assert_at_most "growth of the server's memory, in kB" "$limit" $(($(memory_kb "$PID") - before))
  echo >&"$TO"
  await_rude '^got'
  assert_equal "answered" "$(sed -n 's/^stuck //p' "$RUDE")" "$(sed -n 's/^got //p' "$RUDE")"
}

# Call it when the first line "cannot accept" is there: the second comes a second later, not sooner, and
# each further one a second after that; and meanwhile the server takes next to no CPU time, at the best of
# five (see assert_cpu). SINCE: $EPOCHREALTIME before the first could come.
waits_out_a_shortage() { # waits_out_a_shortage SINCE
  local lines=1 ms before spent time
  for time in 1 2 3 4 5; do
    before=$(cpu_ms "$PID")
    await at_least $((lines + 1)) grep -c 'cannot accept' "$LOG"
    lines=$(grep -c 'cannot accept' "$LOG")
    spent=$(($(cpu_ms "$PID") - before))
    ms=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000))
    assert_at_least "ms to line $lines" $((1000 * (lines - 1))) "$ms"
    ((spent > 50)) || return 0
    echo "CPU time, $time: $spent ms"
  done
  assert_at_most "CPU time from a line to the next, in ms" 50 "$spent"
}

# Descriptors run out: no spin, those inside are served, and so are the others later.
starve() {
  local inside since began=$SECONDS
  LAUNCH=(bash -c 'ulimit -n 24; exec "$@"' -)
  start "${START[@]}" --max-connections 1000
  connect
  inside=$FD
  greet "$inside"
  since=$EPOCHREALTIME
  rude_in_background hold "$ADDRESS" 40
  await grep -q 'cannot accept: Too many open files' "$LOG"
  waits_out_a_shortage "$since"
  greet "$inside"
  echo >&"$TO"
  serves
  assert_at_most "lines of the log" $((4 + SECONDS - began)) "$(wc -l <"$LOG")"
}

# Memory runs out: clients that cannot be served are dropped, with the reason in the log; those inside are
# served on, and so is everybody when there is memory again.
starve_of_memory() {
  needs_no_sanitizer "the memory that is left"
  needs_tool prlimit
  needs_descriptors 4100
  local inside hoarders dropped n data
  failures() { grep -c 'client 127.0.0.1:[0-9]*: Cannot allocate memory' "$LOG"; }
  all_are_told() { equals "$(failures)" grep -c lost "$dropped"; }
  LAUNCH=("$BUILD/rude" narrow 5)
  start_at fd:5 "${START[@]}"
  connect
  inside=$FD
  greet "$inside"
  # A limit of the address space, --as, would not do: a thread's heap has its addresses from the beginning.
  data=$(awk '/^VmData:/ { print $2 * 1024 }' "/proc/$PID/status")
  prlimit --pid "$PID" --data="$data:"
  rude_in_background hoard "$ADDRESS" 100 "${STUFF[0]}" # for each it has to keep an answer
  hoarders=$TO
  dropped=$RUDE
  await_rude stuck
  await at_least 1 failures
  await all_are_told || {
    echo "$(failures) clients are in the log for want of memory, $(grep -c lost "$dropped") were dropped"
    return 1
  }
  greet "$inside"
  n=$(failures)
  rude_in_background hold "$ADDRESS" 4000 # for each it has to keep little, but not nothing
  await_rude connected
  await at_least $((n + 1)) failures
  greet "$inside"
  assert_cpu "CPU time in an idle half second, in ms" 20 hears_nothing "$inside" 0.5
  echo >&"$TO"
  echo >&"$hoarders"
  prlimit --pid "$PID" --data=unlimited:
  serves
  greet "$inside"
}

# With --max-connections 3 the next waits, unaccepted and at no cost, until one leaves.
limits_clients() {
  local i fds=()
  start "${START[@]}" --max-connections 3
  for i in 1 2 3; do
    connect
    fds+=("$FD")
    greet "$FD"
  done
  connect
  tell "$FD" "let me in"
  assert_cpu "CPU time in a second at the limit, in ms" 30 hears_nothing "$FD" 1
  hang_up "${fds[0]}"
  hear "$FD"
}

idles_at_no_cost() { # with clients, silent ones and one that takes no answers, connected
  start
  connect
  rude_in_background stuff "$ADDRESS" "${STUFF[@]}"
  await_rude stuck
  assert_cpu "CPU time in an idle half second, in ms" 20 hears_nothing "$FD" 0.5
}

idles_when_the_pressure_is_over() { # a client that took no answers has taken them, and stays
  needs_plain_build "CPU time"
  start
  connect
  rude_in_background drain "$ADDRESS" "${STUFF[@]}"
  await_rude stuck
  echo >&"$TO"
  await_rude drained
  assert_cpu "CPU time in an idle half second, in ms" 20 hears_nothing "$FD" 0.5
  echo >&"$TO"
  await_rude '^got'
}

keeps_to_its_limit_in_a_batch() {
  local before
  start "${START[@]}" --max-accepts-per-batch 50 --max-connections 3
  before=$(n_fds "$PID")
  signal STOP
  await equals T state "$PID"
  rude_in_background hold "$ADDRESS" 10
  await_rude connected
  signal CONT
  await equals $((before + 3)) n_fds "$PID"
  exits 5 "$BUILD/say" --timeout 0.5 "$ADDRESS" hello
  assert_equal "descriptors" $((before + 3)) "$(n_fds "$PID")"
}

# ---- stopping -----------------------------------------------------------------------------------

stops_idle() {
  local s
  for s in TERM INT QUIT; do
    start
    stop "$s"
  done
}

stops_with_clients() { # TERM, INT: every client sees the end, none a reset; no process is left
  local s a b
  for s in TERM INT; do
    start
    connect
    a=$FD
    connect
    b=$FD
    greet "$a"
    greet "$b"
    stop "$s"
    hears_the_end "$a"
    hears_the_end "$b"
    hang_up "$a"
    hang_up "$b"
    assert_equal "processes left" "" "$(in_group "$PID")"
    exits 3 "$BUILD/say" "$ADDRESS" hello
  done
}

quits_when_clients_have_left() { # QUIT: the listener is closed at once, those here are served
  start
  connect
  local fd=$FD
  greet "$fd"
  signal QUIT
  await_refusal
  greet "$fd"
  hang_up "$fd"
  await_end
  assert_equal "exit status after QUIT" 0 "$STATUS"
  assert_last_line
}

term_hastens_quit() { # TERM after QUIT stops now; QUIT after TERM would change nothing
  start
  connect
  greet "$FD"
  signal QUIT
  await_refusal
  signal TERM
  await_end
  assert_equal "exit status" 0 "$STATUS"
}

stops_under_load() { # also when there is always something ready
  start
  background "$BUILD/swarm" "$ADDRESS" --clients 20 --rounds 100000 --protocol "$PROTOCOL" >swarm.log 2>&1
  connect
  greet "$FD"
  stop TERM
}

# A client that sends a byte now and then, for as long as the server waits for what a peer may have kept back.
stops_beside_a_pest() {
  local n
  for n in $(repeats 1 '1 2 3 4'); do
    start
    rude_in_background pester "$ADDRESS" 1
    await_rude stuck
    signal TERM
    await_end
    assert_equal "exit status, $n" 0 "$STATUS"
    echo >&"$TO"
  done
}

stops_beside_who_takes_nothing() { # and what that one got is right, as far as it goes
  start "${START[@]}"
  rude_in_background stuff "$ADDRESS" "${STUFF[@]}"
  await_rude stuck
  stop TERM
  echo >&"$TO"
  wait "$JOB" || true
  assert_equal "answers that are wrong" "" "$(grep 'is wrong' "$RUDE")"
}

handles_signals_whatever_it_inherited() { # ignored, and blocked
  LAUNCH=("$BUILD/rude" inherit)
  start
  connect
  greet "$FD"
  stop TERM
  start
  stop QUIT
}

resets_nobody_when_it_stops() { # though more has arrived than it has read (but nothing is on its way)
  local n
  start "${START[@]}"
  connect
  greet "$FD"
  signal STOP "-$PID"
  await equals T state "$PID"
  yes inc | head -n 8000 >&"$FD"
  await all_has_arrived 32000
  signal TERM
  signal CONT # step 03's children stay asleep until they have been told
  timeout "$LIMIT" cat <&"$FD" >heard 2>cat.log || true
  assert_equal "what ended it" "" "$(cat cat.log)"
  await_end
  assert_equal "exit status" 0 "$STATUS"
  [[ $STEP != 03-fork-echo ]] || assert_equal "answered" 8000 "$(wc -l <heard)"
  [[ $PROTOCOL == counter ]] || return 0
  n=$(sed -n 's/.*counter=//p' "$LOG")
  assert_equal "answered" "$n" "$(grep -c 'Counter has been incremented' heard)"
}

# A client that has sent all it has to say, a megabyte and more of which the server has not read, and reads late:
# what the server has written to it must come, and then the end.
resets_nobody_who_reads_late() {
  local status=0
  "$BUILD/odd" listener roomy 5 true 2>odd.log || status=$?
  [[ $status != 3 ]] || skip "$(cat odd.log)"
  LAUNCH=("$BUILD/odd" listener roomy 5)
  start_at fd:5 "${START[@]}"
  mkfifo late.in
  background "$BUILD/odd" unread "$ADDRESS" 1500000 "${STUFF[@]}" <>late.in >late.out 2>&1
  await grep -q sent late.out
  stop TERM
  sleep "${READS_LATE:-0}" # longer than a limit that must not be there
  echo >late.in
  wait "$JOB"
  assert_match "what it got" "got [0-9]{5,}, the end" "$(cat late.out)"
}

resets_none_of_many_when_it_stops() { # all of whom have sent more than was read: nobody is waited for for long
  local i
  start "${START[@]}"
  suspend_with_many
  for i in "${FDS[@]}"; do head -c 60000 /dev/zero >&"$i"; done
  signal TERM
  signal CONT "-$PID"
  await_end
  assert_equal "exit status" 0 "$STATUS"
  for i in "${FDS[@]}"; do
    timeout "$LIMIT" cat <&"$i" >heard 2>cat.log || true
    assert_equal "what ended it" "" "$(cat cat.log)"
  done
}

lets_go_of_a_shared_listener() { # QUIT, when another process has the socket open, too, and clients come
  LAUNCH=("$BUILD/rude" listen 5 bash -c 'sleep 1000 <&- >&- 2>&- & exec "$@"' -)
  start_at fd:5
  connect
  greet "$FD"
  local fd=$FD
  signal QUIT
  rude_in_background hold "$ADDRESS" 1 # connected, by the system, and never accepted
  await_rude connected
  assert_cpu "CPU time in a second of that, in ms" 20 hears_nothing "$fd" 1
  greet "$fd"
  hang_up "$fd"
  await_end
  assert_equal "exit status" 0 "$STATUS"
}

removes_its_path() {
  local s
  for s in TERM QUIT; do
    start_at unix:path
    stop "$s"
    [[ ! -e path ]]
  done
  start_at unix:path
  rm path
  echo "another's" >path
  stop TERM
  assert_equal "what took its place" "another's" "$(cat path)"
}
