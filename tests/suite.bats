#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What `make test` does with test files: all at once, in an environment of its own, and nobody may stay behind.

load helpers

PATH=${PATH#*/bats-core:} # where bats finds its parts, one of which is called bats

tree() { # a tree whose tests are made up: its test files are written next
  mkdir -p tree/tests
  cp "$BATS_TEST_DIRNAME"/{run.sh,suite.bash,clean-room.sh,helpers.bash,detached.bash} tree/tests
}

made_up() { sed 's/^TEST /@test /' >"tree/tests/$1.bats"; } # bats would take the word itself for one of its tests here

suite() { # suite STATUS WORD...: runs the tests there; sets OUTPUT
  exits "$1" env "${@:2}" sh tree/tests/run.sh "$BUILD"
}

@test "suite: what fails, what breaks off and who is left turns it red, by name" {
  tree
  printf '@test "a%d" { true; }\n' 1 2 >tree/tests/a.bats
  echo '@test "b" { true; }' >tree/tests/b.bats
  suite 0
  assert_match "the count" "4 passed, 0 failed, 0 skipped, in [0-9]+ s" "$OUTPUT" # the last: nobody is left
  printf '@test "%s\n' 'b" { echo "so it is"; false; }' 'c" { skip "no reason"; }' >tree/tests/b.bats
  suite 1
  assert_match "the plan" "^1\.\.5"$'\n' "$OUTPUT"
  assert_match "the failure" "not ok [0-9] b"$'\n'.*"so it is" "$OUTPUT"
  assert_match "the count" "3 passed, 1 failed, 1 skipped" "$OUTPUT"
  echo '@test "b" { kill -KILL $PPID $$; }' >tree/tests/b.bats
  suite 1
  assert_match "what broke off" "not ok [0-9] b: bats ended with status [0-9]+, after 0 of 1 tests" "$OUTPUT"
  echo '@test "b" { setsid sleep 1000 <&- >&- 2>&- 3>&- 4>&- & }' >tree/tests/b.bats
  suite 1
  assert_match "who is left" "not ok 4 suite: no process is left [^"$'\n'"]*"$'\n'"# [0-9]+: sleep 1000" "$OUTPUT"
  assert_match "the count" "3 passed, 1 failed" "$OUTPUT"
}

@test "suite: tests see nothing of their caller's environment" {
  tree
  made_up a <<'END'
TEST "a" {
  local seen='' name
  for name in LIMIT PID LANG GREP_COLORS MAKEFLAGS POSIXLY_CORRECT BASH_ENV CDPATH; do
    [[ -z ${!name:-} ]] || seen+=" $name=${!name}"
  done
  [[ $PATH != *:bin* ]] || seen+=" PATH=$PATH"
  ((${#TMPDIR} < 30)) || seen+=" TMPDIR=$TMPDIR"
  seen+=" $LC_ALL $(umask) $(type -t grep)"
  for name in $(sed -n 's/^Sig\(Ign\|Blk\):\t//p' /proc/self/status); do
    seen+=" $((0x$name & ~0x380000000))" # 32 to 34 are the C library's
  done
  echo "seen:$seen"
  [[ $seen == ' C.UTF-8 0022 file 0 0' ]]
}
END
  cp tree/tests/a.bats tree/tests/b.bats
  exits 0 bash -c 'grep() { echo no; }; export -f grep; umask 077; trap "" INT TERM PIPE HUP; exec "$@"' - \
    env LIMIT=0 PID=1 LANG=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 GREP_COLORS=x MAKEFLAGS=-n POSIXLY_CORRECT=1 BASH_ENV=/none CDPATH=/ \
    PATH="$PATH:bin" TMPDIR="$PWD/no/such/directory" sh tree/tests/run.sh "$BUILD"
}

@test "suite: interrupted, it leaves no process and no file" {
  local pid
  tree
  made_up a <<END
load helpers
use_step 02-loop-echo
TEST "a" { start; echo "\$TMPDIR \$PID" >"$PWD/started"; read -r -t $LIMIT -u "\$NAP"; }
END
  echo '@test "b" { true; }' >tree/tests/b.bats
  background sh tree/tests/run.sh "$BUILD" >run.log 2>&1
  await test -s started
  read -r directory pid <started
  kill -0 "$pid"
  signal TERM "$JOB"
  gone() { [[ ! -e /proc/$pid && ! -e $directory ]]; }
  await gone
}
