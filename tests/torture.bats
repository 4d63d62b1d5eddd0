#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The short part of `make torture`: calls that fail. All of it, and what it means: tests/torture/README.md.

load helpers

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
TOOLS=$BUILD/tools
[[ -e $TOOLS/shim.so ]] || TOOLS=$TOP/build/tools # a VARIANT has none of its own
README=$TOP/tests/torture/README.md

setup() {
  mkdir -p "$BATS_TEST_TMPDIR"
  cd "$BATS_TEST_TMPDIR" || return 1
  use_step 06-parallel
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS # of the make that may have started us
}

torture() { # torture WORD...: with the library of a sanitizer, if there is one, before the shim
  TORTURE_PRELOAD=$(ldd "$BUILD/06-parallel" | awk '/libasan|libtsan/ { print $3 }')
  [[ -n $TORTURE_PRELOAD ]] && export TORTURE_PRELOAD
  # In a network of its own, if it may have one, whose list of sockets nobody else has to read.
  local apart=(unshare --net sh -c 'ip link set lo up && exec "$@"' -)
  "${apart[@]}" true 2>/dev/null || apart=()
  TSAN_OPTIONS=report_thread_leaks=0 timeout $((20 * LIMIT)) "${apart[@]}" "$TOOLS/torture" "$@"
}

@test "torture: each call fails, in each server, and the promise is kept" {
  local steps=() options=() least=3000 servers=6
  [[ $SANITIZED != tsan ]] || steps=(06) least=700 servers=1
  [[ -z ${TEST_ALL:-} ]] || options=(--starts)
  torture --quick "${options[@]}" --seeds "$(repeats 40 400)" --stops "$(repeats 40 400)" "$BUILD" "$TOOLS/shim.so" "${steps[@]}" >torture.log
  assert_match "the last line" "^[0-9]+ cases, [0-9]+ calls failed or cut, 0 failures$" "$(tail -n 1 torture.log)"
  assert_at_least "cases" "$least" "$(awk 'END { print $1 }' torture.log)"
  sed -n 's/^SKIPPED/# SKIPPED/p' torture.log >&3
  grep -q '^SKIPPED log' torture.log ||
    assert_equal "logs that nobody reads" $((servers * 20)) "$(awk '$1 == "all" { print $6 }' torture.log)"
  grep -q '^SKIPPED stranger' torture.log ||
    assert_equal "strangers" $((servers * 4)) "$(awk '$1 == "all" { print $7 }' torture.log)"
}

needs_default_build() {
  [[ $BUILD -ef $TOP/build ]] || skip "the programs in build/ are looked at"
}

copy_tree() { # copy_tree NAME: sets TREE
  TREE=$BATS_TEST_TMPDIR/$1
  mkdir "$TREE"
  tar -C "$TOP" -c --exclude=./.git --exclude=./build/?*/?* . | tar -x -C "$TREE"
}

broken() { # broken BUG PROGRAM: compiles it in a copy of the tree with a bug of tests/broken; sets TREE
  needs_tool patch
  copy_tree "$1"
  patch -d "$TREE" -p1 -s <"$TOP/tests/broken/$1.patch"
  make -s -C "$TREE" CFLAGS=-O0 "$2" # the quickest to compile
}

changed() { # changed EDIT FILE PROGRAM: compiles it in a copy of the tree where sed has edited FILE; sets TREE
  copy_tree "changed-$3"
  sed -i "$1" "$TREE/$2"
  if cmp -s "$TOP/$2" "$TREE/$2"; then
    echo "the edit does not fit any more: $1"
    return 1
  fi
  make -s -C "$TREE" CFLAGS=-O0 "$3"
}

is_red() { # is_red CASES: with what is in TREE, and not with ours; and the line that says so repeats it
  local word
  exits 1 torture --seeds 1 --limit 1 "$TREE/build" "$TOOLS/shim.so" "$1"
  assert_match "what it says" "(^|"$'\n'")FAILED  $1[^ ]*: [a-z]" "$OUTPUT"
  word=$(sed -n 's/^FAILED  \([^ ]*\): .*/\1/p' <<<"$OUTPUT" | head -n 1)
  for _ in 1 2 3 4; do # what a busy machine does late may not be there the first time
    ! exits 1 torture --limit 1 "$TREE/build" "$TOOLS/shim.so" "$word" || break
  done
  assert_match "what it says" "(^|"$'\n'")FAILED  $word: " "$OUTPUT"
  exits 0 torture "$BUILD" "$TOOLS/shim.so" "$word"
}

turns_red() { # turns_red BUG PROGRAM CASES
  broken "$1" "$2"
  is_red "$3"
}

may_try() { # may_try CASES: or skips the test
  local skipped
  skipped=$(torture --limit 1 "$BUILD" "$TOOLS/shim.so" "$1" | sed -n 's/^SKIPPED //p')
  [[ -z $skipped ]] || skip "$skipped"
}

