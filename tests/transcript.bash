#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# transcript.bash [--accept] FILE [CHAPTER]...: runs the transcripts of a Markdown file and compares what they show.
#
# A chapter begins with `## `. Its blocks that open with ```console are run in their order, in one bash, in a copy
# of the tree: a command stands after `$ `, its further lines after `> `, and below it what it prints, on stdout and
# stderr. Words after `console`:
#
#   needs=TOOL,...   skip the block, by name, where a tool is missing (tsan: ThreadSanitizer; 2000-descriptors: so many)
#   again            the commands only look: run them again until they show what they should
#   shape            compare drawings: a run of a character counts as one, a number as a number
#   no-run           do not run it
#
# In what is printed `...` stands for any text, alone on a line for any lines, also none; `[N]` on the last line is an
# exit status that is not 0. What a program in the background has still to print is waited for. A port from 9000 to
# 9099 is replaced by a free one. The shell's own notes about jobs are left out.
#
# Prints a line for each command that fails (file, line, expected, got) and for each block left out, and at the end
# `BLOCKS blocks, COMMANDS commands, N failed, N skipped, N not run`. --accept writes what was printed into the file.
set -u

LIMIT=${LIMIT:-30} # seconds that what a command should print may take; the command, four times as long
top=$(cd "$(dirname "$0")/.." && pwd)
accept=
[[ ${1-} == --accept ]] && { accept=yes; shift; }
file=$1
shift
mapfile -t lines <"$file"
work=$(mktemp -d) session='' name=${file##*/}
unfinished='' blocks=0 commands=0 failed=0 skipped=0 not_run=0
declare -A port_of=() new_text=() replaced_to=()

left_running() { # the processes of the chapter but its shell: the lines of /proc/PID/stat
  local stat line
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    # shellcheck disable=SC2086
    set -- ${line##*) } # state, parent, group, session
    [[ $4 != "$session" || ${line%% *} == "$session" || $1 == Z ]] || echo "$line"
  done
} 2>/dev/null

end_session() {
  local left
  [[ -z $session ]] && return
  kill -KILL "$session" # first, or it would start more
  while left=$(left_running) && [[ -n $left ]]; do
    # shellcheck disable=SC2046
    kill -KILL $(sed 's/ .*//' <<<"$left")
  done
  wait "$session"
  session=''
} 2>/dev/null
trap 'end_session; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- the shell that runs a chapter ---------------------------------------------------------------

begin_session() {
  end_session
  rm -rf "${work:?}"/*
  mkdir "$work/tree"
  tar -C "$top" -c --exclude=./.git --exclude=./build/ci --exclude=./build/{a,ub,t}san --exclude=./build/asan-ubsan \
    --exclude=./build/{tools,bench,broken,coverage,debian,fuzz,grade,class,check-grade} --exclude=./try --exclude="./mine*" . | tar -x -C "$work/tree"
  mkfifo "$work/orders" "$work/status"
  : >"$work/out"
  # It opens the pipes anew for each command, so that what it starts inherits no descriptor but 0, 1 and 2.
  cat >"$work/loop" <<'END'
set -m # as in the reader's shell: each job is a process group of its own
while read -r REPLY <"$ORDERS"; do
  . "$REPLY"
  echo $? >"$STATUS"
done
END
  (
    cd "$work/tree" || exit
    unset COLUMNS # of swarm
    unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS BUILD SERVER STEP
    export LC_ALL=C.UTF-8 NO_COLOR=1 TERM=dumb ORDERS=$work/orders STATUS=$work/status
    exec bash "$top/tests/detached.bash" env --default-signal=INT,QUIT,PIPE bash --norc --noprofile "$work/loop" </dev/null >>"$work/out" 2>&1
  ) &
  session=$!
  exec 8<>"$work/orders" 9<>"$work/status" # both ways: never an end of file
  exec 7<"$work/out"
  raw='' n=0 port_of=()
}

free_port() { # sets port
  for (( ; ; )); do
    port=$((10000 + RANDOM % 20000)) # below those that the system gives to clients
    [[ " ${port_of[*]} " == *" $port "* ]] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
  done
}

with_our_ports() { # TEXT: 90NN replaced, in REPLY
  local port
  REPLY=$1
  while [[ " $REPLY " =~ [^0-9.](90[0-9][0-9])[^0-9] ]]; do
    local said=${BASH_REMATCH[1]}
    [[ -n ${port_of[$said]-} ]] || { free_port; port_of[$said]=$port; }
    REPLY=${REPLY//"$said"/"${port_of[$said]}"}
  done
}

with_their_ports() {
  local said
  REPLY=$1
  for said in "${!port_of[@]}"; do REPLY=${REPLY//"${port_of[$said]}"/"$said"}; done
}

nap() { # as sleep 0.02, without a process. Before 5.2 bash might read for ever
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 502)); then sleep 0.02; else IFS= read -r -t 0.02 -u "$NAP"; fi
}
exec {NAP}<> <(:)

more() { # has anything been printed since we looked? It is added to $raw
  local chunk nothing=1
  while IFS= read -r -d '' chunk <&7 || [[ -n $chunk ]]; do raw+=$chunk nothing=0; done
  return $nothing
}

# What has been printed since the last command matched; without the shell's notes on jobs.
take_output() {
  more
  got=$(printf '%s' "$raw" |
    sed -E 's/^[^ ]*\/(loop|command\.[0-9]+): line [0-9]+: /bash: /
            /^(bash: +[0-9]+|\[[0-9]+\][-+ ]) +(Done|Exit|Terminated|Killed|Aborted|Broken pipe|Hangup|Interrupt|Quit|Stopped)( |$)/d'; echo x)
  got=${got%x}
  got=${got%$'\n'}
}

# ---- comparing -----------------------------------------------------------------------------------

declare -A expression_of=()
make_expression() { # TEXT: what matches it, in expression_of
  local expression='^' line c nl=$'\n'
  while IFS= read -r line; do
    if [[ $line == ... ]]; then
      expression+="([^$nl]*$nl)*"
      continue
    fi
    for c in '\' . '*' ^ $ + '?' '(' ')' '{' '}' '|' '[' ']'; do line=${line//"$c"/"\\$c"}; done
    expression+=${line//'\.\.\.'/"[^$nl]*"}$nl
  done <<<"$1"
  expression_of[$1]=$expression$
}

matches() { # EXPECTED GOT
  [[ $1 != "$2" ]] || return 0
  [[ -n ${expression_of[$1]-} ]] || make_expression "$1"
  [[ ${2:+$2$'\n'} =~ ${expression_of[$1]} ]]
}

# Two programs that print at the same moment do so in no certain order: what servers log comes last.
logs_last() {
  local log='^(0[1-6]-[a-z-]+|try): '
  grep -vE "$log" <<<"$1"
  grep -E "$log" <<<"$1"
}

shape_of() { # in parentheses, as in some locales one of these is three characters
  sed -E 's/(█)+/█/g; s/(░)+/░/g; s/(─)+/─/g; s/[0-9]+(\.[0-9]+)?/N/g; s/N ms/N s/g; s/█(░)? s/█ s/' <<<"$1"
}

blanks_as_one() { sed -E 's/[[:blank:]]+/ /g; s/^ | $//g' <<<"$1"; }

as_expected() {
  local wanted have
  [[ -n $expected ]] || { [[ -z $got ]]; return; }
  wanted=$(blanks_as_one "$expected") have=$(blanks_as_one "$got")
  if [[ $options == *" shape "* ]]; then
    wanted=$(shape_of "$(logs_last "$wanted")") have=$(shape_of "$(logs_last "$have")")
  fi
  matches "$wanted" "$have" || matches "$(logs_last "$wanted")" "$(logs_last "$have")"
}

complain() { # WHAT
  failed=$((failed + 1))
  echo "$name:$at: $1"
  sed 's/^/      /' <<<"$command"
  echo "    expected:"
  sed 's/^/      /' <<<"$expected${status:+$'\n'[$status]}"
  with_their_ports "$got"
  echo "    got:"
  sed 's/^/      /' <<<"$REPLY${result:+$'\n'[$result]}"
}

# ---- running -------------------------------------------------------------------------------------

# Runs $command, at line $at, and compares with $expected and $status ('': 0).
run_command() {
  local result='' until='' right=no
  commands=$((commands + 1))
  with_our_ports "$command"
  n=$((n + 1))
  printf '%s\n' "$REPLY" >"$work/command.$n"
  with_our_ports "$expected"
  local shown=$expected
  expected=$REPLY
  for (( ; ; )); do
    echo "$work/command.$n" >&8
    if ! read -r -t $((4 * LIMIT)) -u 9 result; then # some measure, and a busy machine is slow
      take_output
      expected=$shown
      complain "not done after $((4 * LIMIT)) s"
      unfinished=yes
      begin_session
      return
    fi
    [[ $result != 0 ]] || result=
    until=${until:-$((SECONDS + LIMIT))}
    while
      take_output
      right=no
      if as_expected && [[ $result == "$status" ]]; then right=yes; fi
      [[ $right == no && $options != *" again "* && $result == "$status" ]] && ((SECONDS < until))
    do
      until more || ((SECONDS >= until)); do nap; done
    done
    [[ $right == no && $options == *" again "* ]] && ((SECONDS < until)) || break
    more
    raw=
    nap
  done
  more
  raw=
  expected=$shown
  [[ $right == yes ]] && return
  complain "not what it says"
  with_their_ports "$got"
  new_text[$from]=$REPLY${result:+${REPLY:+$'\n'}[$result]}
  replaced_to[$from]=$to
}

missing_tool() { # OPTIONS: the first tool that is missing, in REPLY
  local tools
  REPLY=
  [[ $1 =~ \ needs=([^ ]+)\  ]] || return 1
  IFS=, read -ra tools <<<"${BASH_REMATCH[1]}"
  for REPLY in "${tools[@]}"; do
    case $REPLY in
    strace) strace -o /dev/null true 2>/dev/null || return 0 ;; # installed, but not always allowed
    tsan) # not everywhere, and it does not start on every kernel
      cc -x c -fsanitize=thread -o "$work.tsan" - <<<'int main(void) { return 0; }' 2>/dev/null && "$work.tsan" 2>/dev/null
      local status=$?
      rm -f "$work.tsan"
      ((status == 0)) || return 0
      ;;
    *-descriptors) [[ $(ulimit -Hn) == unlimited ]] || (($(ulimit -Hn) >= ${REPLY%-*})) || return 0 ;;
    *) command -v "$REPLY" >/dev/null || return 0 ;;
    esac
  done
  return 1
}

run_block() { # FIRST LAST: the lines between the fences
  local i=$1 last=$2
  blocks=$((blocks + 1))
  if [[ $options == *" no-run "* ]]; then
    not_run=$((not_run + 1))
    return
  fi
  if missing_tool "$options"; then
    skipped=$((skipped + 1))
    echo "$name:$i: skipped, it needs $REPLY"
    return
  fi
  [[ -n $session ]] || begin_session
  while ((i <= last)); do
    at=$((i + 1)) command=${lines[i]#'$ '} status=''
    if [[ ${lines[i]} != '$ '* ]]; then
      failed=$((failed + 1))
      echo "$name:$at: a block begins with a command: ${lines[i]}"
      return
    fi
    for ((i++; i <= last; i++)); do
      [[ ${lines[i]} == '> '* ]] || break
      command+=$'\n'${lines[i]#'> '}
    done
    from=$i expected=
    for (( ; i <= last; i++)); do
      [[ ${lines[i]} != '$ '* ]] || break
      expected+=${lines[i]}$'\n'
    done
    to=$i
    expected=${expected%$'\n'}
    if [[ ${expected##*$'\n'} =~ ^\[([0-9]+)\]$ ]]; then
      status=${BASH_REMATCH[1]}
      expected=${expected%"[$status]"}
      expected=${expected%$'\n'}
    fi
    run_command
  done
}

end_chapter() {
  local left
  [[ -n $session ]] || return
  left=$(left_running)
  if [[ -n $left ]]; then
    failed=$((failed + 1))
    echo "$name: chapter '$chapter' leaves running:"
    sed 's/^\([0-9]* ([^)]*)\).*/      \1/' <<<"$left"
  fi
  end_session
}

wanted() { # is this chapter asked for?
  local one
  ((${#asked[@]})) || return 0
  for one in "${asked[@]}"; do [[ $chapter == "$one"* ]] && return 0; done
  return 1
}

asked=("$@")
chapter=''
for ((l = 0; l < ${#lines[@]}; l++)); do
  if [[ ${lines[l]} == '## '* ]]; then
    end_chapter
    chapter=${lines[l]#'## '}
  elif [[ ${lines[l]} == '```'* ]]; then
    options=" ${lines[l]#'```'} "
    for ((end = l + 1; end < ${#lines[@]}; end++)); do
      [[ ${lines[end]} != '```' ]] || break
    done
    if [[ $options == ' console '* ]] && wanted; then run_block $((l + 1)) $((end - 1)); fi
    l=$end
  fi
done
end_chapter

if [[ -n $accept && -n $unfinished ]]; then # what comes after it in its chapter is not what it should be
  echo "$name: nothing is rewritten: a command was not done"
elif [[ -n $accept ]] && ((${#new_text[@]})); then
  for ((l = 0; l < ${#lines[@]}; l++)); do
    if [[ -n ${replaced_to[$l]-} ]]; then
      [[ -z ${new_text[$l]} ]] || printf '%s\n' "${new_text[$l]}"
      next=${replaced_to[$l]}
      ((next == l)) || { l=$((next - 1)); continue; }
    fi
    printf '%s\n' "${lines[l]}"
  done >"$work.new"
  cat "$work.new" >"$file"
  rm -f "$work.new"
  echo "$name: ${#new_text[@]} outputs rewritten"
fi
echo "$blocks blocks, $commands commands, $failed failed, $skipped skipped, $not_run not run"
((failed == 0))
