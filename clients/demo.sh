#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh BUILD: the six steps at work. Each in turn meets three clients (BUILD/swarm), and we see
# who is served when. What is drawn and said was measured in this very run. Where a server does not
# do what its step promises, that is said on stderr, and the status is 1.
. "$(dirname "$0")/../tests/clean-room.sh"
set -u

build=${1:?usage: demo.sh BUILD, the directory of the programs}
dir=$(mktemp -d) || exit 1
log=$dir/log chart=$dir/chart
server='' status=0 wrong=0 legend=yes bold='' plain=''

trap '[ -z "$server" ] || kill -TERM "$server" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# swarm's chart passes through a file, so it cannot see how wide the terminal is.
case ${COLUMNS-} in
'' | 0* | *[!0-9]* | ?????*) COLUMNS= ;;
esac
if [ -z "$COLUMNS" ] && [ -t 1 ]; then
    { COLUMNS=$(stty size <&3 2>/dev/null | sed -n 's/.* \([1-9][0-9]*\)$/\1/p'); } 3>&1
fi
if [ -n "$COLUMNS" ]; then
    [ "$COLUMNS" -le 80 ] || COLUMNS=80
    export COLUMNS
fi

# Breaks lines that are too wide, between words.
fold_lines() {
    if [ -n "$COLUMNS" ]; then
        fold -s -w "$COLUMNS" | sed 's/ *$//'
    else
        cat
    fi
}

if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ -n "${TERM-}" ] && [ "$TERM" != dumb ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
    export CLICOLOR_FORCE=1 # swarm's chart passes through a file
fi

# needs LEAST HAVE WHAT OPTION: ends us where a limit is too low to show anything.
needs() {
    case $2 in
    '' | *[!0-9]*) return ;; # unlimited
    esac
    if [ "$2" -lt "$1" ]; then
        echo "demo: needs $1 $3, and there may be $2 here: ulimit $4 $1" >&2
        exit 2
    fi
}

# shellcheck disable=SC3045 # every sh that we know has -n and -v
needs 32 "$(ulimit -n)" 'descriptors a process' -n
# shellcheck disable=SC3045
needs 60000 "$(ulimit -v)" 'kB of memory a process' -v
if ! (
    trap 'kill $pids; wait $pids' EXIT
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 5 &
        pids="${pids-} $!"
    done
) 2>/dev/null; then
    echo 'demo: needs ten processes at once, and you may not start so many more: ulimit -u' >&2
    exit 2
fi

complain() {
    echo "demo: $name: $*" >&2
    why='' wrong=1
}

# Has the server logged a line that is all like $1?
logged() {
    grep -q "^$name: $1\$" "$log"
}

# Waits until it has; at most five seconds, and not longer than the server lives.
await() {
    tries=250
    until logged "$1"; do
        if [ "$tries" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
            break
        fi
        tries=$((tries - 1))
        sleep 0.02
    done
    logged "$1"
}

# Starts the server, with the options there are, at a port that the system chooses.
start() {
    : >"$log" # the background job may be late to make it
    "$build/$name" "$@" 0 2>"$log" &
    server=$!
    await 'listening on 127\.0\.0\.1:[0-9]*'
}

# Ends the server (01 ends by itself), and takes its status. The shell's own words about that are
# thrown away.
stop() {
    [ "$name" = 01-sync-echo ] || kill -TERM "$server"
    await 'server terminated' || kill -KILL "$server"
    wait "$server"
    status=$?
    server=''
} 2>/dev/null

# How many of the clients ended in one of these ways, by swarm's figures: "1 served, 2 reset; ..."
count() {
    echo "$figures" | awk -F '[,;]' -v ways="$1" \
        '{ for (i = 1; i <= NF; i++) if ($i ~ ways) n += $i; print n + 0 }'
}

# Prints the chart; the legend, which is below its axis, only the first time. What swarm says then
# goes into figures; it may be folded.
show() {
    sed '/^clients /,$d' "$chart" | if [ $legend = yes ]; then cat; else sed '/^ *0 /q'; fi
    legend=no
    figures=$(tr -s '\n ' '  ' <"$chart" | sed -n 's/.* clients [0-9]*: \(.*\) messages .*/\1/p')
    most=${figures##*at most }
    measured="$(count served) $(count 'refused|reset|cut short') ${most%% *}"
}

# meet NAME WHAT-IT-IS SERVED LOST AT-ONCE STATUS WHY PROTOCOL [OPTION]...: shows the server, checks
# the three numbers and the status, and says why they are as they are.
meet() {
    name=$1 served=$3 lost=$4 at_once=$5 promised=$6 why=$7 protocol=$8
    echo
    echo "$name  $2" | fold_lines | sed "1s/^[^ ]*/$bold&$plain/"
    shift 8

    if ! start "$@"; then
        complain "expected that it listens; it says: $(cat "$log")"
        stop
        return
    fi
    LC_ALL='' LC_CTYPE=$LOCALE \
        "$build/swarm" --clients 3 --rounds 3 --pause 150 --timeout 10 --timeline \
        --protocol "$protocol" "$(sed -n "s/^$name: listening on //p" "$log")" >"$chart"
    stop
    show
    [ "$measured" = "$served $lost $at_once" ] ||
        complain "expected $served served, $lost refused, reset or cut short, $at_once at once;" \
            "measured ${figures:-nothing}"
    [ "$status" = "$promised" ] || complain "expected exit status $promised, not $status"
    [ "$promised" != 0 ] || logged 'server terminated' ||
        complain "expected 'server terminated'; it says: $(cat "$log")"
    if [ "$protocol" = counter ]; then
        counter=$(sed -n "s/^$name: \(counter=.*\)/\1/p" "$log")
        figures="$figures${counter:+; $counter}"
        [ "$counter" = counter=9 ] || complain "expected counter=9; it says: $(cat "$log")"
    fi
    echo "$figures${why:+: $why}" | fold_lines
}

echo 'Three clients at once; each sends three messages and pauses in between.' | fold_lines
meet 01-sync-echo 'one client, then it is over' \
    1 2 1 0 'it ends with its first client' echo
meet 02-loop-echo 'one client after the other' \
    3 0 1 143 'the others wait until one has left' echo
meet 03-fork-echo 'a process for each client' \
    3 0 3 0 'nobody waits' echo
meet 04-select-echo 'all clients in one process, with select' \
    3 0 3 0 'nobody waits, and no fork' echo
meet 05-epoll-counter 'all clients in one process, with epoll; they share a counter' \
    3 0 3 0 'one thread, no lock' counter
meet 06-parallel 'two threads; the counter is atomic' \
    3 0 3 0 'none is lost' counter --protocol counter --threads 2
exit $wrong
