#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `make grade` and `make class`: what a student sees, and a teacher. Whether the verdicts are right, tests/grade/check.sh finds out.

load helpers

GRADE=$BUILD/grade

is_here() { [[ -z $SANITIZED && -x $GRADE ]]; }

setup_file() { # a whole grading waits more than it works: the other tests are made meanwhile
  is_here || return 0
  # shellcheck disable=SC2016
  bash "$BATS_TEST_DIRNAME/detached.bash" sh -c '
    cd "$2" && { "$0" --step 03 --json whole.json "$1" >whole 2>&1; echo $? >status.new; mv status.new status; }
  ' "$GRADE" "'$BUILD/03-fork-echo'" "$BATS_FILE_TMPDIR" </dev/null >/dev/null 2>&1 &
  echo $! >"$BATS_FILE_TMPDIR/whole.pid"
}

teardown_file() {
  is_here || return 0
  local pid
  pid=$(cat "$BATS_FILE_TMPDIR/whole.pid")
  { kill -KILL -- "-$pid"; wait "$pid"; } 2>/dev/null || true
}

setup() {
  [[ -z $SANITIZED ]] || skip "the grader judges, and is judged, in a build without a sanitizer"
  [[ -x $GRADE ]] || { echo "the grader is not built: make grader"; return 1; }
  LIMIT=$((4 * LIMIT)) # a whole grading takes its time
  chmod 755 "$BATS_TEST_TMPDIR"
  cd "$BATS_TEST_TMPDIR" || return 1
}

eval "$(declare -f teardown | sed '1s/teardown/teardown_of_helpers/')"
teardown() { # what a grader that fails these tests has left behind goes, too: see marked
  [[ -n $SANITIZED ]] ||
    grep -lza -- "^OURS=$BATS_TEST_TMPDIR/" /proc/[0-9]*/environ 2>/dev/null | tr -cd '0-9\n' | xargs -r kill -KILL 2>/dev/null || true
  teardown_of_helpers
}

# compile NAME [FLAG...]: a server as of step 03. FIRST: what it does before it listens; THEN: between reading and answering.
compile() {
  cat >"$1.c" <<'END'
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifndef FIRST
#define FIRST
#endif
#ifndef THEN
#define THEN
#endif

/* A daemon that no signal ends but KILL. */
static inline void leave_one_behind(void)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() != 0)
        _exit(0);
    for (int sig = 1; sig < 65; sig++)
        signal(sig, SIG_IGN);
    for (;;)
        pause();
}

int main(int argc, char *argv[])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int on = 1, client, listener;
    char *word = argc > 1 ? argv[argc - 1] : "0", *colon = strrchr(word, ':'), bytes[4096];
    ssize_t n;

    if (argc < 2 || strchr(word, '{'))
        return 2;
    FIRST;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_port = htons((unsigned short)atoi(colon ? colon + 1 : word));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 64))
        return 1;
    getsockname(listener, (struct sockaddr *)&at, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    for (;;) {
        client = accept(listener, NULL, NULL);
        if (client < 0)
            sleep(1);
        else if (fork() == 0) {
            while ((n = read(client, bytes, sizeof bytes)) > 0) {
                THEN;
                if (write(client, bytes, (size_t)n) != n)
                    break;
            }
            _exit(0);
        }
        close(client);
    }
}
END
  cc "${@:2}" "$1.c" -o "$1" || skip "cc compiles no program here"
}
WRONG=(-DTHEN='if (n > 3) bytes[3] = 33') # the fourth byte becomes "!"

declare -gA pid_of
meanwhile() { # meanwhile NAME COMMAND...: its output goes to a file of this name
  background "${@:2}" >"$1" 2>&1
  pid_of[$1]=$JOB
}
ends() { # ends NAME STATUS: sets OUTPUT
  PID=${pid_of[$1]}
  await_end
  OUTPUT=$(cat "$1")
  assert_equal "exit status of $1, which said: $OUTPUT"$'\n' "$2" "$STATUS"
}

says() { assert_match "what it says" "$1" "$OUTPUT"; }
says_not() {
  [[ ! $OUTPUT =~ $1 ]] || { printf 'it says %q:\n%s\n' "$1" "$OUTPUT"; return 1; }
}
says_exactly() { # says_exactly TEXT: among its lines
  [[ $'\n'$OUTPUT$'\n' == *$'\n'"$1"$'\n'* ]] || { printf 'it does not say:\n%s\n  but:\n%s\n' "$1" "$OUTPUT"; return 1; }
}

same() { sed -E 's/ \([0-9]+ s\)$//; s/(127\.0\.0\.1:|")[0-9]{4,5}\b/\1PORT/'; } # what may be different the next time is left out

