#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests: run.sh BUILD [STEP [SERVER]]. `make test` calls it; the README says what the words mean.
# TEST_ALL=yes: what is merely repeated is repeated more often (make test-all).
#
# The tests see nothing of the caller's environment but what is listed at the end: no locale, no variable that one of
# our scripts or its tools would obey, no ignored signal, no umask. A reader's own SERVER is given all of it back.
set -eu
cd "$(dirname "$0")/.."
BUILD=$(cd "$1" && pwd)
STEP=${2:-}
SERVER=${3:-}

complain() { # complain STATUS TEXT...
  status=$1
  shift
  echo "make test: $*" >&2
  exit "$status"
}

command -v bats >/dev/null || complain 2 "it needs bats, which is not installed (Debian, Ubuntu: apt install bats)"
[ -z "$SERVER" ] || [ -n "$STEP" ] ||
  complain 2 "SERVER needs a STEP to be tested as: make test STEP=03 SERVER='$SERVER'"
program=${SERVER%% *} # the rest are its options
if [ -n "$program" ] && { [ -d "$program" ] || ! command -v "$program" >/dev/null; }; then
  complain 2 "there is no program '$program' to be tested"
fi
case $STEP in
'') set -- tests/*.bats ;;
tutorial) set -- tests/tutorial.bats ;;
0[1-6]) set -- tests/"$STEP"-*.bats ;;
[1-6]) set -- tests/0"$STEP"-*.bats ;; # 3 and 03 are the same
*) complain 2 "there is no step '$STEP': 01 to 06" ;;
esac

# The tests' own directory: its path is short, since that of a unix socket has room for 107 bytes.
for parent in /tmp /var/tmp "${TMPDIR:-/dev/shm}" /dev/shm; do
  work=$(mktemp -d "$parent/test.XXXXXX" 2>/dev/null) && break
done
[ -n "${work:-}" ] || complain 2 "there is no directory for temporary files: neither /tmp nor /var/tmp can be written"
chmod 755 "$work" # some servers are run by another user
if [ -n "$SERVER" ]; then
  { # shellcheck disable=SC2016
    export -p
    echo "SUITE='$work'; export SUITE"
    echo 'PWD=$(pwd -P); unset OLDPWD' # where the tests are is not where we are
  } >"$work/environment"
fi

path= # of absolute names, since the tests run elsewhere; with what Debian keeps from the PATH of a user
rest=$PATH:/usr/local/sbin:/usr/sbin:/sbin:
while [ -n "$rest" ]; do
  directory=${rest%%:*}
  rest=${rest#*:}
  case $directory in /*) ;; *) directory=$PWD/$directory ;; esac
  path=$path${path:+:}$directory
done

set -- bash tests/suite.bash "$@"
for kept in COUNTERS ASAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do
  eval "value=\${$kept-}"
  [ -z "$value" ] || set -- "$kept=$value" "$@"
done
exec "$BUILD/odd" plain env -i PATH="$path" HOME="${HOME:-/}" TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 TMPDIR="$work" \
  SUITE="$work" BUILD="$BUILD" SERVER="$SERVER" TEST_ALL="${TEST_ALL:-}" "$@"
