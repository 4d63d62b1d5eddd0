# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every test file loads. A server is started on a free port, its line "listening on ADDRESS" is
# awaited, and at the end of the test it is stopped with all that it has started.
#
# Set by `make test`: BUILD, the directory of the programs.
#
# bats keeps descriptors for itself and waits until nobody has them open: see detached.bash.

# The oldest bats that will do is 1.2 (Debian 11). Up to 1.4 it has no directories for a file and a test.
if [[ -z ${BATS_FILE_TMPDIR-} ]]; then
  BATS_FILE_TMPDIR=$BATS_RUN_TMPDIR/${BATS_TEST_FILENAME##*/}
  mkdir -p "$BATS_FILE_TMPDIR"
  BATS_TEST_TMPDIR=$(mktemp -d "$BATS_FILE_TMPDIR/test.XXXXXX")
fi

# Before each command bats notes where it stands, which takes longer than the command. What fails in this file says so
# itself, and is noted where it was called: that makes the tests twice as fast.
if [[ -z ${BATS_IS_QUIET-} ]] && BATS_IS_QUIET=$(declare -f bats_debug_trap); then
  eval "${BATS_IS_QUIET/'{'/'{ [[ ${1-} != */helpers.bash ]] || return 0;'}"
fi

LIMIT=${LIMIT:-30} # seconds that anything may take; only what is broken ever does

if [[ -z ${SUITE:-} ]]; then # bats was called by hand: run.sh would have seen to it
  export LC_ALL=C.UTF-8
  umask 022
fi

# A pipe that nobody writes to: who reads from it with a time-out sleeps, and needs no process for it.
if [[ -p ${SUITE:-}/nap ]]; then exec {NAP}<>"$SUITE/nap"; else exec {NAP}<> <(:); fi

: "${BUILD:=$PWD/build}"
PIDS=()
unset COLUMNS # by which swarm would fold what it says
case $BUILD in
*/asan* | */ubsan* | */tsan*) SANITIZED=${BUILD##*/} ;;
*) SANITIZED= ;;
esac

use_step() { # use_step NN-name: which program this file is about
  STEP=$1
  COMMAND=("$BUILD/$1")
  NAME=$1
}

# ---- starting and stopping ----------------------------------------------------------------------

background() { # background COMMAND...: detached from this shell; sets JOB
  bash "$BATS_TEST_DIRNAME/detached.bash" "$@" <&0 & # without <&0 bash would give it /dev/null to read
  JOB=$!
  PIDS+=("$JOB")
}

