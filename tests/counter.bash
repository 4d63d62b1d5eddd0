# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The counter's protocol, as 05 and 06 --protocol counter keep it. START holds the options.

INC="Counter has been incremented"
UNKNOWN="Unknown command"

# replies TEXT REPLY...: what comes back for TEXT (printf's escapes), line by line, of a new client
replies() {
  local sent=$1 expected
  shift
  expected=$(printf '%s\n' "$@")
  # shellcheck disable=SC2059
  printf "$sent" | say "$ADDRESS" >replies.out
  assert_equal "replies to $(printf '%q' "$sent")" "$expected" "$(cat replies.out)"
}

holds_the_session_of_the_lwt_tutorial() {
  start "${START[@]}"
  connect
  ask "$FD" read 0
  ask "$FD" inc "Counter has been incremented"
  ask "$FD" read 1
}

executes_exact_words() {
  start "${START[@]}"
  replies 'inc\n' "$INC"
  replies 'INC\nInc\n inc\ninc \nin\nincc\nreads\nrea\nREAD\ninc\tread\nhello\n' \
    "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" \
    "$UNKNOWN" "$UNKNOWN"
  replies '\n\n' "$UNKNOWN" "$UNKNOWN"
  replies 'read\n' 1
}

takes_crlf() { # one CR, and only before the LF
  start "${START[@]}"
  replies 'inc\r\nread\r\n' "$INC" 1
  replies 'inc\r\r\nread\r\r\n\rread\n\r\n\r\r\nre\rad\n' \
    "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN"
  replies '123456\r\n1234567\r\n12345678\r\nread\r1234\n' "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN"
}

takes_a_last_line_without_lf() { # when the client half-closes; an empty one is none
  start "${START[@]}"
  replies 'inc' "$INC"
  replies 'inc\nread' "$INC" 2
  replies 'read\n\n' 2 "$UNKNOWN"
  replies 'read\r' "$UNKNOWN"
  replies '\r' "$UNKNOWN"
  answers "reply to nothing" "" </dev/null
}

takes_no_last_line_of_a_reset() {
  start "${START[@]}"
  rude reset "$ADDRESS" 5 inc
  await equals 5 grep -c 'client 127' "$LOG"
  answers "the counter" 0 read
}

takes_no_last_line_when_it_stops() {
  start "${START[@]}"
  connect
  printf 'read\ninc' >&"$FD"
  hear "$FD"
  stop TERM
  hears_the_end "$FD"
  assert_equal "the counter" "$NAME: counter=0" "$(tail -n 2 "$LOG" | head -n 1)"
}

takes_odd_bytes() {
  start "${START[@]}"
  replies 'inc\0\n\0inc\n\0\nread\0\n\377\376\nread\n' \
    "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" "$UNKNOWN" 0
  { head -c 100000 /dev/urandom; printf '\nread\n'; } >bytes
  say "$ADDRESS" <bytes >replies.out
  assert_equal "replies, one a line" "$(tr -cd '\n' <bytes | wc -c)" "$(wc -l <replies.out)"
  assert_equal "the last of them" 0 "$(tail -n 1 replies.out)"
}

takes_long_lines() { # one reply, however long; around the length past which nothing is stored, too
  local n
  start "${START[@]}"
  for n in 6 7 8 9 1022 1023 1024 1025 4094 4095 4096 4097 1000000; do
    { printf 'inc'; head -c "$n" /dev/zero | tr '\0' x; printf '\nread\n'; } >line
    answers "replies to a line of $n bytes more" "$UNKNOWN"$'\n'0 <line
  done
  { head -c 5000 /dev/zero | tr '\0' x; printf inc; } >line
  answers "reply to a long line without LF" "$UNKNOWN" <line
}

# takes_a_line_without_end BYTES: as much has come, and no LF; others are served meanwhile
takes_a_line_without_end() {
  local before i bytes=$1
  [[ -z $SANITIZED ]] || bytes=10000000 # its memory is not measured
  start "${START[@]}"
  serves
  before=$(memory_kb "$PID")
  rude_in_background gush "$ADDRESS" "$bytes" $'\n' "$UNKNOWN"$'\n'
  for i in {1..20}; do serves; done
  LIMIT=$((4 * LIMIT)) await_rude enough
  serves
  [[ -n $SANITIZED ]] ||
    assert_at_most "growth of the server's memory, in kB" 256 $(($(memory_kb "$PID") - before))
  echo >&"$TO"
  await_rude '^got'
}

takes_lines_cut_anywhere() {
  local i text=$'inc\r\nread\n\nnonsense\ninc\nread\n'
  start "${START[@]}"
  connect
  for ((i = 0; i < ${#text}; i++)); do printf %s "${text:i:1}" >&"$FD"; done
  for i in "$INC" 1 "$UNKNOWN" "$UNKNOWN" "$INC" 2; do
    hear "$FD"
    assert_equal "reply" "$i" "$REPLY"
  done
}

takes_pipelines() { # 100,000 lines in one go, replies read late
  start "${START[@]}"
  rude_in_background stuff "$ADDRESS" $'inc\n' "$INC"$'\n'
  await_rude stuck
  echo >&"$TO"
  await_rude '^got'
  local got
  got=$(sed -n 's/^got //p' "$RUDE")
  assert_at_least "lines that were sent and answered" 100000 "$got"
  answers "the counter" "$got" read
}

counts_exactly() { # 100 clients x 1,000 inc
  start "${START[@]}" --backlog 128
  swarm "$ADDRESS" --clients 100 --rounds 1000 --protocol counter >swarm.log
  answers "the counter" 100000 read
}

reads_rise() { # what one client reads never falls, while another increments
  start "${START[@]}"
  background "$BUILD/swarm" "$ADDRESS" --clients 4 --rounds 3000 --protocol counter >swarm.log
  local last=0 end=$((SECONDS + LIMIT))
  connect
  while ((last < 12000 && SECONDS < end)); do
    tell "$FD" read
    hear "$FD"
    assert_at_least "what is read after $last" "$last" "$REPLY"
    last=$REPLY
  done
  wait "$JOB"
  assert_equal "the counter" 12000 "$last"
}

says_the_counter_at_the_end() { # every executed line is answered, and counted in the last lines
  local s
  for s in TERM QUIT; do
    start "${START[@]}"
    answers "replies" "$INC"$'\n'"$INC" inc inc
    signal "$s"
    await_end
    assert_equal "last lines" "$NAME: counter=2"$'\n'"$NAME: server terminated" "$(tail -n 2 "$LOG")"
  done
}