# ---- one submission ---------------------------------------------------------------------------------

@test "grade: a server that does not start, or is not there, is all that is told" {
  meanwhile silent "$GRADE" --step 03 'sleep 1000 || {port}'
  exits 2 "$GRADE" --step 03 no-such-program
  says "It could not be graded:"$'\n'"->  1  the server is started: no-such-program 127[.]0[.]0[.]1:0"$'\n'" +It cannot be run: No such file"
  says "Hint: The command cannot be run"
  says_not 'Score|Passed|passed|core'
  exits 2 "$GRADE" --step 03 "sh -c 'echo out of luck; exit 7'"
  says "->  2  it should listen on a TCP port.*"$'\n'" +It ended before it listened"
  says "The server has ended with status 7[.]"$'\n'" +Its last lines:"$'\n'" +[|] out of luck"
  says "Hint: The server ended, or waits for something, before it listened"
  says_not 'Score|Passed|passed|core'
  ends silent 2
  says "It does not listen on any port"
}

@test "grade: what a wrong server has done is told up to the wrong byte, with a hint" {
  compile wrong "${WRONG[@]}"
  exits 1 "$GRADE" --step 03 --seed 7 ./wrong
  says_exactly 'FAIL 0/2  echo       sends back what it gets
    1  the server is started: ./wrong 127.0.0.1:0
    2  client 1 connects
    3  client 1 sends 6 bytes: "hello\n"
->  4  client 1 must get 6 bytes: "hello\n"
         expected: "hello\n"
         got:      "hel!o\n"
                       ^ byte 4 of 6
         These are other bytes.'
  says $'\n'"  The server is alive and asleep: 2 processes, "
  says $'\n'"  Its last lines:"$'\n'"    [|] listening on 127[.]0[.]0[.]1:[0-9]+"$'\n'"  Hint: The bytes that came back are not the bytes"
  says "Score: 2/40 - core 2/24, robust 0/10, orderly 0/6"$'\n'"Not passed: the core is not complete[.] [(][0-9]+ s[)]"
  says "Mend first: echo [(]sends back what it gets[)]"
}

@test "grade: an end is told with its cause" {
  compile dies -DTHEN='kill(getppid(), SIGSEGV)'
  exits 1 "$GRADE" --step 03 --only starts,next ./dies
  says "FAIL 0/1  next "
  says "The server was killed by SIGSEGV"
  says "Hint: "
  says "Score: 1/2 - core 1/2"
}

@test "grade: --list tells the tests and their points, forty in each step" {
  local step words points
  for words in 01 02 03 04 05 06 "06 --protocol counter"; do
    read -ra step <<<"$words"
    exits 0 "$GRADE" --list --step "${step[@]}"
    points=$(awk '$1 ~ /^[0-9]+$/ && NF > 2 { n += $1 } END { print n }' <<<"$OUTPUT")
    assert_equal "points of step $words" 40 "$points"
  done
  says "core"$'\n'"  1  starts .*"$'\n'"robust"$'\n'".*"$'\n'"orderly"$'\n'
}

@test "grade: a bad command line is refused, by its word" {
  refuses() { # refuses TEXT WORD...
    exits 2 "$GRADE" "${@:2}"
    says "$1"
    says_not "Score|Grading"
  }
  refuses "no test 'echo,'|no test ''" --step 03 --only echo, true
  refuses "no test 'eco': --list tells" --step 03 --only echo,eco true
  refuses "no test 'replies'" --step 03 --only replies true # which step 05 has
  refuses "no step '7'" --step 7 true
  refuses "no step 'three'" --step three true
  refuses "as which step" true
  refuses "no step '0'" --step 0 true
  refuses "no number of jobs '0'" --step 3 --jobs 0 true
  refuses "no seed" --step 3 --seed -1 true
  refuses "no protocol 'udp'" --step 6 --protocol udp true
  refuses "only step 06 can speak either" --step 3 --protocol counter true
  refuses "SERVER is missing, or a command" --step 3
  refuses "in quotes" --step 3 python3 mine.py
  refuses "unrecognized option|unknown option" --step 3 --none true
  exits 0 "$GRADE" --help
  says "^Usage: grade --step N .*Exit status: 0 "
}

