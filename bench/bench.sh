#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh [quick]: measures our servers and all peers that are installed; `make bench` calls it.
# quick: fewer rounds, shorter ones, and the peers with one workload only, echo-64 (and counter).
#
# In each round of a workload each server is measured once, one after another, so that what changes
# the machine's speed meets all of them. swarm is the clients, and reads the server's CPU time. The
# servers have the first core, swarm has the last, but for those that are to use several.
#
# Writes results.csv, servers.tsv and environment.tsv; report.sh makes the rest of them. From the
# environment: BUILD, where our programs are (build); RESULTS, the directory for them (BUILD/bench);
# ROUNDS, SECONDS_EACH; and SERVERS and WORKLOADS, of which only those are measured whose names match
# (extended regular expressions).
. "$(dirname "$0")/../tests/clean-room.sh"
set -u
cd "$(dirname "$0")/.." || exit 1
bin=${BUILD:-build}
out=${RESULTS:-$bin/bench}
logs=$out/logs
case "$# ${1:-}" in
"0 ") quick= ;;
"1 quick") quick=yes ;;
*)
  echo "usage: bench.sh [quick]" >&2
  exit 2
  ;;
esac
rounds=${ROUNDS:-${quick:+5}}
rounds=${rounds:-21}
seconds=${SECONDS_EACH:-${quick:+0.08}}
seconds=${seconds:-0.1}
case $rounds/$seconds in
*[!0-9]*/* | */*[!0-9.]*)
  echo "bench.sh: ROUNDS and SECONDS_EACH are numbers, as 5 and 0.1, not '$rounds' and '$seconds'" >&2
  exit 2
  ;;
esac
slow_rounds=$(((rounds * 3 + 4) / 5)) # where clients take long to come
tab=$(printf '\t')
rm -rf "$logs" "$out/report.md" # which tells that a run is finished
mkdir -p "$logs" || exit 1
# shellcheck disable=SC3045 # every sh that we know has -n and -H
ulimit -n "$(ulimit -H -n)"
# shellcheck disable=SC3045
most=$(ulimit -n) # clients at once: 05 and 06 keep a tenth for themselves
[ "$most" != unlimited ] || most=1000000
most=$((most * 9 / 10 - 10))

fail() {
  echo "bench.sh: $*" >&2
  exit 1
}

# ---- the servers: NAME, PROTOCOL, CORES (one, all) and COMMAND; their processes are $running

queue="--backlog 4096"
steps() {
  cat <<END
01-sync-echo	echo	one	$bin/01-sync-echo $queue
02-loop-echo	echo	one	$bin/02-loop-echo $queue
03-fork-echo	echo	one	$bin/03-fork-echo $queue --max-connections 1100
04-select-echo	echo	one	$bin/04-select-echo $queue
05-epoll-counter	counter	one	$bin/05-epoll-counter $queue
06-parallel	echo	one	$bin/06-parallel $queue --threads 1
05-again	counter	one	$bin/05-epoll-counter $queue
06-again	echo	one	$bin/06-parallel $queue --threads 1
END
}

peers() {
  awk -F '\t' -v OFS='\t' '$2 != "missing" { print $1, $2, $1 == "go" ? "all" : "one", $4 }' "$out"/servers.tsv
  awk -F '\t' -v OFS='\t' '$1 == "floor" { print "floor-again", $2, "one", $4 }' "$out"/servers.tsv
}

