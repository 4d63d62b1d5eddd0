#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a reader who goes from step to step may rely on in the sources: which calls are to be seen in a step, what is the
# same text as in the step before, how much is new.

load helpers

setup() {
  TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
  cd "$TOP" || return 1
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT # of the make that may have started us
}

# ---- what is in a source ------------------------------------------------------------------------

code() { # code FILE...: without comments and the text of strings
  cat "$@" | sed -z -E 's@/\*([^*]|\*+[^*/])*\*+/@@g; s@//[^\n]*@@g; s/"([^"\\\n]|\\.)*"/""/g'
}
text_of() { # text_of FUNCTION FILE: from its line to the first closing brace at the margin
  sed -n "/^[a-z].*\b$1(/,/^}/p" "$2"
}
calls_of() { # calls_of FUNCTION FILE: the names of what it calls; for a function of the same file, what that calls
  local name
  for name in $(code "$2" | sed -n "/^[a-z].*\b$1(/,/^}/p" | sed 1d | grep -oE '\b[a-z_0-9]+\(' | tr -d '('); do
    if [[ -n $(text_of "$name" "$2") ]]; then calls_of "$name" "$2"; else echo "$name"; fi
  done
}
accept_loop() { # accept_loop FILE: how accept is called and asked again. What is done when it fails is called FAIL
  code "$1" | grep -A 2 'while (.*accept(' | sed -E 's/ +$//; s/&(at|peer),/\&peer,/; s/(return -1|die\(.*\));/FAIL;/'
}