@test "grade: the seed is told, and repeats the data" {
  local seed first
  compile wrong -DTHEN='if (n > 200) bytes[100] ^= 1'
  exits 1 "$GRADE" --step 03 --only late ./wrong
  says "[(]seed [0-9]+[)]"
  says " other bytes"
  seed=${OUTPUT#*(seed } seed=${seed%%)*}
  first=$(same <<<"$OUTPUT")
  exits 1 "$GRADE" --step 03 --only late --seed "$seed" ./wrong
  assert_equal "the same seed" "$first" "$(same <<<"$OUTPUT")"
  exits 1 "$GRADE" --step 03 --only late --seed $((seed + 1)) ./wrong
  [[ $(grep expected <<<"$first") != "$(grep expected <<<"$OUTPUT")" ]] || { echo "another seed gives the same data"; return 1; }
}

well_formed() { # well_formed FILE: JSON or XML
  if ! command -v python3 >/dev/null; then
    case $1 in
    *.json) grep -q '^\[$' "$1" && [[ $(tail -n 1 "$1") == "]" ]] ;;
    *) grep -q '^<?xml' "$1" && [[ $(tail -n 1 "$1") == "</testsuites>" ]] ;;
    esac
    return
  fi
  case $1 in
  *.json) exits 0 python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$1" ;;
  *) exits 0 python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$1" ;;
  esac
}

@test "grade: JSON and JUnit hold the results, whatever the server prints" {
  compile wrong -DFIRST='fprintf(stderr, "</failure> ]]> & \033[31m \377 \"quoted\" \\\n")' "${WRONG[@]}"
  exits 1 "$GRADE" --step 03 --only starts,echo --json result.json --junit result.xml "./wrong '<&>' \"{port}\""
  well_formed result.json
  well_formed result.xml
  grep -q '"score": 1, "max": 3, "passed": false' result.json
  grep -q '{"name": "echo", .*"points": 0, "max": 2, "status": "fail"' result.json
  grep -q '"hint": "changes-bytes"' result.json
  grep -q '<testsuites name="grade" tests="2" failures="1" errors="0" skipped="0"' result.xml
  exits 1 "$GRADE" --step 03 --only echo --json - "./wrong {port}"
  says "^\[.*\"name\": \"./wrong [{]port[}]\""
  exits 2 "$GRADE" --step 03 --only echo --json no/such/file ./wrong
  says "cannot write no/such/file: No such file"
  exits 2 "$GRADE" --step 03 --json trouble.json --junit trouble.xml no-such-program # what cannot be tried is told there, too
  well_formed trouble.json
  well_formed trouble.xml
  grep -q '"trouble": ".*No such file' trouble.json
}

