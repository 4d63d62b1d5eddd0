#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bench/report.sh: what it makes of a run's results. Nothing is measured here; the results are made up.

load helpers

row() { # row ROUND WORKLOAD SERVER CPU: a thousand messages in a second, at CPU µs each
  printf '%s,%s,%s,1000,1,%s,10,20,30,,,,\n' "$1" "$2" "$3" "${4}000"
}

results() { # in the second round everything takes twice as long
  echo round,workload,server,messages,seconds,cpu_us,p50_us,p99_us,p999_us,memory_before,memory_after,clients,note
  row 1 echo-64 06-parallel 10
  row 1 echo-64 06-again 11
  row 1 echo-64 floor 10
  row 1 echo-64 libuv 8
  row 2 echo-64 06-parallel 20
  row 2 echo-64 06-again 20
  row 2 echo-64 floor 16
  row 2 echo-64 libuv 16
  row 3 echo-64 06-parallel 30
  row 3 echo-64 06-again 27
  row 3 echo-64 floor 40
  row 3 echo-64 libuv 24
  echo '3,echo-64,02-loop-echo,0,,,,,,,,,serves one client at a time'
  echo '1,memory,06-parallel,0,,,,,,1000000,1100000,1000,'
  row 1 idle-1-0 04-select-echo 10
  row 1 idle-1-900 04-select-echo 50
  row 1 work-each-1 06-parallel 20
  row 1 work-each-2 06-parallel 20
}

report() {
  mkdir -p run
  results >run/results.csv
  printf 'floor\techo\tours\tbuild/bench/floor\nlibev\tmissing\tlibev-dev\n' >run/servers.tsv
  printf 'kernel\tone | other\nquick\tyes\n' >run/environment.tsv
  sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out 2>err
}

goal() { # goal WHAT PAIR: sets REPLY to the line that tells of it
  REPLY=$(grep -E "^$1 +$2 " out) || {
    echo "no goal '$1', '$2' in:"
    cat out
    return 1
  }
}

@test "bench: a ratio is the median of the rounds' ratios, with the spread of a binary against itself" {
  report
  goal "CPU an echo, 64 connections" "06 / floor" # 1.05, 1.25 and 0.71, where 06 is the mean of both
  [[ $REPLY == *"<= 1.05 "*" 1.050 (0.71..1.25) "*" 06: 1.00 (0.90..1.10) "*" met" ]]
  goal "memory an idle connection" 06
  [[ $REPLY == *" 100 (100..100) "*" met" ]]
}

@test "bench: a goal that is missed is told, and is no error" {
  report
  goal "CPU an echo, 64 connections" "06 / libuv"
  [[ $REPLY == *" 1.250 (1.19..1.31) "*" missed" ]]
  goal "--work 20, each: 2 threads to 1" 06
  [[ $REPLY == *" 1.000 (1.00..1.00) "*" missed" ]]
  grep -q '^2 met, 2 missed, ' out
  grep -q '| 06 / libuv | .* | \*\*missed\*\* |$' run/report.md
  grep -q '^A busy machine' out && return 1
  local load
  for load in 0.10 3.75; do
    printf 'load average at the start\t%s\nstolen by the host\t0.3 %% of the CPU time\n' "$load" >>run/environment.tsv
    LC_ALL=C sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out.$load
  done
  grep -q '^The machine was idle when the run began (load average 0.10)' out.0.10
  tr '\n' ' ' <out.3.75 | grep -q 'A busy machine explains missed goals: .*load average 3.75; .*took 0.3 % .*again when it is idle'
  assert_equal "headings of the goals" 1 "$(grep -c '^| workload | what |' run/report.md)"
}

@test "bench: not below means less what the same binary loses, and nothing if that was not measured" {
  bulk() { echo "1,bulk,$1,$2,1,1000,10,20,30,,,,"; } # of so many messages a second
  more() {
    results
    bulk 06-parallel 950
    bulk libuv 1100 # of which nothing may be carried over to the next goal
    bulk libevent 1000
    bulk go1 500
    if [[ $1 == twice ]]; then bulk 06-again 893; fi # 0.94 of it; the mean is 921.5
  }
  report
  more once >run/results.csv
  sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out
  goal "rate of 64 KiB, 1 connection" "06 / libevent"
  [[ $REPLY == *">= 1.00-0.00  0.950 "*" not measured "*" missed" ]]
  more twice >run/results.csv
  sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out
  goal "rate of 64 KiB, 1 connection" "06 / libevent"
  [[ $REPLY == *">= 1.00-0.06  0.921 "*" missed" || $REPLY == *">= 1.00-0.06  0.922 "*" missed" ]]
  goal "rate of 64 KiB, 1 connection" "06 / go1"
  [[ $REPLY == *" met" ]]
}

@test "bench: the middle half of many rounds stands beside a median" {
  report
  { results | head -n 1; for round in 1 2 3 4 5 6 7 8; do
    row $round echo-64 06-parallel $((round * 10))
    row $round echo-64 libuv 10
  done; } >run/results.csv
  sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out
  goal "CPU an echo, 64 connections" "06 / libuv"
  [[ $REPLY == *" 4.500 (2.00..7.00) "* ]]
}

