#!/bin/sh
# grade: right
# step: 03
# run: sh FILE {port}
# needs: busybox
# full: core
# One line: busybox runs a cat for each client. It loses a robust test, because it ends when it
# cannot fork.
exec busybox nc -ll -p "$1" -e /bin/cat
