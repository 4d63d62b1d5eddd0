#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a reader does with the sources: compile a step by hand, compare steps, build elsewhere.

load helpers

setup() {
  TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
  cd "$TOP" || return 1
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS # of the make that may have started us
  LIMIT=$((10 * LIMIT))                                  # compiling takes its time on a busy machine
}

STEPS=(01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel)

compiles_alone() { # compiles_alone COMPILER FLAG...: each step, with one line, without a word, and it runs
  local step threads
  needs_tool "$1"
  for step in "${STEPS[@]}"; do
    threads=() # a glibc before 2.34 has them in a library of their own: README
    [[ $step != 06* || ! $(getconf GNU_LIBC_VERSION 2>/dev/null) =~ ^glibc\ 2\.([0-9]|[12].|3[0-3])$ ]] || threads=(-pthread)
    exits 0 "$@" "${threads[@]}" "$step"/*.c common/*.c -o "$BATS_TEST_TMPDIR/x"
    assert_equal "what $* says of $step" "" "$OUTPUT"
    assert_match "version" "^x [0-9]" "$("$BATS_TEST_TMPDIR/x" --version)"
  done
}

@test "build: cc compiles each step alone" { compiles_alone cc; }
@test "build: gcc compiles each step alone" { compiles_alone gcc; }
@test "build: clang compiles each step alone" { compiles_alone clang; }
@test "build: musl-gcc compiles each step alone" { compiles_alone musl-gcc; }

@test "build: a compiler that sees the whole program has nothing to say" {
  local step program
  needs_tool gcc
  for step in "${STEPS[@]}"; do
    exits 0 gcc -std=gnu11 -O3 -flto=auto -Wall -Wextra -Warray-bounds=2 -Werror -pthread "$step"/*.c common/*.c \
      -o "$BATS_TEST_TMPDIR/x"
    assert_equal "what it says of $step" "" "$OUTPUT"
  done
  for program in "say connecting" "swarm connecting process timeline"; do
    # shellcheck disable=SC2046,SC2086
    exits 0 gcc -std=gnu11 -O3 -flto=auto -Wall -Wextra -Warray-bounds=2 -Werror \
      $(printf 'clients/%s.c ' $program) common/*.c -o "$BATS_TEST_TMPDIR/x"
    assert_equal "what it says of $program" "" "$OUTPUT"
  done
}

@test "build: numbers and files are as large as they are, where long has 32 bits" {
  local step
  echo 'int main(void) { return 0; }' >"$BATS_TEST_TMPDIR/empty.c"
  gcc -m32 "$BATS_TEST_TMPDIR/empty.c" -o "$BATS_TEST_TMPDIR/x" 2>/dev/null ||
    skip "this gcc makes no programs of 32 bits (Debian, Ubuntu: apt install gcc-multilib)"
  for step in "${STEPS[@]}"; do
    exits 0 gcc -m32 -std=gnu11 -Wno-psabi -Wall -Wextra -Wconversion -Werror -pthread "$step"/*.c common/*.c -o "$BATS_TEST_TMPDIR/x"
    assert_equal "what it says of $step" "" "$OUTPUT"
    exits 2 "$BATS_TEST_TMPDIR/x" fd:42949672960 # 10 << 32
    assert_match "message" "a descriptor is a number: 'fd:42949672960'" "$OUTPUT"
    exits 2 "$BATS_TEST_TMPDIR/x" --backlog 4294967297 0 # 1 << 32, and 1
    assert_match "message" "a number from 1 to 65535, not: '4294967297'" "$OUTPUT"
    # Calls on files that know only 32 bits; those that know 64 have names of their own.
    assert_equal "calls of $step that fail for some files" "" \
      "$(nm -D --undefined-only "$BATS_TEST_TMPDIR/x" | grep -oE '\b(fstat|lstat|stat|open|fcntl)(@.*)?$' | grep -vE '^(open|fcntl)')"
  done
}

@test "build: 01 to 04 and common are plain POSIX" {
  local step
  for step in "${STEPS[@]:0:4}"; do
    # accept4 and flock are asked for where they are used.
    exits 0 cc -std=c11 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -Wall -Wextra -Wpedantic -Werror \
      "$step"/*.c common/*.c -o "$BATS_TEST_TMPDIR/x"
  done
  assert_equal "Linux headers in all steps" "" "$(grep -l 'include <linux/' -- */*.[ch])"
  assert_equal "epoll and its kin before step 05" "" \
    "$(grep -lE 'sys/(epoll|eventfd|signalfd)' 0[1-4]*/*.[ch] common/*.[ch])"
}

