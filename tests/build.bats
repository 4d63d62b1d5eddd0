#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a reader does with the sources: compile a step by hand, compare a file of their own, build elsewhere. See also ladder.bats.

load helpers

setup() {
  TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
  cd "$TOP" || return 1
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS # of the make that may have started us
  LIMIT=$((10 * LIMIT))                                  # compiling takes its time on a busy machine
}

STEPS=(01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel)

# Two that use every source of common/: where a compiler is not the machine's own, the others are left to test-all.
read -ra SOME_STEPS <<<"$(repeats '02-loop-echo 06-parallel' "${STEPS[*]}")"

compiles_alone() { # compiles_alone COMPILER FLAG...: each step, with one line, without a word, and it runs
  local step threads steps=("${SOME_STEPS[@]}")
  [[ $1 != cc ]] || steps=("${STEPS[@]}")
  needs_tool "$1"
  [[ $1 == cc || ! $(command -v "$1") -ef $(command -v cc) || -n ${TEST_ALL:-} ]] ||
    skip "$1 is the cc of this machine, which is tried above"
  for step in "${steps[@]}"; do
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
  for step in "${SOME_STEPS[@]}"; do
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
  for step in "${SOME_STEPS[@]}"; do
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

@test "build: strict C asks for nothing else" {
  local standard
  for standard in c11 c2x $(repeats '' 'c17 gnu17 gnu2x'); do
    cc -std="$standard" -fsyntax-only -x c /dev/null 2>/dev/null || continue # too new for this compiler
    exits 0 cc -std="$standard" -fsyntax-only -Wall -Wextra -Werror 0*/*.c common/*.c clients/*.c tests/*.c tests/torture/[!f]*.c bench/*.c
    assert_equal "what -std=$standard says" "" "$OUTPUT"
  done
}

@test "build: 05 and 06 say that they need Linux" {
  local step
  for step in "${STEPS[@]:4}"; do
    exits 1 cc -U__linux__ -fsyntax-only "$step"/*.c
    assert_match "message" "#error .*Linux" "$OUTPUT"
  done
}

@test "build: make diff-NN and make stuck compare without blanks and opening comments" {
  exits 0 make -s diff-02
  assert_match "the line that is new" $'\n''\+    for \(;;\)' "$OUTPUT"
  assert_equal "lines of the opening comment" 0 "$(grep -c 'New:' <<<"$OUTPUT")"
  exits 0 make -s diff-04
  assert_match "a file that is gone" "only in 03-fork-echo: children.c" "$OUTPUT"
  assert_match "a file that is new" "only in 04-select-echo: client.c" "$OUTPUT"
  exits 0 make -s diff-06
  assert_match "a file of the same name" $'\n''--- 05-epoll-counter/main.c'$'\n''[+]{3} 06-parallel/main.c'$'\n' "$OUTPUT"
  assert_match "one that comes from another" $'\n''--- 05-epoll-counter/main.c'$'\n''[+]{3} 06-parallel/worker.c'$'\n' "$OUTPUT"
  assert_match "a line that is the same in both" $'\n'' #include <sys/epoll.h>'$'\n' "${OUTPUT##*06-parallel/worker.c}"

  sed '1,/\*\//d; s/^    /\t/' 03-fork-echo/main.c >"$BATS_TEST_TMPDIR/mine.c"
  exits 0 make -s stuck STEP=3 FILE="$BATS_TEST_TMPDIR/mine.c"
  assert_match "an equal file" "no difference" "$OUTPUT"
  sed -i 's/_exit/exit/' "$BATS_TEST_TMPDIR/mine.c"
  exits 0 make -s stuck STEP=03-fork-echo FILE="$BATS_TEST_TMPDIR/mine.c"
  assert_match "another" $'\n-[[:space:]]+exit[(].*\n[+][[:space:]]+_exit[(]' "$OUTPUT"
  local word
  for word in 03/ 03-fork-echo/; do exits 0 make -s stuck STEP="$word" FILE="$BATS_TEST_TMPDIR/mine.c"; done
}

@test "build: make diff-NN and make stuck say what to type instead" {
  local mine=$BATS_TEST_TMPDIR/mine.c
  says() { # says TEXT WORD...: what make says of these words
    exits 2 make -s "${@:2}"
    assert_match "what make ${*:2} says" "$1" "$OUTPUT"
  }
  cp 03-fork-echo/main.c "$mine"
  says "01-sync-echo is the first step, .*: make diff-02" diff-01
  says "which step .*make stuck STEP=03 FILE=mine/main.c" stuck
  says "which step .*make stuck STEP=03 FILE=$mine" stuck FILE="$mine"
  says "which file is yours. make stuck STEP=03 FILE=mine/main.c" stuck STEP=03
  says "there is no step '9': 01 to 06" stuck STEP=9 FILE="$mine"
  says "there is no file 'none/main.c'" stuck STEP=03 FILE=none/main.c
  says "is a directory: make stuck STEP=3 FILE=$BATS_TEST_TMPDIR/main.c" stuck STEP=3 FILE="$BATS_TEST_TMPDIR/"
  says "is ours, of another step: make diff-03 shows" stuck STEP=03 FILE=02-loop-echo/main.c
  says "is ours, and the file itself; .*git diff 03-fork-echo/main.c" stuck STEP=03 FILE=03-fork-echo/main.c
  if [[ $(id -u) != 0 ]]; then
    chmod a-r "$mine"
    says "you may not read '$mine'" stuck STEP=03 FILE="$mine"
  fi
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
  export CFLAGS=-O0 # the quickest to compile
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
  exits 0 make --no-print-directory CFLAGS=-O1 03-fork-echo
  assert_match "what other flags make" "-O1 .*-c .*common/log.c" "$OUTPUT"
  # Another compiler of the same name, another machine, another libc: its objects are of no use here.
  printf '#!/bin/sh\nexec gcc -D__of_another_system__ "$@" 2>/dev/null\n' >"$BATS_TEST_TMPDIR/cc"
  chmod +x "$BATS_TEST_TMPDIR/cc"
  exits 0 make -s tools 03-fork-echo
  exits 0 env PATH="$BATS_TEST_TMPDIR:$PATH" make --no-print-directory tools 03-fork-echo
  assert_match "what a compiler for another system makes" "cc .*-c .*common/log.c" "$OUTPUT"
  assert_match "of the tools" "cc .* -o build/tools/torture" "$OUTPUT"
  exits 2 make CC=no-such-compiler
  assert_match "message" "there is no compiler 'no-such-compiler'" "$OUTPUT"
  exits 0 make -s clean
  [[ ! -e build ]]
  exits 0 make -s 02-loop-echo
  assert_equal "programs" build/02-loop-echo "$(find build -maxdepth 1 -type f -perm /100)"
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

@test "build: make says what to install where a tool is missing, before it makes anything" {
  local target tool package dirs dir
  copy
  mkdir path
  IFS=: read -ra dirs <<<"$PATH"
  for dir in "${dirs[@]}"; do ln -s "$dir"/* path 2>/dev/null || true; done
  while read -r target tool package; do
    [[ ! -e path/$tool ]] || mv "path/$tool" "hidden-$tool"
    PATH=$PWD/path exits 2 make -s "$target" STEP=03 FILE=03-fork-echo/main.c
    assert_match "what make $target says" "^make $target needs $tool [(]Debian, Ubuntu: apt install ${package}[)]" "$OUTPUT"
    [[ ! -e build ]] || { echo "make $target makes: $(find build -type f)"; return 1; }
    [[ ! -e hidden-$tool ]] || mv "hidden-$tool" "path/$tool"
  done <<'END'
test bats bats
check-tutorial bats bats
check-broken patch patch
coverage gcov gcc
fuzz clang clang
format clang-format clang-format
format-check clang-format clang-format
stuck diff diffutils
diff-03 diff diffutils
ladder diff diffutils
END
}

@test "build: scripts and targets do not obey the caller's environment" {
  local script calm program name hostile=()
  for script in bench/*.sh bench/peers/peers.sh clients/*.sh tests/steps.sh tests/*/*.sh; do
    grep -q '^\. "$(dirname "$0")/.*clean-room.sh"' "$script" || { echo "$script does not begin in a clean room"; return 1; }
  done
  asked() { # the same, in many ways
    make -s -C "$TOP" ladder && make -s -C "$TOP" diff-04 && make -s -C "$TOP" stuck STEP=3 FILE="$MINE"
  }
  export MINE="$BATS_TEST_TMPDIR/mine.c"
  sed 's/_exit/exit/' 03-fork-echo/main.c >"$MINE"
  calm=$(asked)
  [[ -n $calm ]]
  for name in STEP SERVER FILE VARIANT OUT BUILD RESULTS TOOLS name step status file files n from to work budget origin against path lines; do
    hostile+=("$name=none")
  done
  hostile+=(POSIXLY_CORRECT=1 CDPATH=/:/usr BASH_ENV=/dev/full ENV=/none GREP_OPTIONS=-v TAR_OPTIONS=--none IFS=e
    MAKEFLAGS="-k -rR" TMPDIR='/no such directory' LC_ALL=de_DE.UTF-8 LANG=tr_TR.UTF-8 DIFF_OPTIONS=-y COLUMNS=1 TERM= PATH="::.:$PATH")
  asked_in_hostile() (
    umask 077
    trap '' INT TERM PIPE CHLD HUP
    ulimit -S -n 20 -f 0
    cd /
    env -u HOME "${hostile[@]}" bash -c "TOP='$TOP'; $(declare -f asked); diff() { :; }; awk() { :; }; export -f diff awk; asked" <&- 2>&1 |
      grep -v '^make: .*\(TMPDIR\|temporary\)\|setlocale: ' # a new make tells of such a TMPDIR, bash of a locale that is not here
  )
  assert_equal "what make says in another environment" "$calm" "$(asked_in_hostile)"
}

stub() { # stub NAME LINE: a program that prints it, and nothing else
  printf '#!/bin/sh\necho %s\n' "$2" >"bin/$1"
  chmod +x "bin/$1"
}

@test "build: setup.sh says what is missing or too old, and what to do" {
  local tool shell
  cd "$BATS_TEST_TMPDIR"
  setup_says() { exits "$1" env PATH="$PWD/bin" "${shell[@]}" "$TOP/setup.sh"; }
  for shell in sh dash "busybox sh"; do
    read -ra shell <<<"$shell"
    shell[0]=$(command -v "${shell[0]}") || continue
    rm -rf bin
    mkdir bin
    for tool in sh sed sort head env; do ln -s "$(command -v "$tool")" bin; done
    stub gcc "gcc 12"
    stub make "GNU Make 4.3"
    stub bash "GNU bash, version 5.2.15-release"
    stub bats "Bats 1.11.0"
    setup_says 0
    assert_equal "what it says when nothing is missing" "" "$OUTPUT"
    stub make "GNU Make 3.80"
    stub bats "Bats 1.1.0"
    setup_says 0
    assert_match "of old ones" "^setup.sh: make 3.80 is too old .*"$'\n'"setup.sh: bats 1.1.0 is too old for [^"$'\n'"]*$" "$OUTPUT"
    rm bin/bats
    stub make "GNU Make 4.3"
    setup_says 1
    assert_match "without apt" "^setup.sh: please install bats [(][^"$'\n'"]*$" "$OUTPUT"
    stub apt-get none
    stub id 1000
    setup_says 1
    assert_match "without sudo" "^setup.sh: only root can install bats, [^"$'\n'"]*: apt-get update && apt-get install [^"$'\n'"]* bats$" "$OUTPUT"
    stub id 0
    printf '#!/bin/sh\necho "E: no network"; exit 100\n' >bin/apt-get
    setup_says 1
    assert_match "where apt fails" "^E: no network.*"$'\n'"setup.sh: apt-get could not install bats: " "$OUTPUT"
    stub sudo none
    stub id 1000
    printf '#!/bin/sh\n"$@"\n' >bin/sudo
    printf '#!/bin/sh\n[ "$2" = update ] || echo "$DEBIAN_FRONTEND: $*" >made\n' >bin/apt-get
    setup_says 0
    assert_equal "what it says when it installs" "" "$OUTPUT"
    assert_equal "what is installed" "noninteractive: -qq install -y --no-install-recommends bats" "$(cat made)"
  done
}

@test "build: make help tells the targets" {
  local target
  exits 0 make help
  for target in all demo test torture fuzz check-broken coverage check check-tutorial accept-tutorial diff-NN stuck ladder asan ubsan tsan clean help; do
    assert_match "make help" "(^|[[:space:]])$target([[:space:]]|$)" "$OUTPUT"
  done
  exits 2 make test STEP=07
  assert_match "message" "there is no step '07'" "$OUTPUT"
  exits 2 make VARIANT=none
  assert_match "message" "there is no VARIANT none" "$OUTPUT"
}
