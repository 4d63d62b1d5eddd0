#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh [quick] [FILE...]: is the grader right? `make check-grade` calls it.
#
# Each server of right/ has to get all points of the core, and of the levels that it names; each of
# wrong/ has to lose the test that it names, with the hint that it names; our own six have to get all
# there is. Ten times each, half of them beside a load, with other data each time; quick: once. ROUNDS=N:
# as often as that, and of the wrong ones never more than the test that they have to lose.
#
# The first comments of a server say what is expected of it, and how it is built and run:
#   grade: right|wrong   step: 03 04   needs: go   build: go build -o PROGRAM FILE   run: PROGRAM {port}
#   full: core robust    (right)       loses: half-close   hint: never-closes        (wrong)
. "$(dirname "$0")/../clean-room.sh" || exit
set -u
cd "$(dirname "$0")/../.." || exit
grade=$PWD/build/grade
work=$PWD/build/check-grade
marker=CHECK_GRADE_$$
export "$marker=1"
rounds=${ROUNDS:-10} cores=$(getconf _NPROCESSORS_ONLN)
at_once=$((5 * cores)) # they wait more than they work
if [[ ${1-} == quick ]]; then
  rounds=1
  shift
fi
rm -rf "$work"
mkdir -p "$work"
loads=()

left() { # what a grading has started and not ended
  local file pid
  # shellcheck disable=SC2013 # no word of theirs has a blank
  for file in $(grep -lzsx "$marker=1" /proc/[0-9]*/environ); do
    pid=${file//[!0-9]/}
    [[ " ${loads[*]-} $$ $BASHPID " == *" $pid "* || ! -e /proc/$pid ]] || echo "$pid"
  done
}

end() {
  local pid
  for pid in "${loads[@]}" $(jobs -p); do kill "$pid"; done
} 2>/dev/null
trap end EXIT
trap 'exit 130' INT TERM HUP

field() { # field NAME FILE: of the comments that a server begins with
  sed -nE "1,14s/^[^a-z]*$1: *(.*[^ *\/]).*/\1/p" "$2" | head -n 1
}

# ---- one server, one time --------------------------------------------------------------------------

# What went wrong with a test or a level, in a line; nothing: all is as expected.
judge() { # judge JSON KIND LOSES HINT FULL
  awk -v kind="$2" -v loses="$3" -v hint="$4" -v full="$5" '
    function value(key, line) {
      if (!match(line, "\"" key "\": (\"[^\"]*\"|[a-z0-9]+)")) return ""
      line = substr(line, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
      gsub(/"/, "", line)
      return line
    }
    /^    "trouble": "/ { trouble = 1; match($0, /: ".*/); said = substr($0, RSTART + 3, 200) }
    /^    "seconds"/ { seconds = value("seconds", $0) }
    /^      \{"name"/ {
      name = value("name", $0); level[name] = value("level", $0); status[name] = value("status", $0)
      order[++n] = name
    }
    /^       "hint"/ { hints[name] = value("hint", $0) }
    END {
      if (kind == "right") {
        if (trouble) print "could not be tried: " said
        for (i = 1; i <= n; i++)
          if (status[order[i]] != "pass" && index(" " full " ", " " level[order[i]] " "))
            print order[i] ": " status[order[i]] ", " hints[order[i]]
        if (!n) print "there is no result"
      } else if (loses == "any") {
        for (i = 1; i <= n; i++) if (status[order[i]] == "fail" && level[order[i]] == "core") bad = 1
        if (!trouble && !bad) print "lost nothing of the core"
      } else if (trouble && loses == "starts") {
        if (hint != "" && status["starts"] == "fail" && hints["starts"] != hint)
          print "starts: hint " hints["starts"] ", not " hint
      } else if (trouble) print "could not be tried: " said
      else if (status[loses] != "fail") print loses ": " (status[loses] ? status[loses] : "not tried")
      else if (hint != "" && hints[loses] != hint) print loses ": hint " hints[loses] ", not " hint
    }' "$1"
}

# Grades once; leaves a line in its log for each thing that is not as expected.
try_once() { # try_once LABEL ROUND KIND STEP LOSES HINT FULL COMMAND [PROTOCOL]
  local label=$1 round=$2 kind=$3 step=$4 loses=$5 hint=$6 full=$7 command=$8 json status began only=()
  json=$work/$label.$step.$round.json
  began=$(date +%s%N)
  # Of a wrong one everything is tried the first time, for the record, then what it has to lose.
  [[ $kind == right || $loses == any || $round == 1 && $rounds != 1 && -z ${ROUNDS-} ]] || only=(--only "starts,$loses")
  timeout -k 10 400 "$grade" --jobs 3 --step "$step" ${9:+--protocol "$9"} --seed "$round" "${only[@]}" --json "$json" "$command" \
    >"${json%.json}.txt" 2>&1 </dev/null
  status=$?
  [[ -s $json ]] || { echo "round $round: grade ended with status $status, without a result" >>"$work/$label.$step.wrong"; return; }
  judge "$json" "$kind" "$loses" "$hint" "$full" | sed "s/^/round $round: /" >>"$work/$label.$step.wrong"
  echo "$((($(date +%s%N) - began) / 1000000)) $status" >>"$work/$label.$step.times"
}

# ---- all of them -----------------------------------------------------------------------------------

labels=() about=()
queue() { # queue LABEL KIND STEP LOSES HINT FULL COMMAND [PROTOCOL]
  labels+=("$1.$3")
  about+=("$(printf '%s\037' "$@")") # no blank, or empty ones would be lost
}

queue_file() { # queue_file FILE
  local file=$1 kind needs build run step program
  program=$work/$(basename "$file").bin
  kind=$(field grade "$file")
  needs=$(field needs "$file")
  if [[ -n $needs ]] && ! command -v "$needs" >/dev/null; then
    echo "skipped  $(basename "$file"): $needs is not installed"
    skipped=$((skipped + 1))
    return
  fi
  build=$(field build "$file")
  if [[ -n $build ]]; then
    build=${build//PROGRAM/$program}
    if ! eval "${build//FILE/$file}" >"$program.log" 2>&1; then
      echo "FAILED   $(basename "$file"): it cannot be compiled"
      sed 's/^/         /' "$program.log"
      failed=$((failed + 1))
      return
    fi
  fi
  run=$(field run "$file")
  run=${run//PROGRAM/$program}
  run=${run//FILE/$PWD/$file}
  for step in $(field step "$file"); do
    queue "$(basename "$file")" "$kind" "$step" "$(field loses "$file" | cut -d ' ' -f 1)" "$(field hint "$file")" \
      "$(field full "$file")" "$run"
  done
}

passed=0 failed=0 skipped=0
files=("$@")
if ((${#files[@]} == 0)); then
  files=(tests/grade/right/* tests/grade/wrong/*)
  all="core robust orderly"
  i=0
  for program in 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
    i=$((i + 1))
    queue "$program" right "0$i" "" "" "$all" "build/$program"
  done
  queue "06-parallel-counter" right 06 "" "" "$all" "build/06-parallel --protocol counter" counter
fi
for file in "${files[@]}"; do queue_file "$file"; done

for ((round = 1; round <= rounds; round++)); do
  if ((round > rounds / 2 && rounds > 1 && ${#loads[@]} == 0)); then # from now on beside a load
    for ((i = 0; i < 2 * cores; i++)); do
      (exec -a load bash -c 'while :; do :; done') &
      loads+=($!)
    done
  fi
  for i in "${!labels[@]}"; do
    IFS=$'\037' read -r label kind step loses hint full command protocol <<<"${about[i]}"
    while (($(jobs -rp | wc -l) - ${#loads[@]} >= at_once)); do wait -n; done
    try_once "$label" "$round" "$kind" "$step" "$loses" "$hint" "$full" "$command" "$protocol" &
  done
  while (($(jobs -rp | wc -l) > ${#loads[@]})); do wait -n; done
done
end
loads=()

for label in "${labels[@]}"; do
  if [[ -s $work/$label.wrong ]]; then
    failed=$((failed + 1))
    echo "FAILED   $label"
    sed 's/^/         /' "$work/$label.wrong"
  else
    passed=$((passed + 1))
    awk -v label="$label" -v last="$(tail -n 1 "$work/$label"*.1.txt | grep -h . | cut -c 1-70)" '
      { if ($1 > most) most = $1; sum += $1 }
      END { printf "ok       %-36s %d times, %.1f s, at most %.1f s  %s\n", label, NR, sum / NR / 1000, most / 1000, last }' \
      "$work/$label.times"
  fi
done
pids=$(left)
if [[ -n $pids ]]; then
  failed=$((failed + 1))
  echo "FAILED   something is left that a server has started:"
  for pid in $pids; do echo "         $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"; done
fi
echo "$passed servers judged as they should be, $failed not, $skipped skipped; $rounds rounds."
((failed == 0))