@test "torture: a bug turns it red, and the line that says so repeats it" {
  needs_default_build
  turns_red 05-descriptor-kept 05-epoll-counter 05:lasting:epoll_add:ENOMEM
  turns_red 04-no-back-pressure 04-select-echo 04:noise
  exits 1 torture "$BUILD" "$TOOLS/shim.so" 05:fork # which 05 does not call
  assert_match "what it says" "^0 cases, .* 0 failures$" "$(tail -n 1 <<<"$OUTPUT")"
  exits 2 torture "$BUILD" "$TOOLS/shim.so" 07:fork
  assert_match "message" "there is no such trial: '07:fork'" "$OUTPUT"
}

@test "torture: a log that waits for a reader turns it red" {
  needs_default_build
  may_try 01:log:terminal:1
  changed 's/standard_nonblocking(STDERR_FILENO);/;/' common/log.c 04-select-echo
  is_red 04:log:terminal
  is_red 04:log:pipe
}

@test "torture: a signal that comes with a failure turns it red" {
  needs_default_build
  changed '/signal(SIGXFSZ/d' common/log.c 02-loop-echo
  is_red 02:write_log:EFBIG
  is_red 02:log:file
}

@test "torture: a client that is watched when somebody else has its socket turns it red" {
  needs_default_build
  may_try 01:stranger:1
  changed '/(EPOLL_CTL_DEL, client->fd/d' 05-epoll-counter/main.c 05-epoll-counter
  is_red 05:stranger
}

@test "torture: its README has the rules" {
  assert_equal "the table" "$("$TOOLS/torture" --table)" "$(sed -n '/^| call | fails with/,/^$/p' "$README" | sed '/^$/d')"
}

@test "torture: what the servers call fails in it, or README says why not" {
  needs_default_build
  needs_tool nm
  nm -D --undefined-only "$TOP"/build/0[1-6]-* |
    awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u >called
  nm -D --defined-only "$TOOLS/shim.so" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >fails
  sed -n '/^| functions | why |/,/^$/p' "$README" | cut -d '|' -f 2 | grep -o '`[^`]*`' | tr -d '`' | sort -u >listed
  assert_at_least "functions that fail" 35 "$(comm -12 called fails | wc -l)"
  # What begins with _ is how the compiler and the library say it among themselves; stdout is no function.
  assert_equal "functions of which nothing is said" "" "$(comm -23 called fails | comm -23 - listed | grep -vxE '_.*|std(out|err)')"
  assert_equal "functions that fail, and are listed" "" "$(comm -12 fails listed)"
}

@test "torture: the counter answers all that the fuzzer has found, however it is cut" {
  local n
  for n in 5 6; do
    exits 0 "$TOOLS/replay-$n" "$TOP"/tests/torture/corpus/*
    assert_match "what it says" "^[1-9][0-9]+ inputs$" "$OUTPUT"
  done
  needs_default_build
  broken 05-last-line-dropped build/tools/replay-5
  exits 134 "$TREE/build/tools/replay-5" "$TOP"/tests/torture/corpus/* # abort
  assert_match "what it says" "instead of" "$OUTPUT"
}

@test "torture: the bugs of tests/broken fit, and say what is wrong, what one sees, and who catches them" {
  needs_tool patch
  cd "$TOP"
  local bug caught n=0
  for bug in tests/broken/*.patch; do
    echo "$bug"
    head -n 1 "$bug" | grep -q '^# What is wrong: .'
    sed -n 2p "$bug" | grep -q '^# What one sees: .'
    caught=$(sed -n '3s/^# Caught by: //p' "$bug")
    case $caught in
    test\ *) grep -qF "@test \"${caught#test }\"" tests/0[1-6]-*.bats ;;
    *) [[ $caught == torture\ 0[1-6]:* ]] ;;
    esac
    patch --dry-run -p1 -s <"$bug" || patch --dry-run -R -p1 -s <"$bug" # you have planted it: chapter 7
    n=$((n + 1))
  done
  assert_at_least "bugs" 30 "$n"
}

@test "torture: make check-broken tells who is caught and who is not" {
  needs_default_build
  needs_tool patch
  cp "$TOP/tests/broken/04-eintr-ends-it.patch" a.patch
  sed -n '1,/^@@/p' a.patch | sed 's/^@@.*/@@ -1 +1 @@/' >b.patch # a blank more is no bug
  printf -- '-%s\n+%s \n' "$(head -n 1 "$TOP/common/accept.c")" "$(head -n 1 "$TOP/common/accept.c")" >>b.patch
  sed '3s/.*/# Caught by: torture 04:select:ENOSPC/' a.patch >c.patch
  exits 1 bash "$TOP/tests/broken/check.sh" "$PWD/a.patch" "$PWD/b.patch" "$PWD/c.patch"
  assert_match "of the bug" "(^|"$'\n'")caught  a: torture 04:select:EINTR" "$OUTPUT"
  assert_match "of what is no bug" "(^|"$'\n'")MISSED  b: torture 04:select:EINTR" "$OUTPUT"
  assert_match "of one without a test" "(^|"$'\n'")BROKEN  c: without the patch, too" "$OUTPUT"
  assert_equal "the last line" "1 of 3 caught" "$(tail -n 1 <<<"$OUTPUT")"
}