start_only() { # start_only WORD...: the server with exactly these words; sets PID and LOG
  LOG=$BATS_TEST_TMPDIR/server.${#PIDS[@]}.log
  background "${LAUNCH[@]}" "${COMMAND[@]}" "$@" </dev/null >"$LOG" 2>&1
  PID=$JOB
}
LAUNCH=() # a command to start the server through

start() { # start OPTION...: the server on a free port; sets PID, LOG and ADDRESS
  start_only "$@" 127.0.0.1:0
  await_ready
}

go_apart() { # what is started next has a network of its own
  needs_tool unshare
  needs_tool nsenter
  needs_tool ip
  LAUNCH=(unshare --net sh -c 'ip link set lo up && exec "$@"' -)
  needs_to "have a network of its own" "${LAUNCH[@]}" true
}

start_apart() { # start_apart OPTION...: there, and say, swarm and rude go there, too
  go_apart
  start "$@"
  THERE=(nsenter --target "$PID" --net)
}
THERE=() # a command to start clients through

start_at() { # start_at ADDRESS OPTION...
  local at=$1
  shift
  start_only "$@" "$at"
  await_ready
}

is_ready() {
  local line
  ADDRESS=
  while IFS= read -r line; do
    [[ $line != *"listening on "* ]] || { ADDRESS=${line##*listening on } && return 0; }
  done <"$LOG"
  return 1
} 2>/dev/null # in case there is no log yet

await_ready() {
  local i
  for ((i = 0; i < LIMIT * 50; i++)); do
    is_ready && return 0
    kill -0 "$PID" 2>/dev/null || is_ready || {
      echo "the server has ended before it was ready"
      return 1
    }
    nap
  done
  echo "the server was not ready after $LIMIT s"
  return 1
}

ended() { ! kill -0 "$PID" 2>/dev/null || [[ $(state "$PID") == Z ]]; }

await_end() { # waits for the server; sets STATUS
  await ended
  STATUS=0
  wait "$PID" || STATUS=$?
}

signal() { # signal NAME [PID]
  kill -s "$1" -- "${2:-$PID}"
}

stop() { # stop SIGNAL: ends the server as it should end
  signal "$1"
  await_end
  assert_equal "exit status after $1" 0 "$STATUS"
  assert_last_line
}

assert_last_line() {
  assert_equal "last line of the log" "$NAME: server terminated" "$(tail -n 1 "$LOG")"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  [[ -z ${SIGNALS_IN_SELECT:-} ]] || needs_signals_in_select
}

teardown() {
  local pid report
  for pid in "${PIDS[@]}"; do
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  report=
  [[ -z $SANITIZED ]] || report=$(grep -lE 'ERROR: [A-Za-z]*Sanitizer|WARNING: ThreadSanitizer|runtime error:' \
    "$BATS_TEST_TMPDIR"/*.log 2>/dev/null)
  if [[ -z $BATS_TEST_COMPLETED || -n $report ]]; then
    for log in "$BATS_TEST_TMPDIR"/*.log; do
      [[ -s $log ]] || continue
      echo "--- ${log##*/}"
      head -n 60 "$log"
    done
  fi
  [[ -z $report ]]
}

# ---- what it takes ------------------------------------------------------------------------------

needs_plain_build() { # needs_plain_build WHAT: a sanitizer costs memory and time of its own
  [[ -z $SANITIZED ]] || skip "$1 is not measured in a build with a sanitizer"
}

needs_no_sanitizer() { # needs_no_sanitizer WHAT: its runtime needs what is to be short
  [[ -z $SANITIZED ]] || skip "the runtime of a sanitizer needs more than $1"
}

needs_signals_in_select() { # step 04 has to be stopped while it waits
  [[ $BUILD != */tsan* ]] ||
    skip "the runtime of this sanitizer holds signals back from a thread that only waits in select"
}

repeats() { # repeats FEW MANY: how often to do what is merely repeated; MANY by make test-all
  if [[ -n ${TEST_ALL:-} ]]; then echo "$2"; else echo "$1"; fi
}

needs_descriptors() { # needs_descriptors N: a process may have so many
  local most
  most=$(ulimit -Hn)
  [[ $most == unlimited ]] || ((most >= $1)) || skip "this needs $1 descriptors a process, and has $most"
}

needs_ipv6() {
  [[ $(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null) == 0 ]] ||
    skip "this machine has no IPv6 loopback"
}

needs_tool() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

needs_to() { # needs_to WHAT COMMAND...: tries it, whoever we are; if it is refused, says by whom and why
  local said status=0
  said=$(in_time "${@:2}" 2>&1 >/dev/null </dev/null) || status=$?
  [[ -n $said ]] || said="$2, status $status"
  [[ $status == 0 ]] || skip "we may not $1 here: ${said%%$'\n'*}"
}

needs_strace() {
  needs_plain_build "what strace does to a program"
  needs_tool strace
  needs_to "trace a program" strace -qq -o trace true
}

# ---- clients ------------------------------------------------------------------------------------

say() { "${THERE[@]}" "$BUILD/say" --timeout "$LIMIT" "$@"; }
swarm() { "${THERE[@]}" "$BUILD/swarm" --timeout $((4 * LIMIT)) "$@"; }
rude() { timeout $((4 * LIMIT)) "${THERE[@]}" "$BUILD/rude" "$@"; }

connect() { # sets FD: bash's own client, which stays connected
  local host=${ADDRESS%:*} port=${ADDRESS##*:}
  exec {FD}<>"/dev/tcp/$host/$port"
}
tell() { printf '%s\n' "$2" >&"$1"; } # tell FD LINE
hear() { # hear FD [SECONDS]: sets REPLY to the next line
  REPLY=
  IFS= read -r -t "${2:-$LIMIT}" REPLY <&"$1" 2>"$BATS_TEST_TMPDIR/hear.log"
}
hears_nothing() { # hears_nothing FD SECONDS
  if hear "$1" "$2" || [[ -n $REPLY ]]; then
    printf 'heard, though nothing was expected: %q\n' "$REPLY"
    return 1
  fi
}
hears_the_end() { # hears_the_end FD: EOF, and no reset
  local status=0
  hear "$1" || status=$?
  [[ $status == 1 && -z $REPLY && ! -s $BATS_TEST_TMPDIR/hear.log ]] && return 0
  printf 'expected: the end\n  got:      status %s, %q, %s\n' "$status" "$REPLY" \
    "$(cat "$BATS_TEST_TMPDIR/hear.log")"
  return 1
}
hang_up() { eval "exec $1>&-"; }

ask() { # ask FD LINE EXPECTED
  tell "$1" "$2"
  hear "$1" || true
  assert_equal "reply to $2" "$3" "$REPLY"
}

greet() { # greet FD: something is answered, whatever the protocol
  tell "$1" hello
  hear "$1" || true
  [[ -n $REPLY ]] || {
    echo "no answer to hello"
    return 1
  }
}

rude_in_background() { # sets TO, a descriptor to tell it things; its output goes to $RUDE
  RUDE=$BATS_TEST_TMPDIR/rude.${#PIDS[@]}.out
  mkfifo "$RUDE.in"
  background "${THERE[@]}" "$BUILD/rude" "$@" <>"$RUDE.in" >"$RUDE" 2>&1
  exec {TO}<>"$RUDE.in" # both ways, or we would wait for a reader, though rude may have ended
}
await_rude() { # await_rude WORD: until rude prints it
  await grep -q "$1" "$RUDE" && return 0
  echo "rude has not come to '$1': if that is stuck, the server goes on reading though nobody takes its"
  echo "answers, or gives none; if it is drained or got, answers are missing. It said: $(cat "$RUDE")"
  return 1
}

await_refusal() { # until nobody gets in any more
  await refused || { echo "$ADDRESS still takes clients: its listener was to be closed at once"; return 1; }
}
refused() {
  local status=0
  "$BUILD/say" --timeout "$LIMIT" "$ADDRESS" hello >/dev/null 2>&1 || status=$?
  ((status == 3)) # 0 would be an answer
}

# ---- looking at a process -----------------------------------------------------------------------

state() { # a letter: R, S, T, Z ...
  local stat
  IFS= read -r stat <"/proc/$1/stat" || return 0
  stat=${stat##*) }
  echo "${stat%% *}"
} 2>/dev/null
in_use() { echo $(($(n_fds "$PID") + $(n_children "$PID"))); } # the server's descriptors and children
memory_kb() { awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"; }
children() { [[ ! -r /proc/$1/task/$1/children ]] || echo "$(<"/proc/$1/task/$1/children")"; } 2>/dev/null
n_children() {
  local all
  read -r -a all < <(children "$1") || true
  echo "${#all[@]}"
}
n_fds() {
  local fds=("/proc/$1/fd"/*)
  echo "${#fds[@]}"
}
n_connected() { # clients that the system has connected to ADDRESS, whether accepted or not
  awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" '$4 ~ /^0[145]$/ && index($3, port) { n++ } END { print n + 0 }' /proc/net/tcp
}
all_has_arrived() { # all_has_arrived BYTES: a socket of the server has so many that it has not read
  # The numbers have eight hexadecimal digits each, so they compare as strings.
  awk -v port="$(printf ':%04X' "${ADDRESS##*:}")" -v least="$(printf 'x%08X' "$1")" \
    '$4 == "01" && index($2, port) && ("x" substr($5, 10)) >= least { found = 1 } END { exit !found }' /proc/net/tcp
}
MARKED=(env OURS="$BATS_TEST_TMPDIR") # a command to start through what must leave nobody behind
nobody_is_left() { # of what was started so, and of what that has started: others may run the same programs
  local left
  left=$(grep -lzxF -- "OURS=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ 2>/dev/null || true)
  LEFT=$(for left in $left; do readlink "${left%environ}exe" || true; done)
  [[ -z $left ]]
}
in_group() { # the processes of a group, zombies left out
  local file stat
  for file in /proc/[0-9]*/stat; do
    IFS= read -r stat <"$file" || continue
    # shellcheck disable=SC2086
    set -- "$1" ${stat##*) }
    [[ $4 == "$1" && $2 != Z ]] && echo "${stat%% *}"
  done 2>/dev/null
  true
}
blocks_no_fault() { # blocks_no_fault DIRECTORY...: of /proc; no thread there blocks SIGBUS 7, SIGFPE 8, SIGSEGV 11
  local directory mask
  for directory; do
    mask=$(sed -n 's/^SigBlk:[[:space:]]*//p' "$directory/status")
    assert_equal "faults blocked by ${directory#/proc/}, of mask $mask" 0 $((0x$mask & (1 << 6 | 1 << 7 | 1 << 10)))
  done
}
n_threads() { awk '/^Threads:/ { print $2 }' "/proc/$1/status"; }
cpu_ms() { # user and system time of a process so far, in ms, at 10 ms precision
  local stat
  read -r stat <"/proc/$1/stat"
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  echo $(((${12} + ${13}) * 10))
}

# ---- asserting ----------------------------------------------------------------------------------

shortly() { # the first 500 characters of what may be very long
  if ((${#1} <= 500)); then printf '%q' "$1"; else printf '%q... (%s characters)' "${1:0:500}" "${#1}"; fi
}

assert_equal() { # assert_equal WHAT EXPECTED GOT
  [[ $2 == "$3" ]] && return 0
  printf '%s\n  expected: %s\n  got:      %s\n' "$1" "$(shortly "$2")" "$(shortly "$3")"
  return 1
}

assert_match() { # assert_match WHAT PATTERN GOT: an extended regular expression
  [[ $3 =~ $2 ]] && return 0
  printf '%s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$(shortly "$3")"
  return 1
}

assert_at_most() { # assert_at_most WHAT LIMIT GOT
  (($3 <= $2)) && return 0
  printf '%s\n  expected: at most %s\n  got:      %s\n' "$1" "$2" "$3"
  return 1
}

assert_at_least() { # assert_at_least WHAT LIMIT GOT
  (($3 >= $2)) && return 0
  printf '%s\n  expected: at least %s\n  got:      %s\n' "$1" "$2" "$3"
  return 1
}

# assert_cpu WHAT LIMIT COMMAND...: the server takes LIMIT ms of CPU time for it at most, in the best of
# five times: what a busy host takes from a virtual machine may be counted on whoever was running.
assert_cpu() {
  local before spent time
  for time in 1 2 3 4 5; do
    before=$(cpu_ms "$PID")
    "${@:3}"
    spent=$(($(cpu_ms "$PID") - before))
    ((spent > $2)) || return 0
    echo "CPU time, $time: $spent ms"
  done
  assert_at_most "$1" "$2" "$spent"
}

nap() { # as sleep 0.02. Before 5.2 bash reads for ever if its alarm comes before it has begun to read
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 502)); then sleep 0.02; else IFS= read -r -t 0.02 -u "$NAP" || true; fi
}

await() { # await COMMAND...: until it is true
  local end=$((SECONDS + LIMIT + 1))
  while ((SECONDS < end)); do
    "$@" && return 0
    nap
  done
  echo "not so after $LIMIT s: $*"
  return 1
}

equals() { [[ $("${@:2}") == "$1" ]]; } # equals VALUE COMMAND...
at_least() { (($("${@:2}") >= $1)); } # at_least NUMBER COMMAND...: which prints one

echoed() { # echoed TEXT...: a client says it, line by line, and hears it back
  answers "echo of $*" "$(printf '%s\n' "$@")" "$@"
}
answers() { # answers WHAT ANSWERS TEXT...: a client that says TEXT hears ANSWERS, and then the server's end
  local heard status=0
  heard=$(say "$ADDRESS" "${@:3}") || status=$?
  assert_equal "$1" "$2" "$heard"
  assert_equal "exit status of say" 0 "$status"
}

in_time() { # runs a command, or a function, which takes care of its own time
  if [[ $(type -t "$1") == function ]]; then "$@"; else timeout -k 1 "$LIMIT" "$@"; fi
}
exits() { # exits STATUS COMMAND...: sets OUTPUT
  local status=0
  OUTPUT=$(in_time "${@:2}" 2>&1 </dev/null) || status=$?
  [[ $status == "$1" ]] && return 0
  printf 'command:  %s\n  expected: exit status %s\n  got:      %s, and it said:\n%s\n' \
    "${*:2}" "$1" "$status" "$OUTPUT"
  return 1
}
