#!/bin/sh
# SPDX-License-Identifier: MIT
# debian.sh [--user] SUITE [COMMAND]: runs COMMAND, or README's second command, in a bare Debian SUITE (trixie, say),
# in a copy of this tree whose path has a blank and a letter outside ASCII. Exits with its status.
#
# --user: only setup.sh is run by root, COMMAND by an ordinary user. debootstrap makes the system when it is first
# asked for, in build/debian/, or in the directory $DEBIANS; a run leaves there, and everywhere, nothing of its own.
set -eu

complain() {
  echo "debian.sh: $*" >&2
  exit 2
}

[ "${1-}" != --inside ] || { # in namespaces of its own: what is started and mounted here ends with this shell
  system=$2 work=$3 user=$4 command=$5
  mount -t tmpfs none "$work"
  mkdir "$work/bare" "$work/changed" "$work/work" "$work/root"
  mount --bind "$system" "$work/bare" # a name without blanks and colons, which an overlay would take for its own
  mount -t overlay -o "lowerdir=$work/bare,upperdir=$work/changed,workdir=$work/work" overlay "$work/root"
  cd "$work/root"
  mount -t proc proc proc
  mount --rbind /sys sys
  mount --rbind /dev dev
  # What an installer, or a container's engine, adds: the names of this machine, and a user.
  printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts
  cat /etc/resolv.conf >etc/resolv.conf
  echo 'Acquire::Check-Valid-Until "false";' >etc/apt/apt.conf.d/mirror # one that lags behind will do
  echo 'student:x:1000:1000::/home/student:/bin/bash' >>etc/passwd
  mkdir -p home/student "srv/a tree ä"
  tar -x -C "srv/a tree ä"
  chown -R 1000:1000 home/student srv
  set -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
  # shellcheck disable=SC2016
  in_tree='cd "/srv/a tree ä" && eval "$1"'
  if [ -n "$user" ]; then
    chroot . "$@" sh -c "$in_tree" - "sh setup.sh" </dev/null
    set -- setpriv --reuid 1000 --regid 1000 --clear-groups "$@" HOME=/home/student
  fi
  chroot . "$@" sh -c "$in_tree" - "$command" </dev/null
  exit
}

user=
[ "${1-}" != --user ] || { user=yes && shift; }
suite=${1-}
command=${2-sh setup.sh && make test}
case $suite in '' | *[!a-z]*) complain "say which Debian: debian.sh [--user] SUITE [COMMAND]" ;; esac
PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$0")/.."
files=$(git -c safe.directory="$PWD" -c core.quotePath=off ls-files -co --exclude-standard) ||
  complain "needs a clone of the repository, and git: what is tracked is copied"
unshare --mount --pid --fork mount -t tmpfs none /mnt 2>/dev/null ||
  complain "may not mount here, nor have namespaces: root may, and not in every container"
systems=${DEBIANS:-build/debian}
mkdir -p "$systems"
systems=$(cd "$systems" && pwd)
work=$(mktemp -d /tmp/debian.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ ! -e "$systems/$suite/bin/sh" ]; then
  command -v debootstrap >/dev/null || complain "needs debootstrap (Debian, Ubuntu: apt install debootstrap)"
  script=
  [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=sid # it does not know the names of the newest
  # It takes no path with a blank; and what is not whole never has the name of what is.
  debootstrap --variant=minbase "$suite" "$work/$suite" http://deb.debian.org/debian $script >"$work/log" 2>&1 || {
    tail -n 3 "$work/log" >&2
    complain "debootstrap could not make a Debian $suite"
  }
  rm -rf "$systems/$suite.new"
  cp -a "$work/$suite" "$systems/$suite.new"
  rm -rf "${work:?}/$suite" "${systems:?}/$suite"
  mv "$systems/$suite.new" "$systems/$suite"
fi
status=0
printf '%s\n' "$files" | tar -c --ignore-failed-read -T - 2>/dev/null |
  unshare --mount --pid --fork --kill-child --propagation private \
    sh "$PWD/tests/debian.sh" --inside "$systems/$suite" "$work" "$user" "$command" || status=$?
exit "$status"