accept_modes() { # accept_modes NAME OPTION...: 06 with one and two threads, each and one accepting
  name=$1
  shift
  for way in each-1 each-2 each-2-again one-1 one-2 one-2-again; do
    mode=${way%%-*} threads=${way#*-}
    printf '%s\techo\tall\t%s\n' "$name-$way" \
      "$bin/06-parallel $queue --accept $mode --threads ${threads%%-*} $*"
  done
}

on() { # on CORES COMMAND...: in place of this shell
  cores=$1
  shift
  [ "$cores" = all ] && exec "$@"
  exec taskset -c "$cores" "$@"
}

running=
start() { # start NAME CORES COMMAND...: sets pid and port
  started=$1 log=$logs/$1
  [ "$2" = one ] && cores=$first || cores=all
  shift 2
  : >"$log"
  on "$cores" "$@" 0 </dev/null >/dev/null 2>"$log" &
  pid=$!
  running="$running $pid"
  until port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$log") && [ -n "$port" ]; do
    kill -0 $pid 2>/dev/null || fail "$started has ended: $(cat "$log")"
    sleep 0.02
  done
  eval "pid_$(variable "$started")=$pid port_$(variable "$started")=$port"
}

variable() { echo "$1" | tr -c 'a-z0-9\n' _; }

stop_all() {
  # shellcheck disable=SC2086
  [ -n "$running" ] && kill $running 2>/dev/null
  # shellcheck disable=SC2086
  wait $running 2>/dev/null
  running=
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- measuring

row() { # row MESSAGES SECONDS CPU P50 P99 P999 BEFORE AFTER CLIENTS NOTE
  case $workload in
    # 06 in several ways, each a workload
    bare | work) case $name in *-again) what=${name%-again},06-again ;; *) what=$name,06-parallel ;; esac ;;
    *) what=$workload,$name ;;
  esac
  (IFS=, && echo "$round,$what,$*") >>"$out"/results.csv
}

field() { # field NAME: of $figures
  for word in $figures; do
    [ "${word%%=*}" = "$1" ] && echo "${word#*=}" && return
  done
  echo
}

measure() { # measure OPTION...: a row for the server $name at $port
  calmly=
  case $workload in bare | work) calmly=$batch ;; esac
  # shellcheck disable=SC2086
  if ! figures=$(on "$last" $calmly "$bin/swarm" "$port" --server "$pid" --figures --timeout 60 "$@" 2>"$logs/swarm"); then
    row '' '' '' '' '' '' '' '' '' "failed: $(tr ',\n' ' ;' <"$logs/swarm")$figures"
    failures=$((failures + 1))
    return
  fi
  row "$(field messages)" "$(field seconds)" "$(field cpu_us)" "$(field p50_us)" "$(field p99_us)" \
    "$(field p999_us)" "$(field memory_before)" "$(field memory_after)" "$(field clients)" "$(remark)"
}

remark() {
  case $workload:$name in
  counter:* | memory:*) ;;
  *:05*) echo "counts: a line of 4 bytes, answered with 29" ;;
  esac
}

# Why a server is not measured with this workload: the first line that matches.
why_not() { # why_not NAME CLIENTS
  case $workload:$1 in
  bulk:05*) echo "counts lines" ;;
  echo-1:01*) ;;
  *:01*) echo "serves one client and ends" ;;
  echo-1:02* | bulk:02*) ;;
  *:02*) echo "serves one client at a time" ;;
  *:04*) [ "$2" -gt 1018 ] && echo "more clients than select can watch" ;;
  *:03*) [ "$2" -gt 1100 ] && echo "more clients than processes that we would start" ;;
  *:socat) [ "$2" -gt 200 ] && echo "more clients than processes that we would start" ;;
  esac
}

show() {
  if [ -t 2 ]; then
    printf '\r[%3d %%] %s: round %s of %s, %-20s' $((100 * done / total)) "$workload" "$round" "$many" "$name" >&2
  fi
}

# The lines of a list in another order in each round: who comes after whom may matter.
shuffled() {
  echo "$1" | awk -v round="$round" '{ line[NR] = $0 }
    END {
      srand(round)
      for (i = NR; i > 0; i--) {
        j = int(rand() * i) + 1
        print line[j]
        line[j] = line[i]
      }
    }'
}