@test "ladder: 01 makes each call of the lesson itself, in the order of the lesson" {
  local calls expected="getaddrinfo socket setsockopt bind listen accept read write"
  calls=$(calls_of main 01-sync-echo/main.c)
  # close comes last, and before that where a socket that was opened is of no use.
  assert_equal "the calls" "$expected" "$(grep -xE "${expected// /|}" <<<"$calls" | awk '!seen[$0]++' | xargs)"
  assert_equal "what it ends with, of these" close "$(grep -xE "${expected// /|}|close" <<<"$calls" | tail -n 1)"
}

@test "ladder: what has moved from 01 to common/ is the same there, letter for letter" {
  local opens loop
  opens=$(text_of listener_open 01-sync-echo/main.c)
  [[ $opens == *"setsockopt("*"bind("*"listen("* ]]
  assert_equal "how a listener is opened" "${opens/listener_open/open_tcp}" "$(text_of open_tcp common/listener.c)"
  loop=$(accept_loop 01-sync-echo/main.c)
  assert_match "how 01 accepts" $'EINTR.*ECONNABORTED.*\n +FAIL;$' "$loop"
  assert_equal "how common/ does" "$loop" "$(accept_loop common/accept.c)"
}

@test "ladder: echo_client is the same, letter for letter, in 01, 02 and 03" {
  local one
  one=$(text_of echo_client 01-sync-echo/main.c)
  [[ $one == *"read(fd"* ]]
  assert_equal "02's" "$one" "$(text_of echo_client 02-loop-echo/main.c)"
  assert_equal "03's" "$one" "$(text_of echo_client 03-fork-echo/main.c)"
}

@test "ladder: no call has an argument of true or false, which nobody could read" {
  local file
  for file in 0*/main.c; do
    assert_equal "calls in $file" "" "$(code "$file" | tr '\n' ' ' | grep -oE '\b[a-z_0-9]+\(([^;{}]*,)? *(true|false) *[,)]')"
  done
  for file in common/*.h; do
    assert_equal "functions in $file that ask for one" "" "$(code "$file" | tr '\n' ' ' | grep -oE '[a-z_0-9]+\([^;{}]*\bbool\b[^;]*;')"
  done
}

@test "ladder: 06 shares nothing that would need a lock, and wakes its workers by their pipes" {
  assert_equal "locks, and what else would wake" "" \
    "$(for file in 06-parallel/*.[ch]; do code "$file" | grep -HnE --label="$file" 'mutex|rwlock|pthread_(spin|cond)|sem_|eventfd'; done)"
  code 06-parallel/worker.c | grep -q '\bpipe('
}

@test "ladder: common/README.md has each file, and in which step it is first used" {
  local table stem step n=0 files
  # NEEDED[01]: the stems of what step 01 needs: what its sources include, and what that includes in turn.
  declare -A first
  stems_in() { sed -n 's@^#include "\(\.\./common/\)\?\([a-z_]*\)\.h".*@\2@p' "$@" | sort -u; }
  for step in 06 05 04 03 02 01; do # so that the first is the last to be written
    local stems='' more
    more=$(sed -n 's@^#include "\.\./common/\([a-z_]*\)\.h".*@\1@p' "$step"-*/*.[ch] | sort -u)
    while [[ $more != "$stems" ]]; do
      stems=$more
      files=()
      for stem in $stems; do files+=("common/$stem".[ch]); done
      more=$(printf '%s\n' "$stems" "$(stems_in "${files[@]}")" | sort -u)
    done
    for stem in $stems; do first[$stem]=$step; done
  done
  table=$(grep '^|' common/README.md | tail -n +3) # without its head, and the line below
  for stem in $(printf '%s\n' common/*.[ch] | sed 's@.*/@@; s/\..*//' | sort -u); do
    assert_equal "its rows of $stem" 1 "$(grep -cE "^\| *[^a-z|]*$stem\b" <<<"$table")"
    assert_match "its row of $stem, which is first used in ${first[$stem]-no step}" \
      "^\|[^|]*\|[^|]*\| *${first[$stem]-none} *\|[^|]*\|$" "$(grep -E "^\| *[^a-z|]*$stem\b" <<<"$table")"
    n=$((n + 1))
  done
  assert_equal "rows" "$n" "$(wc -l <<<"$table")"
}

# ---- make ladder --------------------------------------------------------------------------------

@test "ladder: no step changes more than the Makefile allows, and make ladder shows it" {
  local file
  for file in 02/main.c 03/main.c 05/client.c 05/client.h 06/client.c 06/client.h 06/worker.c; do
    grep -q "^BUDGETS := .*\b$file=" Makefile || { echo "$file has no budget"; return 1; }
  done
  exits 0 make -s ladder
  assert_match "a line of it" $'\n'"02-loop-echo +[0-9]+ +main.c +[0-9]+ +[0-9]+ *"$'\n' "$OUTPUT"
  assert_match "the loop of 06, which was 05's" $'\n'" +worker.c +[0-9]+ +[0-9]+ +against 05-epoll-counter/main.c"$'\n' "$OUTPUT"
  assert_match "the core of 06" $'\n'"06-parallel +[0-9]+ lines in all, 520 at most: main.c worker.c worker.h client.c client.h echo.c$" "$OUTPUT"
  exits 2 make -s ladder BUDGETS="02/main.c=500 03/main.c=1 06/worker.c=2" CORE=06/client.c+client.h=3
  assert_match "what is beyond its budget" "main.c +[0-9]+ +[0-9]+ > 1 *"$'\n' "$OUTPUT"
  assert_match "of 06" "worker.c +[0-9]+ +[0-9]+ > 2 +against" "$OUTPUT"
  assert_match "lines of several files" "06-parallel +$(cat 06-parallel/client.? | wc -l) > 3 lines in all, 3 at most: client.c client.h"$'\n' "$OUTPUT"
  assert_equal "lines beyond it" 3 "$(grep -c '>' <<<"$OUTPUT")"
  exits 2 make -s ladder BUDGETS="07/main.c=15"
  assert_match "message" "a budget is NN/FILE=MAX, not '07/main.c=15'" "$OUTPUT"
  exits 2 make -s ladder BUDGETS="02/main.c=85" CORE="06/main.c+none.c=15"
  assert_match "message" "there is no file '06/none.c'" "$OUTPUT"
}