@test "build: 05 and 06 say that they need Linux" {
  local step
  for step in "${STEPS[@]:4}"; do
    exits 1 cc -U__linux__ "$step"/*.c common/*.c -o "$BATS_TEST_TMPDIR/x"
    assert_match "message" "#error .*Linux" "$OUTPUT"
  done
}

# The text of a function: from its line to the first closing brace at the margin.
function_in() { sed -n "/^[a-z].*$1(/,/^}/p" "$2"; }

@test "build: echo_client is the same, letter for letter, in 01, 02 and 03" {
  local one
  one=$(function_in echo_client 01-sync-echo/main.c)
  [[ $one == *"read(fd"* ]]
  assert_equal "02's" "$one" "$(function_in echo_client 02-loop-echo/main.c)"
  assert_equal "03's" "$one" "$(function_in echo_client 03-fork-echo/main.c)"
}

@test "build: no step changes more than the Makefile allows, and make ladder shows it" {
  exits 0 make -s ladder
  assert_match "a line of it" $'\n'"02-loop-echo +[0-9]+ +main.c +[0-9]+ +[0-9]+ *"$'\n' "$OUTPUT"
  exits 2 make -s ladder BUDGETS="02/main.c=15 03/main.c=1"
  assert_match "what is beyond its budget" "main.c +[0-9]+ +[0-9]+ > 1" "$OUTPUT"
  assert_equal "lines beyond it" 1 "$(grep -c '>' <<<"$OUTPUT")"
  exits 2 make -s ladder BUDGETS="07/main.c=15"
  assert_match "message" "there is no file for '07/main.c=15'" "$OUTPUT"
}

@test "build: make diff-NN and make stuck compare without blanks and opening comments" {
  exits 0 make -s diff-02
  assert_match "the line that is new" $'\n''\+    for \(;;\)' "$OUTPUT"
  assert_equal "lines of the opening comment" 0 "$(grep -c 'New:' <<<"$OUTPUT")"
  exits 0 make -s diff-04
  assert_match "a file that is gone" "only in 03-fork-echo: children.c" "$OUTPUT"
  assert_match "a file that is new" "only in 04-select-echo: client.c" "$OUTPUT"

  sed '1,/\*\//d; s/^    /\t/' 03-fork-echo/main.c >"$BATS_TEST_TMPDIR/mine.c"
  exits 0 make -s stuck STEP=3 FILE="$BATS_TEST_TMPDIR/mine.c"
  assert_match "an equal file" "no difference" "$OUTPUT"
  sed -i 's/_exit/exit/' "$BATS_TEST_TMPDIR/mine.c"
  exits 0 make -s stuck STEP=03-fork-echo FILE="$BATS_TEST_TMPDIR/mine.c"
  assert_match "another" $'\n-[[:space:]]+exit[(].*\n[+][[:space:]]+_exit[(]' "$OUTPUT"
  exits 2 make -s stuck STEP=03
  assert_match "message" "there is no file ''" "$OUTPUT"
  exits 2 make -s stuck STEP=9 FILE="$BATS_TEST_TMPDIR/mine.c"
  assert_match "message" "there is no step '9'" "$OUTPUT"
}

@test "build: every source says its licence, every step what it is" {
  local file
  for file in */*.[ch] */*.sh tests/*/*.[ch] tests/*/*.sh tests/*.bats tests/*.bash Makefile .ci/run; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || {
      echo "$file has no SPDX line"
      return 1
    }
  done
  for file in 0*/main.c; do
    head -n 14 "$file" | grep -q "^ \* ${file%/*}: " && head -n 14 "$file" | grep -q '^ \* Run: ' &&
      head -n 14 "$file" | grep -q '^ \* New: ' && head -n 18 "$file" | grep -q '^ \* Limits: '
  done
}

