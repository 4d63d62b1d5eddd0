#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests: run.sh BUILD [STEP]. `make test` calls it; the README says what the words mean.
# TEST_ALL=yes: what is merely repeated is repeated more often (make test-all).
#
# The tests see nothing of the caller's environment.
. "$(dirname "$0")/clean-room.sh"
set -eu
cd "$(dirname "$0")/.."
BUILD=$(cd "$1" && pwd)
STEP=${2:-}

complain() { # complain STATUS TEXT...
  status=$1
  shift
  echo "make test: $*" >&2
  exit "$status"
}

command -v bats >/dev/null || complain 2 "it needs bats, which is not installed (Debian, Ubuntu: apt install bats)"
case $STEP in
'') set -- tests/*.bats ;;
tutorial) set -- tests/tutorial.bats ;;
0[1-6]) set -- tests/"$STEP"-*.bats ;;
[1-6]) set -- tests/0"$STEP"-*.bats ;; # 3 and 03 are the same
*) complain 2 "there is no step '$STEP': 01 to 06" ;;
esac

# The tests' own directory, in which they may also run what they compile.
for parent in "$TMPDIR" /var/tmp /dev/shm "$BUILD"; do
  work=$(mktemp -d "$parent/test.XXXXXX" 2>/dev/null) || continue
  printf '#!/bin/sh\n' >"$work/program"
  chmod 755 "$work" "$work/program" # some servers are run by another user
  if "$work/program" 2>/dev/null; then break; fi
  rm -rf "$work"
done
[ -d "${work:-}" ] || complain 2 "there is no directory for temporary files where a program may be run, as /tmp or /var/tmp"

set -- bash tests/suite.bash "$@"
for kept in COUNTERS ASAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do
  eval "value=\${$kept-}"
  [ -z "$value" ] || set -- "$kept=$value" "$@"
done
sbin=/usr/local/sbin:/usr/sbin:/sbin # which Debian keeps from the PATH of a user
exec "$BUILD/odd" plain env -i PATH="$PATH:$sbin" HOME="${HOME:-/}" TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
  TMPDIR="$work" SUITE="$work" BUILD="$BUILD" TEST_ALL="${TEST_ALL:-}" "$@"