# ---- strace: what shim.c cannot see, and whether it is right -------------------------------------

TRACED=(-D -f -qq -o trace) # -D: the server stays our child

@test "torture: strace agrees: a server that cannot start says why" {
  needs_strace
  local step call error
  for step in "$BUILD"/0[1-6]-*; do
    for call in socket:EMFILE setsockopt:ENOMEM bind:EADDRNOTAVAIL listen:EOPNOTSUPP getsockname:ENOBUFS \
      pipe2:ENFILE pipe2:EMFILE:2 epoll_create1:EMFILE; do
      IFS=: read -r call error when <<<"$call"
      case ${step##*/}:$call:$when in
      0[1-3]*:pipe2:* | 0[1-4]*:epoll* | 0[1-5]*:pipe2:2) continue ;; # they have none, or no second
      esac
      NAME=${step##*/}
      exits 1 strace "${TRACED[@]}" -e "trace=$call" -e "inject=$call:error=$error:when=${when:-1}" "$step" 127.0.0.1:0
      assert_match "what $NAME says of $call" "^$NAME: cannot [^"$'\n'"]*: $(reason "$error")$" "$OUTPUT"
    done
  done
}

reason() { # reason ERROR: in the words of strerror
  case $1 in
  EMFILE) echo "Too many open files" ;;
  ENFILE) echo "Too many open files in system" ;;
  ENOMEM) echo "Cannot allocate memory" ;;
  EADDRNOTAVAIL) echo "Cannot assign requested address" ;;
  EOPNOTSUPP) echo "Operation not supported" ;;
  ENOBUFS) echo "No buffer space available" ;;
  esac
}

@test "torture: strace agrees: --help that cannot be written is a failure" {
  needs_strace
  local program
  for program in "$BUILD"/0[1-6]-* "$BUILD"/say "$BUILD"/swarm; do
    exits 1 strace "${TRACED[@]}" -e trace=write -e inject=write:error=ENOSPC:when=1 "$program" --help
    assert_match "what it says" "No space left on device" "$OUTPUT"
  done
}

@test "torture: strace agrees: without a process one client is lost, without a descriptor it waits" {
  needs_strace
  use_step 03-fork-echo
  LAUNCH=(strace "${TRACED[@]}" -e trace=process -e 'inject=clone,clone3,fork,vfork:error=EAGAIN:when=1')
  start
  connect
  hears_the_end "$FD"
  await grep -q 'client 127.0.0.1:[0-9]*: Resource temporarily unavailable' "$LOG"
  connect
  greet "$FD"
  hang_up "$FD"
  stop TERM

  use_step 02-loop-echo # it waits for the end of a shortage with poll, which then fails, too
  LAUNCH=(strace "${TRACED[@]}" -e 'trace=accept,accept4,poll' -e 'inject=accept,accept4:error=EMFILE'
    -e inject=poll:error=ENOMEM)
  start
  connect
  hears_nothing "$FD" 0.5
  assert_at_most "calls of accept and poll" 100 "$(wc -l <trace)" # a busy loop makes thousands
  signal TERM
  await_end

  local step
  for step in 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
    use_step "$step"
    LAUNCH=(strace "${TRACED[@]}" -e 'trace=accept,accept4' -e 'inject=accept,accept4:error=EMFILE:when=1..3')
    start
    connect
    greet "$FD"
    hang_up "$FD"
    grep -q ': cannot accept: Too many open files' "$LOG"
    signal TERM
    await_end
  done
}

@test "torture: strace agrees: nothing is closed that is not open" {
  needs_strace
  local step
  for step in 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
    use_step "$step"
    LAUNCH=(strace "${TRACED[@]}" -e trace=close)
    start
    connect
    greet "$FD"
    signal QUIT
    await_refusal
    signal TERM
    signal TERM 2>/dev/null || true # it may have ended
    await_end
    hang_up "$FD"
    assert_at_least "calls of close by $step" 3 "$(grep -c 'close(' trace)"
    # A child of 03 that was made while its parent closed the listener has nothing to close: -1.
    assert_equal "those of $step that fail" "" \
      "$(awk '/close\(-1/ { none[$1] = 1; next } /close resumed/ && none[$1]-- > 0 { next } /EBADF/' trace)"
  done
}
