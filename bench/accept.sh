#!/bin/sh
# SPDX-License-Identifier: MIT
# accept.sh: makes RESULTS.md, results/ and the table in TUTORIAL.md of the last run; for review.
# Looks at all of it first, so that nothing is removed where there is nothing to replace it.
. "$(dirname "$0")/../tests/clean-room.sh"
set -eu
cd "$(dirname "$0")/.."
run=build/bench

refuse() {
  echo "accept.sh: $*" >&2
  exit 1
}

# bench.sh removes report.md when it begins, and it is the last file to be made.
[ -s $run/report.md ] || refuse "there is no finished run in $run; first: make bench"
for file in results.csv steps.md environment.tsv parts/count; do
  [ -s $run/$file ] || refuse "the run in $run has no $file; first: make bench"
done
if grep -q '^quick[[:space:]]yes' $run/environment.tsv || grep -q 'left out' $run/parts/count; then
  refuse "that was a quick run, or a part of one; first: make bench"
fi
for figure in cpu-per-echo idle memory threads; do
  [ -s $run/$figure.svg ] ||
    refuse "the run has no figure $figure; first: apt install gnuplot-nox, then: sh bench/report.sh"
done
for line in '<!-- the table of bench/results/steps.md -->' '<!-- end of the table -->'; do
  grep -qxF -e "$line" TUTORIAL.md || refuse "TUTORIAL.md has no place for the table: the line $line"
done

sed 's|](\([a-z-]*\.svg\))|](results/\1)|' $run/report.md >$run/RESULTS.md
awk 'NR == FNR { table = table "\n" $0; next }
  /^<!-- end of the table -->$/ { inside = 0 }
  !inside
  /^<!-- the table of bench\/results\/steps.md -->$/ { inside = 1; print table "\n" }' \
  $run/steps.md TUTORIAL.md >$run/TUTORIAL.md
mkdir -p bench/results
rm -f bench/results/*.svg
cp $run/*.svg $run/results.csv $run/steps.md bench/results
cat $run/RESULTS.md >bench/RESULTS.md # and keep what it is: its mode, or a link
cat $run/TUTORIAL.md >TUTORIAL.md
