#!/bin/sh
# SPDX-License-Identifier: MIT
# peers.sh: builds what our servers are compared with, in $BUILD/bench/ (build/bench/), as far as its libraries are
# there, and prints a line for each, its fields divided by tabs:
#
#   NAME  echo|counter  VERSION  COMMAND     COMMAND runs in the top directory; add the port
#   NAME  missing       PACKAGE              Debian's; README.md has the one line for all of them
#
# SERVERS, an extended regular expression, leaves out those whose whole names do not match.
# The status is 1, with a line on stderr, if something is there and yet cannot be built.
. "$(dirname "$0")/../../tests/clean-room.sh"
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${BUILD:-build}/bench
commons="common bench/peers/peers.sh" # what all are made from
log=$out/build.log
status=0 found=
mkdir -p "$out" && : >"$log" || exit 1

peer() { printf '%s\t%s\t%s\t%s\n' "$@"; }
missing() { printf '%s\tmissing\t%s\n' "$@"; }

wanted() { echo "$1" | grep -Eqx "${SERVERS:-.*}"; }

# The compiler's macros tell its version, the machine and the C library: another system compiles again.
# shellcheck disable=SC2086 # CC may have words
system=$(${CC:-cc} -E -dM -include limits.h -x c /dev/null 2>>"$log" | cksum)

build() { # build PROGRAM SOURCES COMMAND...: unless this made it, here, and it is newer than its sources
  program=$1 sources=$2
  shift 2
  # shellcheck disable=SC2086
  [ -e "$program" ] && [ "$* $system $found" = "$(cat "$program.command" 2>/dev/null)" ] &&
    [ -z "$(find $sources $commons -newer "$program")" ] && return
  echo "$*" >>"$log"
  "$@" >>"$log" 2>&1 && echo "$* $system $found" >"$program.command" && return
  echo "peers.sh: cannot build $program: see $log" >&2
  status=1
  return 1
}

compile() { # compile NAME SOURCE LIBRARY...
  name=$1 source=$2
  shift 2
  # shellcheck disable=SC2086
  build "$out/$name" "$source" ${CC:-cc} -std=gnu11 -pthread -Wall -Wextra ${CPPFLAGS:-} \
    ${CFLAGS:--O2 -g} ${LDFLAGS:-} -o "$out/$name" "$source" common/*.c "$@" ${LDLIBS:-}
}

version() { # version HEADER MACROS: what the macros of a header stand for; fails if there is none
  # shellcheck disable=SC2086
  printf '#include <%s>\n%s\n' "$1" "$2" | ${CC:-cc} ${CPPFLAGS:-} -E -P - 2>>"$log" >"$out/version" &&
    tail -n 1 "$out/version" | tr -d '" '
}

in_c() { # in_c PACKAGE HEADER MACROS LIBRARY NAME...
  package=$1 found=$(version "$2" "$3") library=$4
  shift 4
  for name in "$@"; do
    wanted "$name" || continue
    if [ -z "$found" ]; then
      missing "$name" "$package"
    elif compile "$name" "bench/peers/$name.c" "$library"; then
      peer "$name" echo "$found" "$out/$name"
    fi
  done
}

in_ocaml() { # in_ocaml PACKAGE LIBRARY NAME PROTOCOL MODULE
  wanted "$3" || return 0
  found=$(ocamlfind query -format %v "$2" 2>>"$log")
  [ "$found" = '[unspecified]' ] && # Debian's Luv does not tell it
    found=$(dpkg-query -W -f '${Version}' "$1" | sed 's/-.*//')
  if [ -z "$found" ]; then
    missing "$3" "$1"
  elif build "$out/$3" "bench/peers/$5.ml bench/peers/ocaml-limit.c" ocamlopt "$2" "$3" "$5"; then
    peer "$3" "$4" "$found+ocaml-$(ocamlfind ocamlopt -version)" "$out/$3"
  fi
}

# shellcheck disable=SC2317 # called by build
ocamlopt() { # ocamlopt LIBRARY NAME MODULE: the compiler leaves its files beside the source
  made=$out/$2.made
  # shellcheck disable=SC2086
  mkdir -p "$made/common" &&
    cp "bench/peers/$3.ml" "$made" &&
    (cd "$made/common" && for source in "$OLDPWD"/common/*.c; do ${CC:-cc} -O2 -c "$source" || exit 1; done) &&
    ${CC:-cc} -O2 -I "$(ocamlfind ocamlopt -where)" -c -o "$made/limit.o" \
      bench/peers/ocaml-limit.c &&
    ocamlfind ocamlopt -thread -package "$1" -linkpkg -o "$out/$2" "$made/common"/*.o "$made/limit.o" \
      "$made/$3.ml"
}

wanted floor && compile floor bench/floor.c && peer floor echo ours "$out/floor"

in_c libuv1-dev uv.h UV_VERSION_MAJOR.UV_VERSION_MINOR.UV_VERSION_PATCH -luv libuv-doc libuv
in_c libevent-dev event2/event-config.h EVENT__VERSION -levent libevent
in_c libev-dev ev.h EV_VERSION_MAJOR.EV_VERSION_MINOR -lev libev

if ! wanted go && ! wanted go1; then
  :
elif ! command -v go >/dev/null; then
  missing go1 golang-go
  missing go golang-go
elif found=$(go version | awk '{ print $3 }') && build "$out/go" bench/peers/go.go \
  env GO111MODULE=off GOCACHE="$(cd "$out" && pwd)/go-cache" go build -o "$out/go" bench/peers/go.go; then
  peer go1 echo "${found#go}" "env GOMAXPROCS=1 $out/go"
  peer go echo "${found#go}" "$out/go"
fi

if ! wanted node; then
  :
elif command -v node >/dev/null; then
  found=$(node --version)
  peer node echo "${found#v}" "node bench/peers/node.js"
else
  missing node nodejs
fi

python=/usr/bin/python3 # Debian's, whatever else is in PATH
[ -x $python ] || python=python3
if ! wanted asyncio; then
  :
elif found=$($python -c 'import platform; print(platform.python_version())' 2>>"$log"); then
  peer asyncio echo "$found" "$python bench/peers/python-asyncio.py"
else
  missing asyncio python3
fi

in_ocaml liblwt-ocaml-dev lwt.unix lwt echo lwt_echo
in_ocaml liblwt-ocaml-dev lwt.unix lwt-counter counter lwt_counter
in_ocaml libluv-ocaml-dev luv luv echo luv_echo

if ! wanted socat; then
  :
elif command -v socat >/dev/null; then
  peer socat echo "$(socat -V | awk '/^socat version/ { print $3 }')" "sh bench/peers/socat.sh"
else
  missing socat socat
fi
exit $status
