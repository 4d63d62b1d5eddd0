#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests: run.sh BUILD [STEP [SERVER]]. `make test` calls it; the README tells what the words mean.
set -eu
cd "$(dirname "$0")/.."
BUILD=$(cd "$1" && pwd)
STEP=${2:-}
SERVER=${3:-}
export BUILD SERVER

if ! command -v bats >/dev/null; then
  echo "make test needs bats (Debian, Ubuntu: apt install bats)" >&2
  exit 1
fi
if [ -n "$SERVER" ] && [ -z "$STEP" ]; then
  echo "SERVER needs a STEP to be tested as: make test STEP=03 SERVER='$SERVER'" >&2
  exit 2
fi
program=${SERVER%% *} # the rest are its options
if [ -n "$program" ] && { [ -d "$program" ] || ! command -v "$program" >/dev/null; }; then
  echo "there is no program '$program' to be tested" >&2
  exit 2
fi
set -- tests/*.bats
case $STEP in
'') ;;
tutorial) set -- tests/tutorial.bats ;;
0[1-6]) set -- tests/"$STEP"-*.bats ;;
[1-6]) set -- tests/0"$STEP"-*.bats ;; # 3 and 03 are the same
*)
  echo "there is no step '$STEP': 01 to 06" >&2
  exit 2
  ;;
esac
# A last resort: each wait in a test has its own, shorter limit.
exec timeout --foreground -k 10 1500 bats "$@"
