#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# detached.bash COMMAND...: runs it in a process group of its own, with no descriptors but 0, 1 and 2.
# bats would wait for whoever has its own descriptors open, and a connection that a test hangs up would
# stay open in whatever it has started since.
for f in /proc/"$$"/fd/*; do
  n=${f##*/}
  if ((n > 2 && n != 255)); then eval "exec $n>&-"; fi # 255 is this script, closed on exec
done
exec setsid "$@"