@test "bench: a quick run, or a part of one, does not become the one that is shown" {
  mkdir -p top/bench top/tests top/build/bench
  cp "$BATS_TEST_DIRNAME/../bench/accept.sh" top/bench
  cp "$BATS_TEST_DIRNAME/clean-room.sh" top/tests
  report
  cp -r run/. top/build/bench
  exits 1 sh top/bench/accept.sh
  assert_match "message" "quick run, or a part of one" "$OUTPUT"
  printf 'quick\tno\n' >top/build/bench/environment.tsv
  exits 1 sh top/bench/accept.sh # echo-1 and others were left out
  [[ ! -e top/bench/RESULTS.md ]]
}

@test "bench: what is shown stays whole where there is nothing to replace it" {
  local top=top/build/bench lost
  mkdir -p top/bench/results top/build top/tests
  cp "$BATS_TEST_DIRNAME/clean-room.sh" top/tests
  cp "$BATS_TEST_DIRNAME"/../bench/{accept.sh,RESULTS.md} top/bench
  cp "$BATS_TEST_DIRNAME"/../bench/results/* top/bench/results
  cp "$BATS_TEST_DIRNAME"/../TUTORIAL.md top
  cp -r top/bench results.before && cp top/TUTORIAL.md tutorial.before
  as_it_was() { diff -r results.before top/bench && cmp tutorial.before top/TUTORIAL.md; }
  exits 1 sh top/bench/accept.sh # no run at all
  assert_match "message" "there is no finished run in build/bench; first: make bench" "$OUTPUT"
  as_it_was
  report
  for lost in report.md results.csv steps.md environment.tsv parts/count idle.svg threads.svg; do
    rm -rf "$top" && cp -r run "$top"
    printf 'quick\tno\n' >"$top/environment.tsv"
    echo '100 measurements' >"$top/parts/count"
    for figure in cpu-per-echo idle memory threads; do echo '<svg></svg>' >"$top/$figure.svg"; done
    rm "$top/$lost"
    exits 1 sh top/bench/accept.sh
    assert_match "message without $lost" "(no finished run|no figure|has no ${lost})" "$OUTPUT"
    as_it_was
  done
  grep -v 'end of the table' tutorial.before >top/TUTORIAL.md
  cp top/TUTORIAL.md tutorial.before
  printf 'quick\tno\n' >"$top/environment.tsv"
  echo '<svg></svg>' >"$top/threads.svg"
  exits 1 sh top/bench/accept.sh
  assert_match "message" "TUTORIAL.md has no place for the table" "$OUTPUT"
  as_it_was
  cp "$BATS_TEST_DIRNAME"/../TUTORIAL.md top
  exits 0 sh top/bench/accept.sh
  assert_equal "figures" 4 "$(grep -l '^<svg></svg>$' top/bench/results/*.svg | wc -l)"
  cmp "$top/results.csv" top/bench/results/results.csv
  grep -qF '| 04-select-echo' top/TUTORIAL.md
  mkdir -p where/tests && cp -r "$BATS_TEST_DIRNAME"/../bench where && cp top/tests/clean-room.sh where/tests
  exits 1 sh where/bench/report.sh where/bench/results
  assert_match "message" "that is what accept.sh keeps" "$OUTPUT"
  diff -r "$BATS_TEST_DIRNAME/../bench/results" where/bench/results
}

@test "bench: what was not measured is named, with the reason" {
  report
  goal "CPU an echo, 64 connections" "06 / libev"
  [[ $REPLY == *"not measured: libev-dev is not installed" ]]
  goal "CPU an echo, 64 connections" "06 / luv"
  [[ $REPLY == *"not measured: not in this run" ]]
  tr '\n' ' ' <out | grep -q "workloads that were left out: .*churn, counter"
  grep -q '^missing: libev (libev-dev)$' out
  grep -q '^Missing, and so not measured: libev (libev-dev)\.$' run/report.md
  grep -q '^| 02-loop-echo .* (1) |' run/steps.md
  grep -q '^[0-9]\. serves one client at a time$' run/steps.md
  grep -q '^| 04-select-echo .* × 5.00 with 900 |' run/steps.md
  grep -qF '| kernel | one \| other |' run/report.md
}

@test "bench: results that cannot be read are an error" {
  mkdir -p run/empty
  run sh "$BATS_TEST_DIRNAME/../bench/report.sh" run/empty
  assert_equal "status without results" 1 "$status"
  [[ $output == *"no results.csv"* ]]
  echo round,workload >run/empty/results.csv
  run sh "$BATS_TEST_DIRNAME/../bench/report.sh" run/empty
  assert_equal "status with other columns" 1 "$status"
  [[ $output == *"no column server"* ]]
  results | head -n 1 >run/empty/results.csv
  run sh "$BATS_TEST_DIRNAME/../bench/report.sh" run/empty
  assert_equal "status without a figure" 1 "$status"
  [[ $output == *"no figure"* ]]
}

@test "bench: the figures are drawn" {
  needs_tool gnuplot
  report
  local figure
  for figure in cpu-per-echo idle memory threads; do
    grep -q '</svg>' "run/$figure.svg"
    grep -qF "($figure.svg)" run/report.md
  done
}

@test "bench: without gnuplot there is the report, and its package is named" {
  local tool
  mkdir bin
  for tool in sh env awk sed grep ls rm mkdir cat dirname tail fold; do ln -s "$(command -v $tool)" bin; done
  report >/dev/null # makes run/
  PATH=$PWD/bin sh "$BATS_TEST_DIRNAME/../bench/report.sh" run >out 2>err
  grep -q 'gnuplot is missing (Debian: gnuplot-nox)' err
  grep -q 'gnuplot-nox' run/report.md
}

decimal_comma() { # sets COMMA to a locale that has one, if there is any
  for COMMA in $(locale -a 2>/dev/null) C; do
    [[ $(LC_ALL=$COMMA printf %.1f 0) != 0,0 ]] || return 0
  done 2>/dev/null
}

@test "bench: WORKLOADS and SERVERS are the names that the results have, and must match something" {
  needs_plain_build "a measurement"
  local top=$BATS_TEST_DIRNAME/.. bin
  bin=$(realpath --relative-to="$top" "$BUILD")
  # Whatever the caller's environment is, numbers have points, and names are ours.
  decimal_comma
  local hostile=(LC_ALL="$COMMA" POSIXLY_CORRECT=1 CDPATH=/ IFS=e TMPDIR="/no such directory" name=none out=none quick=none pid=1)
  RESULTS=$PWD/run BUILD=$bin ROUNDS=1 SECONDS_EACH=0.02 SERVERS='06-p.*' WORKLOADS='work-each-2' \
    env "${hostile[@]}" sh "$top/bench/bench.sh" quick >out 2>err || { cat err; return 1; }
  assert_equal "rows" "work-each-2,06-parallel" "$(tail -n +2 run/results.csv | cut -d , -f 2,3)"
  RESULTS=$PWD/run BUILD=$bin SERVERS='l.*' WORKLOADS=none exits 1 sh "$top/bench/bench.sh"
  assert_match "message" "nothing matches SERVERS and WORKLOADS" "$OUTPUT"
  assert_equal "packages named twice" "" "$(sed -n 's/^on Debian: //p' <<<"$OUTPUT" | tr ' ' '\n' | sort | uniq -d)"
  exits 2 sh "$top/bench/bench.sh" --help
  ROUNDS=many exits 2 sh "$top/bench/bench.sh"
  assert_match "message" "ROUNDS and SECONDS_EACH are numbers" "$OUTPUT"
}

@test "bench: measures servers, round by round, and leaves nothing running" {
  needs_plain_build "a measurement"
  local top=$BATS_TEST_DIRNAME/.. bin step
  bin=$(realpath --relative-to="$top" "$BUILD") # of the words of a command none may have blanks
  RESULTS=$PWD/run BUILD=$bin ROUNDS=2 SECONDS_EACH=0.05 SERVERS='0[1-6].*|floor' WORKLOADS='^echo-1$|memory|churn' \
    "${MARKED[@]}" sh "$top/bench/bench.sh" quick >out 2>err || { cat err; return 1; }
  measured() { awk -F, -v w="$1" -v s="$2" '$2 == w && $3 == s && $4 > 0 && $6 > 0' run/results.csv | wc -l; }
  for step in 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel floor; do
    assert_equal "rounds of $step" 2 "$(measured echo-1 "$step")"
  done
  assert_equal "rounds of 01, which ends" 0 "$(measured churn 01-sync-echo)"
  assert_equal "rounds of 06" 2 "$(measured churn 06-parallel)"
  grep -q '^2,churn,01-sync-echo,.*serves one client and ends$' run/results.csv
  goal "CPU a connection, churn" "06 / floor"
  if (($(ulimit -Hn) > 10100)); then
    goal "memory an idle connection" 06
  else
    grep -q '^1,memory,06-parallel,.*more clients than descriptors' run/results.csv
  fi
  grep -q '^| 03-fork-echo | a process | ' run/steps.md
  nobody_is_left || { echo "still running: $LEFT"; return 1; }
}

@test "bench: the tutorial has the table and the figures of the run in RESULTS.md" {
  cd "$BATS_TEST_DIRNAME/.."
  local line figure
  while read -r line; do
    for text in TUTORIAL.md bench/RESULTS.md; do
      grep -qxF "$line" "$text" || { echo "$text lacks: $line"; return 1; }
    done
  done <bench/results/steps.md
  for figure in cpu-per-echo idle memory threads; do
    grep -q '</svg>' "bench/results/$figure.svg"
    grep -q "](results/$figure.svg)" bench/RESULTS.md
    grep -q "](bench/results/$figure.svg)" README.md TUTORIAL.md
  done
}