copy() { # a copy of the tree, without what was made
  mkdir "$BATS_TEST_TMPDIR/copy"
  tar -c --exclude=./build --exclude=./.git . | tar -x -C "$BATS_TEST_TMPDIR/copy"
  cd "$BATS_TEST_TMPDIR/copy" || return 1
}

@test "build: make writes into build/ only, does nothing twice, and cleans up" {
  copy
  local before
  before=$(find . -type f | sort)
  exits 0 make -s
  assert_equal "what make says" "" "$OUTPUT"
  assert_equal "files beside build/" "$before" "$(find . -type f ! -path './build/*' | sort)"
  exits 0 make --no-print-directory
  assert_equal "what make does the second time" "" "$OUTPUT"
  touch common/accept.h
  exits 0 make --no-print-directory 03-fork-echo
  assert_match "what a touched header makes" "-c .*common/accept.c" "$OUTPUT"
  [[ $OUTPUT != *common/log.c* ]]
  exits 0 make --no-print-directory CFLAGS=-O0 03-fork-echo
  assert_match "what other flags make" "-O0 .*-c .*common/log.c" "$OUTPUT"
  exits 0 make -s clean
  [[ ! -e build ]]
  exits 0 make -s 02-loop-echo
  assert_equal "programs" build/02-loop-echo "$(find build -maxdepth 1 -type f -perm /1)"
}

judged() { # judged STATUS LIST TEXT: what make coverage says of gcov's TEXT, with so many lines listed
  printf '# comment\n%s' "$2" >list
  printf -- '%s\n' '        -:    0:Source:common/io.c' 'function f called 1' "$3" >text
  exits "$1" awk -v branches=branches -f "$TOP/tests/coverage/report.awk" list text
}

@test "build: make coverage fails for each line that is not executed, and for a list that is wrong" {
  cd "$BATS_TEST_TMPDIR"
  local run='        3:    7:    run();' not='    #####:    9:    not(a: b);' listed
  listed='common/io.c f: not(a: b);'$'\n  It cannot.\n'
  judged 0 "" "$run"
  judged 0 "$listed" "$run"$'\n'"$not"$'\nbranch  0 never executed'
  assert_match "table" $'\n''common/io.c +2 +1 +1 +0 +100.0'$'\n' "$OUTPUT"
  judged 1 "" "$run"$'\n'"$not"
  assert_match "the line" '^common/io.c:9: never executed: not\(a: b\);' "$OUTPUT"
  judged 1 "$listed" "$run"$'\n'"$not"$'\n'"$not"
  assert_match "a second one like it" '^common/io.c:9: never executed: not\(a: b\);' "$OUTPUT"
  judged 1 "common/io.c f: not(a: b);" "$not"
  assert_match "an entry without a reason" "no reason for: common/io.c f: not" "$OUTPUT"
  judged 1 "${listed/not/run}" "$run"
  assert_match "an entry for no line" "there is no such line: common/io.c f: run\(a: b\)" "$OUTPUT"
  judged 1 "${listed/not(a: b)/run()}" "$run"
  assert_match "an entry for a line that is executed" "^common/io.c:7: is executed, though" "$OUTPUT"
  judged 1 "" "$run"$'\nbranch  0 taken 3\nbranch  1 taken 0 (fallthrough)'
  assert_match "too few branches" "fewer than 95 % of the branches" "$OUTPUT"
  assert_equal "the other" "common/io.c:7: branch 1 is never taken: run();" "$(cat branches)"
}

@test "build: make help tells the targets" {
  local target
  exits 0 make help
  for target in all demo test torture fuzz check-broken coverage check check-tutorial accept-tutorial diff-NN stuck ladder asan ubsan tsan clean help; do
    assert_match "make help" "(^|[[:space:]])$target([[:space:]]|$)" "$OUTPUT"
  done
  exits 2 make test STEP=07
  assert_match "message" "there is no step '07'" "$OUTPUT"
  local none
  for none in build/none build "no-such-program --fast"; do
    exits 2 make test STEP=02 SERVER="$none"
    assert_match "message" "there is no program '${none%% *}' to be tested" "$OUTPUT"
  done
  exits 2 make VARIANT=none
  assert_match "message" "there is no VARIANT none" "$OUTPUT"
}
