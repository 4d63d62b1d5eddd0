#!/bin/sh
# SPDX-License-Identifier: MIT
# socat: echo with socat as it is: a process for each client, which writes into a pipe what it reads
# and reads it back. Run: sh bench/peers/socat.sh PORT
#
# -b 4096: with its own 8192 bytes socat waits for ever for its own pipe when a client does not take
# its answer: the pipe has room for some bytes, but not for as many. TERM ends the listener; who
# serves a client goes on until it leaves. socat leaves TCP_NODELAY off.
port=${1##*:}
# shellcheck disable=SC3045 # dash has it
ulimit -n "$(ulimit -H -n)"

listens() { # prints the port, in hexadecimal, that this process listens on, once it does
  for link in "/proc/$$/fd"/*; do
    inode=$(readlink "$link")
    inode=${inode#socket:[}
    awk -v inode="${inode%]}" \
      '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp
  done
}

# socat itself would say where it listens only together with lines for each connection.
(
  until hex=$(listens) && [ -n "$hex" ]; do
    kill -0 $$ 2>/dev/null || exit
    sleep 0.02
  done
  echo "socat: listening on 127.0.0.1:$((0x$hex))" >&2
) &
exec socat -b 4096 "TCP4-LISTEN:$port,bind=127.0.0.1,reuseaddr,backlog=4096,fork" PIPE
