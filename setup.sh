#!/bin/sh
# SPDX-License-Identifier: MIT
# Sees to it that gcc, make and bats are there: installs what is missing, with apt (Debian, Ubuntu).
# Does nothing, and needs no root, when nothing is missing.
set -eu

missing=
for tool in gcc make bats; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "setup.sh: please install$missing; see README.md, \"Other systems\"" >&2
    exit 1
  fi
  as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get -qq update
  # libc6-dev has the headers: a bare gcc comes without them
  # shellcheck disable=SC2086
  $as_root apt-get -qq install -y --no-install-recommends $missing libc6-dev >/dev/null
fi