# The lines of a list that SERVERS and WORKLOADS ask for. With bare and work each line is a workload.
asked_for() {
  awk -F '\t' -v names="$names" '
    BEGIN { servers = "^(" (ENVIRON["SERVERS"] == "" ? ".*" : ENVIRON["SERVERS"]) ")$"; workloads = ENVIRON["WORKLOADS"] }
    {
      server = $1
      n = split(names, name, " ")
      if (names == "bare" || names == "work") {
        server = $1 ~ /-again$/ ? "06-again" : "06-parallel"
        name[1] = $1
      }
      for (i = 1; i <= n; i++)
        if (server ~ servers && name[i] ~ workloads) {
          print
          next
        }
    }'
}

# Waits until the server has seen many clients off, which some do at leisure.
settle() {
  cpu=
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    before=$cpu
    cpu=$(cat "/proc/$pid"/task/*/schedstat 2>/dev/null | awk '{ sum += $1 } END { print sum }')
    [ "$cpu" = "$before" ] && return
    sleep 0.05
  done
}

# measure_all NAMES ROUNDS CLIENTS FRESH SERVERS OPTION...: NAMES are workloads that differ in their
# last part, how many idle clients there are; a server has them one right after another, so that
# they can be compared. SERVERS is a list as of steps. FRESH: start a server again for each.
measure_all() {
  names=$1 many=$2 active=$3 fresh=$4
  case $names in *' '*) # of these each may be left out
    # shellcheck disable=SC2086
    kept=$(printf '%s\n' $names | grep -E -e "${WORKLOADS:-.}" | tr '\n' ' ')
    [ -z "$kept" ] || names=${kept% }
    ;;
  esac
  chosen=$(echo "$5" | asked_for)
  if [ -z "$chosen" ]; then
    done=$((done + 1))
    return
  fi
  shift 5
  [ -t 2 ] || echo "[$((100 * done / total)) %] $names" >&2
  round=1
  while [ $round -le "$many" ]; do
    while IFS=$tab read -r name protocol cores command; do
      [ -n "$name" ] || continue
      for workload in $names; do
        show
        case $workload in idle-*) idle=${workload##*-} ;; memory) idle=$memory_idle ;; *) idle=0 ;; esac
        reason=$(why_not "$name" $((active + idle)))
        [ -n "$reason" ] || [ $((active + idle)) -le "$most" ] || reason="more clients than descriptors that a process may have"
        if [ -n "$reason" ]; then
          row '' '' '' '' '' '' '' '' '' "$reason"
          continue
        fi
        eval "pid=\${pid_$(variable "$name"):-} port=\${port_$(variable "$name"):-}"
        # shellcheck disable=SC2086
        [ $round = 1 ] && [ "$workload" = "${names%% *}" ] || [ "$fresh" = yes ] || [ "$name" = 01-sync-echo ] &&
          start "$name" "$cores" $command
        measure --protocol "$protocol" --clients "$active" --idle "$idle" --seconds "$seconds" "$@"
        [ $((active + idle)) -lt 500 ] || settle
        [ "$fresh" = no ] || stop_all
      done
    done <<END
$(shuffled "$chosen")
END
    round=$((round + 1))
  done
  stop_all
  done=$((done + 1))
}

# ---- the environment

value() { printf '%s\t%s\n' "$1" "$2"; }

environment() {
  value CPU "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)"
  value cores "$(nproc)"
  value memory "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo)"
  value kernel "$(uname -sr)"
  # shellcheck disable=SC1091
  value system "$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
  value "congestion control" "$(cat /proc/sys/net/ipv4/tcp_congestion_control)"
  # shellcheck disable=SC2086 # CC may have words
  value compiler "$(${CC:-cc} --version | head -n 1)"
  value flags "${CFLAGS:--O2 -g}"
  value "C library" "$(getconf GNU_LIBC_VERSION 2>/dev/null || echo unknown)"
  # shellcheck disable=SC3045
  value "descriptors a process" "$(ulimit -n)"
  value date "$(date -u +%Y-%m-%d)"
  value rounds "$rounds; with 1,000 clients, and beside idle ones, $slow_rounds"
  value "seconds for each" "$seconds; bare and work $longer"
  value quick "${quick:-no}"
  value "core of the servers" "$first"
  value "core of the clients" "$last"
  value "stolen by the host" "$(stolen)"
  value "load average at the start" "$load"
}

stolen() { # since the last line of $at_start
  # shellcheck disable=SC2046
  awk -v before="$at_start" '/^cpu / {
    split(before, b); for (i = 2; i <= 9; i++) all += $i - b[i]
    printf "%.1f %% of the CPU time", all ? 100 * ($9 - b[9]) / all : 0 }' /proc/stat
}

first=0 last=$(($(nproc) - 1))
if ! command -v taskset >/dev/null || [ $last = 0 ]; then
  first=all last=all
fi
batch= # where the clients share a core with the server: do not interrupt it for every answer
command -v chrt >/dev/null && batch="chrt --batch 0"

# ---- the workloads

at_start=$(head -n 1 /proc/stat)
load=$(cut -d ' ' -f 1 /proc/loadavg)
sh bench/peers/peers.sh >"$out"/servers.tsv || echo "bench.sh: goes on without it" >&2
awk -F '\t' '$2 == "missing" {
    print "not installed, so not measured: " $1
    for (i = split($3, package, " "); i > 0; i--)
      if (!named[package[i]]++) all = all " " package[i]
  }
  END { if (all) print "on Debian: apt-get install --no-install-recommends" all }' "$out"/servers.tsv >&2
echo "round,workload,server,messages,seconds,cpu_us,p50_us,p99_us,p999_us,memory_before,memory_after,clients,note" >"$out"/results.csv

done=0 total=13 failures=0 memory_idle=
both=$(steps; peers)
echoes=$(echo "$both" | grep -v "^lwt-counter")
ours=$(echo "$echoes" | grep -E "^(0.-.*|floor.*)$tab")
some=$(echo "$echoes" | grep -E "^(0.-.*|libuv|go1|lwt)$tab")
counters=$(steps | grep "^0[56].*" | sed "s/${tab}echo${tab}\(.*\)/${tab}counter${tab}\1 --protocol counter/"
  peers | grep "^lwt-counter")
if [ "$quick" ]; then
  few=$ours some=$(echo "$ours" | grep -v "again\|floor")
else
  few=$echoes
fi

measure_all echo-1 "$rounds" 1 no "$few"
measure_all echo-64 "$rounds" 64 no "$echoes"
measure_all echo-1000 "$slow_rounds" 1000 no "$few"
large=$(peers | sed -n "s/^floor$tab\(.*\)/floor-256k$tab\1 --buffer 262144/p") # as much as 06 reads at once
measure_all bulk "$rounds" 1 no "$few
$large" --size 65536 --depth 64 --discard
measure_all churn "$rounds" 32 no "$few" --churn
measure_all counter "$rounds" 64 no "$counters" --depth 16
measure_all "idle-64-0 idle-64-900 idle-64-10000" "$slow_rounds" 64 no "$some"
measure_all "idle-1-0 idle-1-900 idle-1-10000" "$slow_rounds" 1 no "$some"
memory_idle=900
measure_all memory 1 1 yes "$(echo "$few" | grep -E "^0[34]")"
memory_idle=190
measure_all memory 1 1 yes "$(echo "$few" | grep "^socat")"
memory_idle=9000
measure_all memory 1 1 yes "$(echo "$few" | grep -Ev "^(0[34]|socat)")"
# Three times as long: the system takes a while to spread the threads over the cores.
longer=$(awk -v seconds="$seconds" 'BEGIN { print 3 * seconds }')
measure_all bare "$rounds" 64 no "$(accept_modes bare)" --seconds "$longer"
measure_all work "$rounds" 64 no "$(accept_modes work --work 20)" --seconds "$longer"
[ -t 2 ] && printf '\r%70s\r' '' >&2

[ "$(wc -l <"$out"/results.csv)" -gt 1 ] || fail "nothing matches SERVERS and WORKLOADS"
environment >"$out"/environment.tsv
[ $failures = 0 ] || echo "bench.sh: $failures measurements have failed: see the notes in $out/results.csv" >&2
sh bench/report.sh "$out" || exit 1
[ $failures = 0 ]