@test "grade: a command with {port}, with quotes, or for a shell" {
  local i commands
  mkdir "a b"
  compile mine
  cp mine "a b/it's mine"
  # shellcheck disable=SC2016
  commands=('./mine {port}' './mine --bind={host}:{port}' '"./a b/it'\''s mine"' "./a\ b/it\'s\ mine" \
    'cd "a b" && exec ./it*mine' 'PORT={port} && exec ./mine $PORT')
  for i in "${!commands[@]}"; do meanwhile "way-$i" "$GRADE" --step 03 --only starts,echo "${commands[i]}"; done
  for i in "${!commands[@]}"; do
    ends "way-$i" 0
    says "Score: 3/3"
  done
}

@test "grade: the server has the environment of who grades it, and the words of its command" {
  compile mine
  cat >wrapped <<'END'
#!/bin/sh
[ "$MINE" = "a b'c" ] && [ "$LC_ALL" = tr_TR.UTF-8 ] && [ -z "$MAKEFLAGS$MAKELEVEL$STEP$SERVER$LIST$PYTHONUNBUFFERED" ] &&
  [ "$#" = 3 ] && [ "$1" = "two  words" ] && [ "$2" = '$HOME' ] && exec ./mine "$3"
env
END
  chmod +x wrapped
  exits 0 env MINE="a b'c" LC_ALL=tr_TR.UTF-8 MAKEFLAGS=-n MAKELEVEL=1 STEP=3 SERVER=x LIST=1 PYTHONUNBUFFERED=1 \
    "$GRADE" --step 03 --only starts,echo './wrapped "two  words" '"'\$HOME'"
}

# ---- make ---------------------------------------------------------------------------------------------

tree() { # the Makefile is ours, and calls this grader
  mkdir -p tree/tests/grade
  cp "$BATS_TEST_DIRNAME/../Makefile" tree
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$GRADE" >tree/tests/grade/grade
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS
}

@test "grade: make grade and make test SERVER= say the same as the grader" {
  local said way
  compile wrong "${WRONG[@]}"
  tree
  for way in grade test; do
    meanwhile "$way" make -s -C tree "$way" STEP=03 SERVER="'$PWD/wrong' '{port}'" TEST=starts,echo SEED=7
  done
  meanwhile right make -s -C tree grade STEP=03 SERVER="'$BUILD/03-fork-echo'" TEST=starts,echo
  exits 1 "$GRADE" --step 03 --seed 7 --only starts,echo "'$PWD/wrong' '{port}'"
  said=$(same <<<"$OUTPUT")
  for way in grade test; do
    ends "$way" 2
    assert_equal "what make $way says" "$said" "$(grep -v '^make: ' <<<"$OUTPUT" | same)"
  done
  ends right 0
  says "Score: 3/3"
  exits 0 make -s -C tree grade STEP=06 PROTOCOL=counter LIST=1
  says "^Step 06, the counter: .*"$'\n'"  3  replies "
  exits 2 make -s -C tree grade STEP=03
  says "SERVER is missing, or a command"
  exits 2 make -s -C tree test SERVER="$PWD/wrong"
  says "as which step"
  printf 'wrong %s/wrong\n' "$PWD" >class.txt
  exits 2 make -s -C tree class STEP=03 LIST=no-such-list DIR="$PWD/class"
  says "cannot read the list no-such-list"
}

@test "grade: its script builds it, and leaves the caller where they are" {
  mkdir -p top/tests/grade top/build elsewhere
  cp "$BATS_TEST_DIRNAME/grade/grade" top/tests/grade
  printf 'grader:\n\t@echo "makes <$(STEP)$(SERVER)$(VARIANT)>"\n' >top/Makefile
  printf '#!/bin/sh\necho "graded in $PWD:" "$@"\nexit 1\n' >top/build/grade
  chmod +x top/build/grade
  cd elsewhere || return 1
  exits 1 env STEP=3 SERVER=x VARIANT=asan sh ../top/tests/grade/grade --step 03 './mine {port}'
  assert_equal "what it says" "makes <>"$'\n'"graded in $PWD: --step 03 ./mine {port}" "$OUTPUT"
  printf 'grader:\n\t@false\n' >../top/Makefile
  exits 2 sh ../top/tests/grade/grade --step 03 ./mine
  says_not "graded"
}

# ---- nothing is left ------------------------------------------------------------------------------------

# marked NAME COMMAND...: meanwhile; what it starts, and what that starts, is found by the name.
marked() { meanwhile "$1" "$BUILD/odd" plain env OURS="$PWD/$1" "${@:2}"; } # plain: bash lets it ignore INT
behind() { grep -lzxF -- "OURS=$PWD/$1" /proc/[0-9]*/environ 2>/dev/null | sed 's/environ$/exe/'; }
one_is_behind() { [[ $(behind "$1" | xargs -r readlink) == *undying* ]]; }
none_is_left() { ! kill -0 "${pid_of[$1]}" 2>/dev/null && [[ -z $(behind "$1") ]]; }
must_leave_none() { # must_leave_none NAME
  await none_is_left "$1" || { echo "left by $1: $(behind "$1" | xargs -r readlink)"; return 1; }
}

@test "grade: a daemon that ignores signals is gone afterwards, also if the grading is ended" {
  local s
  compile undying -DFIRST='leave_one_behind()' -DTHEN='pause()'
  for s in TERM INT KILL; do
    marked "$s" "$GRADE" --step 03 --jobs 1 --only starts,next,pieces,bytes,sizes,half-close ./undying
  done
  marked whole "$GRADE" --step 03 --only starts,echo ./undying
  for s in TERM INT KILL; do
    await one_is_behind "$s"
    signal "$s" "${pid_of[$s]}"
    ends "$s" $((128 + $(kill -l "$s")))
    must_leave_none "$s"
  done
  ends whole 1
  must_leave_none whole
}

@test "grade: where there are no namespaces it says so, and grades; and nothing is left there either" {
  local without
  # shellcheck disable=SC2016
  without=(unshare --user --map-root-user sh -c
    'for n in net pid mnt ipc user; do echo 0 >/proc/sys/user/max_"$n"_namespaces || exit; done; exec "$@"' -)
  needs_tool unshare
  needs_to "forbid namespaces" "${without[@]}" true
  compile undying -DFIRST='leave_one_behind()'
  marked killed "${without[@]}" "$GRADE" --step 03 --jobs 1 --only starts,echo,next,pieces,idle ./undying
  marked whole "${without[@]}" "$GRADE" --step 03 --only starts,echo,together,second ./undying
  await one_is_behind killed
  signal KILL "${pid_of[killed]}"
  ends killed 137
  must_leave_none killed
  ends whole 0
  says "^Grading ./undying as step 03 [(]seed [0-9]+[)],"$'\n'"NOT apart from this machine: it allows no namespaces here"
  says "Score: 7/7"
  must_leave_none whole
}

# ---- a class ----------------------------------------------------------------------------------------------

@test "grade: a class list that is wrong is told by file and line" {
  complains() { # complains TEXT LIST
    printf '%b' "$2" >list
    exits 2 "$GRADE" --step 03 --class list --out out
    says "$1"
    [[ ! -e out ]]
  }
  complains "^list:3: line 1 has the same name" 'ann ./a\n# a comment\nann ./b\n'
  complains "^list:2: the command is missing" 'ann ./a\nbob\n'
  complains "^list:1: the name has no closing quote" '"ann ./a\n'
  complains "^list:1: this is no plain text" 'ann\0 ./a\n'
  complains "^list: there is no submission" '# nobody yet\n\n'
  exits 2 "$GRADE" --step 03 --class no/such/list --out out
  says "^grade: cannot read the list no/such/list: No such file"
  exits 2 "$GRADE" --step 03 --class . --out out
  says "^grade: cannot read the list [.]: Is a directory"
  echo 'ann ./a' >list
  exits 2 "$GRADE" --step 03 --class list --out list/out
  says "^grade: cannot write list/out: Not a directory"
  exits 2 "$GRADE" --step 03 --class list ./a
  says "a class has its commands in its list"
}

@test "grade: a class has its table, its files and its page, whatever its names" {
  local link
  compile wrong -DFIRST='fputs("<script>alert(1)</script>\n", stderr)' "${WRONG[@]}"
  cat >list <<END
# three of them
"<script>alert(2)</script>" '$BUILD/03-fork-echo'
=1+1	./wrong {port}
gone,"no-such-program ""a b"""
END
  exits 0 "$GRADE" --step 03 --only starts,echo --class list --out the/class
  says "<script>.* 3/3 "
  says "=1[+]1 +1/3 .*echo [(]changes-bytes[)]"
  says "gone .*starts [(]not-found[)]"
  says "3 graded in [0-9]+ s: 1 passed, 1 did not, 1 could not be graded"
  says "The page: the/class/index.html$"
  assert_equal "the files" "index.html results.csv results.json results.xml" "$(ls the/class | tr '\n' ' ' | sed 's/ $//')"
  cd the/class || return 1
  well_formed results.json
  well_formed results.xml
  grep -q '^"<script>alert(2)</script>",3,3,' results.csv
  grep -q "^\"'=1+1\",1,3," results.csv
  ! grep '\(^\|,\)"[=+@-]\|,[=+@-]' results.csv || { echo "a spreadsheet would take this for a formula"; return 1; }
  ! grep -i '<script\|javascript:\|<img\|<link\|<iframe\|src=\|url(\|@import\|://' index.html || { echo "this is run, or loaded"; return 1; }
  grep -q '&#60;script&#62;alert(1)' index.html
  for link in $(grep -o 'href="[^"]*"' index.html | sort -u); do
    link=${link#*\"} link=${link%\"}
    [[ $link == '#'?* ]] || { echo "the page needs $link"; return 1; }
    grep -q " id=\"${link#\#}\"" index.html || { echo "the link $link leads nowhere"; return 1; }
  done
  [[ $(grep -c 'href=' index.html) -gt 3 ]]
}

@test "grade: a class that is interrupted ends with 130, writes nothing and leaves nobody" {
  compile undying -DFIRST='leave_one_behind()' -DTHEN='pause()'
  printf '%s ./undying\n' a b c d e f >list
  marked class "$GRADE" --step 03 --class list --out out
  await one_is_behind class
  signal INT "${pid_of[class]}"
  ends class 130
  says "Stopped by a signal [(]Interrupt[)]: 0 of 6 were graded, and nothing is written"
  assert_equal "what it has written" "" "$(ls out)"
  must_leave_none class
}

# ---- the whole ----------------------------------------------------------------------------------------------

@test "grade: a right server gets all points, and is told so test by test" {
  cd "$BATS_FILE_TMPDIR" || return 1
  await test -e status
  OUTPUT=$(cat whole)
  says "^Grading '$BUILD/03-fork-echo' as step 03 [(]seed [0-9]+[)],"
  says_not "FAIL|Hint|Mend"
  says "Score: 40/40 - core 24/24, robust 10/10, orderly 6/6"$'\n'"Passed: the core is complete[.] [(][0-9]+ s[)]$"
  assert_equal "exit status" 0 "$(cat status)"
  assert_equal "tests that are told" "$("$GRADE" --step 03 --list | grep -c '^  [0-9]')" "$(grep -c '^ok  ' whole)"
  well_formed whole.json
}
