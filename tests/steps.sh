#!/bin/sh
# SPDX-License-Identifier: MIT
#
# steps.sh diff NN            step NN against the one before it
# steps.sh stuck NN FILE      the reader's FILE against ours of the same name, or main.c
# steps.sh ladder [NN/FILE=MAX]... [NN/FILE+FILE...=MAX]...
#                             lines of each step's files, and how many are changed against the step before;
#                             status 1 if a FILE of step NN has more changed lines than MAX, or if
#                             several FILEs have more lines together
#
# A file is compared with the one of its name in the step before. But the loop of 06 is in worker.c, and comes from 05's
# main.c: so that is compared with this.
# Opening comments are left out, differences of blanks do not count. A changed line is one that diff marks < or >.
. "$(dirname "$0")/clean-room.sh"
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complain() {
  echo "steps.sh: $*" >&2
  exit 2
}

step_of() { # 3, 03, 03-fork-echo or 03-fork-echo/: its directory
  set -- "${1%/}"
  for directory in 0[1-6]-*; do
    case $directory in "$1" | "$1"-* | "0$1"-*) echo "$directory" && return ;; esac
  done
  complain "there is no step '$1': 01 to 06"
}

before() { # the directory of the step before
  for directory in 0[1-6]-*; do
    [ "$directory" != "$1" ] || break
    previous=$directory
  done
  echo "${previous-}"
}

origin() { # STEP FILE: the file of the step before that it comes from, or nothing
  case $1/$2 in
  06-*/worker.c) set -- "$1" main.c ;;
  esac
  set -- "$(before "$1")/$2"
  [ ! -e "$1" ] || echo "$1"
}

body() { # FILE without its opening comment: from the first line that is none
  awk 'past { print; next }
       /^\/\/ SPDX/ || /^ \*/ || /^\/\*/ { next }
       { past = 1; print }' "$1"
}

compare() { # FROM TO: as diff -u, under their own names
  body "$1" >"$work/from"
  body "$2" >"$work/to"
  diff -bu --label "$1" --label "$2" "$work/from" "$work/to" || [ $? -eq 1 ]
}

changed() { # FROM TO: how many lines
  body "$1" >"$work/from"
  body "$2" >"$work/to"
  diff -b "$work/from" "$work/to" | grep -c '^[<>]' || true
}

case ${1-} in
diff)
  to=$(step_of "${2-}")
  from=$(before "$to")
  [ -n "$from" ] || complain "$to is the first step, there is none to compare it with: make diff-02"
  for file in $(for path in "$from"/*.[ch] "$to"/*.[ch]; do basename "$path"; done | sort -u); do
    origin=$(origin "$to" "$file")
    if [ ! -e "$to/$file" ]; then
      echo "only in $from: $file"
    elif [ -z "$origin" ]; then
      echo "only in $to: $file"
    else
      compare "$origin" "$to/$file"
    fi
  done
  ;;
stuck)
  mine=${3-}
  [ -n "${2-}" ] || complain "which step is your file to be compared with? make stuck STEP=03 FILE=${mine:-mine/main.c}"
  step=$(step_of "$2")
  [ -n "$mine" ] || complain "which file is yours? make stuck STEP=$2 FILE=mine/main.c"
  [ ! -d "$mine" ] || complain "'$mine' is a directory: make stuck STEP=$2 FILE=${mine%/}/main.c"
  [ -e "$mine" ] || complain "there is no file '$mine': make stuck STEP=$2 FILE=mine/main.c"
  [ -r "$mine" ] || complain "you may not read '$mine': chmod u+r '$mine'"
  directory=$(cd "$(dirname "$mine")" && pwd -P)
  case ${directory#"$(pwd -P)"/} in
  "$step") complain "'$mine' is ours, and the file itself; what you have changed in it: git diff $mine" ;;
  0[1-6]-*) complain "'$mine' is ours, of another step: make diff-${step%%-*} shows what is new in $step" ;;
  esac
  ours=$step/$(basename "$mine")
  [ -f "$ours" ] || ours=$step/main.c
  compare "$mine" "$ours"
  [ -s "$work/from" ] && diff -b "$work/from" "$work/to" >/dev/null && echo "no difference but in blanks and the opening comment"
  exit 0
  ;;
ladder)
  shift
  for budget; do
    files=$(expr "$budget" : '0[1-6]/\([^=/]*\)=[0-9][0-9]*$') || complain "a budget is NN/FILE=MAX, not '$budget'"
    for file in $(echo "$files" | tr + ' '); do
      [ -f "$(echo "${budget%%/*}"-*)/$file" ] || complain "there is no file '${budget%%/*}/$file' for '$budget'"
    done
  done
  status=0
  printf '%-18s %5s   %-12s %5s %8s\n' step lines file lines changed
  for step in 0[1-6]-*; do
    name=$step
    lines=$(cat "$step"/*.[ch] | wc -l)
    for path in "$step"/main.c "$step"/*.[ch]; do
      file=$(basename "$path")
      [ "$path" != "$step/main.c" ] || [ -n "$name" ] || continue # it came first
      n=''
      origin=$(origin "$step" "$file")
      if [ -n "$origin" ]; then
        n=$(changed "$origin" "$path")
        for budget; do
          [ "${budget%=*}" = "${step%%-*}/$file" ] || continue
          [ "$n" -le "${budget#*=}" ] || { n="$n > ${budget#*=}" status=1; }
        done
      fi
      case $origin in '' | */"$file") against='' ;; *) against="   against $origin" ;; esac
      printf '%-18s %5s   %-12s %5d %8s%s\n' "$name" "$lines" "$file" "$(wc -l <"$path")" "$n" "$against"
      name='' lines=''
    done
  done
  for budget; do
    case $budget in *+*) ;; *) continue ;; esac
    files=$(expr "$budget" : '0./\([^=]*\)=' | tr + ' ')
    # shellcheck disable=SC2086
    lines=$(cd "${budget%%/*}"-* && cat $files | wc -l)
    [ "$lines" -le "${budget#*=}" ] || { lines="$lines > ${budget#*=}" status=1; }
    printf '%-18s %s lines in all, %s at most: %s\n' "$(echo "${budget%%/*}"-*)" "$lines" "${budget#*=}" "$files"
  done
  exit "$status"
  ;;
*) complain "diff NN, stuck NN FILE or ladder" ;;
esac
