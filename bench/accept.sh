#!/bin/sh
# SPDX-License-Identifier: MIT
# accept.sh: makes RESULTS.md, results/ and the table in TUTORIAL.md of the last run; for review.
. "$(dirname "$0")/../tests/clean-room.sh"
set -eu
cd "$(dirname "$0")/.."
run=build/bench
if grep -q '^quick[[:space:]]yes' $run/environment.tsv || grep -q 'left out' $run/parts/count; then
  echo "accept.sh: that was a quick run, or a part of one; first: make bench" >&2
  exit 1
fi
mkdir -p bench/results
rm -f bench/results/*.svg
cp $run/*.svg $run/results.csv $run/steps.md bench/results
sed 's|](\([a-z-]*\.svg\))|](results/\1)|' $run/report.md >bench/RESULTS.md
awk 'NR == FNR { table = table "\n" $0; next }
  /^<!-- end of the table -->$/ { inside = 0 }
  !inside
  /^<!-- the table of bench\/results\/steps.md -->$/ { inside = 1; print table "\n" }' \
  $run/steps.md TUTORIAL.md >$run/TUTORIAL.md
cat $run/TUTORIAL.md >TUTORIAL.md # and keep what it is: its mode, or a link
