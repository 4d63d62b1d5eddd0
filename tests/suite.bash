#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# suite.bash FILE...: runs test files, several at a time, since they wait more than they work. run.sh calls it.
#
# On a terminal it prints a line for each file, and of the tests those that failed or were skipped; elsewhere TAP, a file
# when it is done. No process that a test has started may be left at the end: each has SUITE, the directory for
# temporary files, in its environment. That directory is removed.
set -u

LIMIT=1500 # seconds for a file: a last resort, since each wait in a test has a limit of its own
declare -A running=() # process group of a bats: its file
total=0 failed=0 skipped=0
terminal=
[[ ! -t 1 ]] || terminal=yes

left() { # the processes that tests have started and not ended
  local file pid
  for file in $(grep -lzsx "SUITE=$SUITE" /proc/[0-9]*/environ); do
    pid=${file//[!0-9]/}
    [[ $pid == "$$" || $pid == "$BASHPID" || ! -e /proc/$pid ]] || echo "$pid" # grep has found itself, too
  done
}

end() {
  local i pid
  trap '' INT TERM HUP
  for pid in "${!running[@]}"; do kill -TERM -- "-$pid"; done
  for i in {1..50}; do
    pid=$(left)
    [[ -n $pid ]] || break
    # shellcheck disable=SC2086
    kill -KILL $pid
    sleep 0.1
  done
  rm -rf "$SUITE"
} 2>/dev/null
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

one_more() { # one_more FAILED WHAT: the result of a check that is no test of bats
  total=$((total + 1)) failed=$((failed + $1))
  if (($1)); then
    echo "not ok $total $2"
  elif [[ -z $terminal ]]; then
    echo "ok $total $2"
  fi
}

check_left() {
  local i pid pids
  for i in {1..20}; do # who was killed may need a moment to be gone
    pids=$(left)
    [[ -n $pids ]] || break
    sleep 0.05
  done
  one_more $((${#pids} > 0)) "suite: no process is left that a test has started"
  for pid in $pids; do echo "# $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"; done 2>/dev/null
}

mkfifo "$SUITE/nap" || exit # see helpers.bash

# ---- one file: what bats prints is seen at once ----------------------------------------------------

if (($# == 1)); then
  look=(--tap)
  [[ -z $terminal || $TERM == dumb ]] || look=(--pretty)
  timeout --foreground -k 10 "$LIMIT" bats "${look[@]}" "$1" </dev/null
  status=$?
  [[ -z $(left) ]] || check_left
  exit $((status ? status : failed))
fi

# ---- many ------------------------------------------------------------------------------------------

name_of() { basename "$1" .bats; }

start() { # start FILE: its TAP, the status of bats and how long it took are found in the directory
  local out
  out=$SUITE/$(name_of "$1")
  setsid bash -c 'out=$1 began=$SECONDS; shift; "$@" >"$out.tap" 2>&1; echo $? $((SECONDS - began)) >"$out.status"' - \
    "$out" "$BUILD/odd" plain timeout --foreground -k 10 "$LIMIT" bats --tap "$1" </dev/null & # bash lets it ignore INT
  running[$!]=$1
}

# Prints what has become of a file's tests, with numbers of the whole, and counts them. Tests that bats has not come to
# have failed. (In awk, since there are hundreds of lines.)
finish() { # finish FILE
  local name code seconds counts
  name=$(name_of "$1")
  read -r code seconds <"$SUITE/$name.status" || { code=none seconds=0; }
  awk -v name="$name" -v code="$code" -v seconds="$seconds" -v n="$total" -v planned="$(grep -c '^@test' "$1")" \
    -v terminal="$terminal" -v counts="$SUITE/counts" '
    /^1\.\.[0-9]+$/ { next }
    !/^((not )?ok [0-9]+ |#)/ { $0 = "# " $0 } # a complaint of bats
    /^(not )?ok [0-9]+ / {
      bad = /^not/; skip = !bad && / # skip/; tests++; failed += bad; skipped += skip
      sub(/ok [0-9]+/, "ok " ++n)
      quiet = terminal && !bad # and so are the lines that follow
      if (terminal && skip) { sub(/^ok [0-9]+ /, ""); sub(/ # skip */, ": "); skips = skips "  skipped  " $0 "\n" }
    }
    !quiet
    END {
      if (tests < planned || (code != 0 && !failed)) {
        printf "not ok %d %s: bats ended with status %s, after %d of %d tests\n", ++n, name, code, tests, planned
        failed++
        tests++
      }
      if (terminal)
        printf "%-18s %3d passed, %d failed, %d skipped  (%d s)\n%s", name, tests - failed - skipped, failed, skipped, seconds, skips
      print tests + 0, failed + 0, skipped + 0 >counts
    }' "$SUITE/$name.tap"
  read -r -a counts <"$SUITE/counts"
  total=$((total + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
}

finish_done() {
  local pid
  for pid in "${!running[@]}"; do
    kill -0 "$pid" 2>/dev/null && continue
    finish "${running[$pid]}"
    unset "running[$pid]"
  done
}

# Those that take longest come first, or the end would wait for one of them; and more than there are cores, for they wait.
longest='/\(demo\|torture\|tutorial\|06\|clients\|build\)'
mapfile -t files < <(printf '%s\n' "$@" | grep "$longest"; printf '%s\n' "$@" | grep -v "$longest")
jobs=$((3 * $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)))
planned=$(($(cat "$@" | grep -c '^@test') + 1))
if [[ -z $terminal ]]; then echo "1..$planned"; else
  echo "$planned tests in $# files, $jobs files at a time; a line for each file when it is done:"
fi
for file in "${files[@]}"; do
  while ((${#running[@]} >= jobs)); do wait -n; finish_done; done
  start "$file"
done
while ((${#running[@]})); do wait -n; finish_done; done
check_left

((failed == 0)) || echo "$failed of $total tests failed: \`make test STEP=03\` runs those of one step." >&2
printf '%d passed, %d failed, %d skipped, in %d s.\n' $((total - failed - skipped)) "$failed" "$skipped" "$SECONDS"
[[ -n $TEST_ALL ]] || echo "\`make test-all\` runs the same, and repeats ten times as often what goes wrong only now and then."
((failed == 0))
