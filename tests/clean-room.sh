# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Each script begins with this file:
#
#   . "$(dirname "$0")/../tests/clean-room.sh"
#
# It starts the script anew, once, with nothing of the caller's but what stands here: no variable that means something
# else to us or to a tool, no exported function, no ignored signal, no decimal comma.

if [ "${IN_CLEAN_ROOM-}" != yes ]; then
  # The scripts go to the top directory, and a name in PATH that is no absolute one would not mean the same there.
  path=
  IFS=:
  set -f
  for directory in ${PATH:-/usr/local/bin:/usr/bin:/bin}; do
    case $directory in /*) ;; *) directory=$PWD/$directory ;; esac
    path=$path$directory:
  done
  set +f
  unset IFS
  PATH=${path%:}

  # A socket may be made there, and a socket's path has at most 108 bytes.
  for TMPDIR in "${TMPDIR-}" /tmp /var/tmp; do
    case $TMPDIR in
    *[!A-Za-z0-9/._+-]* | ????????????????????????????????????????*) ;;
    /*) if probe=$(mktemp "$TMPDIR/probe.XXXXXX" 2>/dev/null); then rm -f "$probe" && break; fi ;;
    esac
  done

  # Only the programs that draw ask for it.
  # shellcheck disable=SC2034 # it is in the list below
  LOCALE=${LC_ALL:-${LC_CTYPE:-${LANG-}}}

  umask 022
  # shellcheck disable=SC3045 # every sh that we know has them
  for limit in f t v; do ulimit -S -$limit "$(ulimit -H -$limit)" || :; done 2>/dev/null
  # shellcheck disable=SC3045
  ulimit -S -c 0 2>/dev/null || : # a core would be left in the sources
  # What is opened next must not become standard input, or output.
  true 3<&2 || exec 2>/dev/null
  { true 3<&0; } 2>/dev/null || exec </dev/null
  { true 3<&1; } 2>/dev/null || exec >/dev/null

  name=${BASH_VERSION:+$BASH} # some of the scripts are bash's
  set -- "${name:-sh}" "$0" "$@"
  for name in \
    PATH HOME USER TERM TMPDIR LOCALE LOCPATH LOCALE_ARCHIVE COLUMNS NO_COLOR CLICOLOR_FORCE \
    CC CPPFLAGS CFLAGS LDFLAGS LDLIBS CPATH LIBRARY_PATH LD_LIBRARY_PATH PKG_CONFIG_PATH CCACHE_DIR OCAMLPATH \
    BUILD RESULTS ROUNDS SECONDS_EACH SERVERS WORKLOADS \
    OURS SUITE TEST_ALL COUNTERS ASAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do # the tests' own
    eval "is_set=\${$name+yes} value=\${$name-}"
    # shellcheck disable=SC2154 # eval sets it
    [ -z "$is_set" ] || set -- "$name=$value" "$@"
  done
  set -- LC_ALL=C IN_CLEAN_ROOM=yes "$@"
  if command env --default-signal true 2>/dev/null; then # not every env can do that
    set -- --default-signal "$@"
  fi
  exec env -i "$@"
fi
unset IN_CLEAN_ROOM
