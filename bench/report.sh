#!/bin/sh
# SPDX-License-Identifier: MIT
# report.sh [DIR]: makes of what a run has left in DIR (build/bench) the report, DIR/report.md, the
# table of the steps, DIR/steps.md, and the figures, DIR/*.svg; prints which goals are met. The status
# is 0 whether they are or not; 1 if DIR has no results that can be read.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "${1:-build/bench}" || exit 1

tab=$(printf '\t')
[ -r results.csv ] || {
  echo "report.sh: there is no results.csv in $PWD" >&2
  exit 1
}
[ -e servers.tsv ] || : >servers.tsv
[ -e environment.tsv ] || : >environment.tsv
rm -rf parts report.md steps.md cpu-per-echo.svg idle.svg memory.svg threads.svg
mkdir parts || exit 1
LC_ALL=C awk -f "$here/report.awk" -f "$here/figures/data.awk" \
  "FS=$tab" servers.tsv "FS=|" "$here/goals.txt" FS=, results.csv || exit 1

# figure NAME ALTERNATIVE: draws it if there is data; prints the line that shows it
figure() {
  if ! ls parts/"$1"*.dat >/dev/null 2>&1; then
    printf '\n(No figure %s: it was not measured.)\n' "$1"
  elif ! command -v gnuplot >/dev/null; then
    printf '\n(No figure %s: gnuplot is missing, Debian: gnuplot-nox.)\n' "$1"
    echo "report.sh: no figure $1: gnuplot is missing (Debian: gnuplot-nox)" >&2
  elif gnuplot "$here/figures/style.gp" "$here/figures/$1.gp" >"parts/$1.svg" 2>"parts/$1.log"; then
    sed "s|<title>.*</title>||; /<desc>/d; s|^<g id=\"gnuplot_canvas|<title>$2</title>&|" "parts/$1.svg" >"$1.svg"
    printf '\n![%s](%s.svg)\n' "$2" "$1"
  else
    printf '\n(No figure %s: gnuplot failed.)\n' "$1"
    echo "report.sh: no figure $1: $(tail -n 1 "parts/$1.log")" >&2
  fi
}

missing=$(awk -F "$tab" '$2 == "missing" { printf "%s%s (%s)", n++ ? ", " : "", $1, $3 }' servers.tsv)
{
  cat <<'END'
# What the steps cost, beside their peers

Every server was measured in each round of a workload, one after the other, under the same load; the next round
measured them all again, in another order. A figure is the median over the rounds. A ratio of two servers is taken
round by round, and then its median, with what the middle half of the rounds had in brackets: so a machine that is
faster in one round than in the next does not change it. *CPU* is the processor time of the whole server, all its
threads and children, for one message. Names that end with *-again* are the same binary measured a second time: what
it differs from itself is the uncertainty of every other comparison. (Among the goals such a binary counts, in each
round, with the mean of both.)

| environment | |
|---|---|
END
  awk -F "$tab" '{ gsub(/[|]/, "\\\\&"); print "| " $1 " | " $2 " |" }' environment.tsv
  printf '\n| peer | version | command |\n|---|---|---|\n'
  awk -F "$tab" '$2 != "missing" { print "| " $1 " | " $3 " | `" $4 "` |" }' servers.tsv
  printf '\nMissing, and so not measured: %s.\n' "${missing:-none}"
  printf '\n## What must be reached\n\n'
  grep -q "^quick${tab}yes" environment.tsv &&
    printf 'This was a quick run: its few, short rounds show large differences only.\n\n'
  sed 's/$/./' parts/count
  cat <<'END'

A goal is met if the median of the ratios is within it. *The same binary twice* is the ratio of a binary to itself
in the same workload of this run: what is within its spread is no difference. A goal like `>= 1.00-0.04` is "not
below": from 1.00 is taken what the same binary lost against itself in a quarter of the rounds, at most 0.10. *10,000
idle to 0* is the CPU of an echo beside idle clients to that of the same server without any. *Memory* is the server's
own (proportional set size) beyond the empty server, for each client, in bytes. Why a goal may be missed is told in the
README of the benchmark.

| workload | what | goal | measured | the same binary twice | |
|---|---|---|---|---|---|
END
  cat parts/goals.md
  printf '\n## What a client costs, step by step\n\n'
  cat steps.md
  printf '\n## The figures\n'
  figure cpu-per-echo 'CPU time of the server for one echo, 64 clients'
  figure idle 'CPU time of the server for one echo beside idle clients'
  figure memory 'Memory of the server for one idle client'
  figure threads 'Rate of 06-parallel with one and with two threads'
  printf '\n## Each workload\n'
  cat parts/workloads.md
} >report.md || exit 1

cat parts/goals.txt
fold -s -w 118 parts/count
[ -z "$missing" ] || echo "missing: $missing" | fold -s -w 118
