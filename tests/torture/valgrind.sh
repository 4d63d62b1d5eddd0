#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# valgrind.sh BUILD: each step once under valgrind, with clients that behave and clients that do not. Prints a line for
# each; fails on an error that valgrind tells, on memory that was lost, and on a descriptor that was not closed again.
. "$(dirname "$0")/../clean-room.sh" || exit
set -u
cd "$(dirname "$0")/../.." || exit
build=$1
work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -KILL "$pid"; rm -rf "$work"' EXIT
failed=0

# Of the descriptors that are open at the end, a server has some for its whole life. What it has accepted is lost.
wrong() { # wrong STATUS: what is not as it should be
  local status=$1
  [[ $status == "$wanted" ]] || echo "exit status $status instead of $wanted"
  grep -E 'definitely lost: [^0]|Invalid (read|write)|uninitialised' "$work/valgrind.log"
  sed '1,/FILE DESCRIPTORS/d' "$work/valgrind.log" | grep -E 'accept4? \('
}

clients() {
  local protocol=echo
  [[ $step != 05* ]] || protocol=counter
  if [[ $step != 01* ]]; then
    "$build/rude" reset "127.0.0.1:$port" 3 $'hello\n' &&
      "$build/swarm" --clients 5 --rounds 5 --protocol "$protocol" "$port" || return
  fi
  "$build/say" --timeout 20 "$port" hello inc
}

for step in 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
  rm -f "$work"/*
  wanted=0
  [[ $step != 02* ]] || wanted=143 # TERM kills it: 128 + 15
  mkfifo "$work/err"
  valgrind --error-exitcode=99 --leak-check=full --track-fds=yes --trace-children=yes \
    --log-file="$work/valgrind.log" "build/$step" 0 2>"$work/err" &
  pid=$!
  exec 3<"$work/err"
  read -r -t 60 -u 3 line || line=
  port=${line##*:}
  cat <&3 >/dev/null & # the rest of its log
  exec 3<&-
  clients >"$work/clients" 2>&1
  served=$?
  [[ $step == 01* ]] || kill -TERM "$pid"
  wait "$pid"
  what=$(wrong $?)
  ((served == 0)) || what+=$'\n'"its clients: $(<"$work/clients")"
  pid=
  if [[ -z $what ]]; then
    echo "$step: nothing lost"
  else
    echo "$step: $what"
    sed 's/^/        /' "$work/valgrind.log"
    failed=1
  fi
done
exit "$failed"
