#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check.sh [PATCH]...: does the test that each patch names catch the bug that the patch plants? Applies each (all without
# a word) to a copy of the tree, compiles, runs that one test, and is content when it fails. If that test cannot be made
# on this machine, and says why, the bug is skipped. `make check-broken` calls it.
. "$(dirname "$0")/../clean-room.sh" || exit
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit
mkdir -p build/broken
work=$(mktemp -d "$top/build/broken/XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
patches=("$@")
((${#patches[@]})) || patches=(tests/broken/*.patch)
jobs=$(getconf _NPROCESSORS_ONLN)

# Exit status 0: the test that is named is content with the programs in TREE, and not 0 otherwise.
try() { # try TREE NAMED
  local test=${2#* } name
  case $2 in
  test\ *) # 03: ... is in 03-fork-echo.bats
    name=${test//[^[:alnum:]]/.} # as a regular expression
    BUILD=$1/build LIMIT=10 TEST_ALL=yes timeout 120 bats -f "^$name\$" \
      "$1"/tests/"${test%%:*}"-*.bats
    ;;
  torture\ *) (cd "$1" && timeout 120 build/tools/torture --limit 10 build build/tools/shim.so "$test") ;;
  *) echo "it does not say what catches it" ;;
  esac
}

# Prints one line: caught, or what went wrong.
check() { # check PATCH
  local name tree log named
  name=$(basename "$1" .patch)
  tree=$work/$name log=$work/$name.log
  named=$(sed -n 's/^# Caught by: //p' "$1")
  cp -a "$work/base" "$tree"
  if ! try "$work/base" "$named" >"$log" 2>&1 || ! grep -q '^ok 1 \|, 0 failures$' "$log"; then
    echo "BROKEN  $name: without the patch, too, this is not content: $named"
  elif grep -q '^ok 1 .* # skip\|^SKIPPED' "$log"; then
    echo "skipped $name: $named: $(sed -n 's/^ok 1 .* # skip *//p; s/^SKIPPED //p' "$log")"
    : >"$work/$name.skipped"
    log=/dev/null
  elif ! patch -d "$tree" -p1 --no-backup-if-mismatch -s <"$1" >"$log" 2>&1; then
    echo "BROKEN  $name: the patch does not fit"
  elif ! make -s -C "$tree" all >"$log" 2>&1; then
    echo "BROKEN  $name: it does not compile"
  elif try "$tree" "$named" >"$log" 2>&1 || ! grep -q '^not ok 1 \|^FAILED' "$log"; then
    echo "MISSED  $name: $named"
  else
    echo "caught  $name: $named"
    : >"$work/$name.caught"
    log=/dev/null
  fi
  sed 's/^/        /' "$log" | tail -n 30
  rm -rf "$tree"
}

make -s all tools || exit
mkdir "$work/base"
tar -c --exclude=./.git --exclude='./build/[a-z]*san*' --exclude=./build/broken --exclude=./build/ci --exclude=./build/coverage --exclude=./build/debian . |
  tar -x -C "$work/base"
for patch in "${patches[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
  check "$patch" &
done
wait
n=$(find "$work" -maxdepth 1 -name '*.caught' | wc -l)
skipped=$(find "$work" -maxdepth 1 -name '*.skipped' | wc -l)
((skipped == 0)) || echo "$skipped of ${#patches[@]} skipped: their tests cannot be made here"
echo "$n of ${#patches[@]} caught"
((n + skipped == ${#patches[@]}))
