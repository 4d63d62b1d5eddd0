#!/bin/sh
# SPDX-License-Identifier: MIT
# Sees to it that gcc, make and bats are there: installs what is missing, with apt (Debian, Ubuntu), and says what is
# too old. Does nothing, and needs no root, when nothing is missing.
set -eu
unset BASH_ENV # bats is a script
export LC_ALL=C

oldest_make=4.0
oldest_bash=5.0
oldest_bats=1.2.1

fail() {
  echo "setup.sh: $*" >&2
  exit 1
}

is_there() { command -v "$1" >/dev/null; }

missing=
for tool in gcc make bats; do
  is_there "$tool" || missing="$missing $tool"
done
# A bare gcc comes without the headers of the C library.
if ! is_there gcc || ! echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1; then
  missing="$missing libc6-dev"
fi

if [ -n "$missing" ]; then
  is_there apt-get ||
    fail "please install$missing (Debian's names; there is no apt-get here); see README.md, \"Other systems\""
  command="apt-get install --no-install-recommends$missing"
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    is_there sudo || fail "only root can install$missing, and there is no sudo; as root: apt-get update && $command"
    as_root=sudo
  fi
  # Its words are only of interest if it fails. env: sudo would not pass the variable on.
  # shellcheck disable=SC2086
  if ! words=$({
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || : # perhaps it knows enough
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing
  } 2>&1); then
    echo "$words" >&2
    fail "apt-get could not install$missing: is there a network, and may it write? Then: $command"
  fi
fi

# Says so if a program is older than it should be; this is no reason not to try.
check_version() { # check_version PROGRAM OLDEST WORDS: what it is for, and where a newer one is
  is_there "$1" || return 0
  version=$("$1" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9][0-9.]*\).*/\1/p')
  older=$(printf '%s\n%s\n' "${version:-0}" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
  [ "$older" = "$2" ] ||
    echo "setup.sh: $1 ${version:-of an unknown version} is too old for $3 (needed: $2 or newer)" >&2
}

check_version make "$oldest_make" "the Makefile"
check_version bash "$oldest_bash" "make test, not for make demo"
check_version bats "$oldest_bats" "make test, not for make demo; newer: https://github.com/bats-core/bats-core"
