#!/bin/sh
# SPDX-License-Identifier: MIT
# needs.sh TARGET TOOL: is the tool there that make's TARGET calls? If not, says what to install, with status 2.
# libfuzzer is no program, but what clang needs for -fsanitize=fuzzer.
set -u
package=$2
case $2 in
libfuzzer)
  package=libclang-rt-$(clang -dumpversion | sed 's/[.].*//')-dev
  echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
    clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null && exit
  ;;
*) command -v "$2" >/dev/null && exit ;;
esac
case $2 in
diff) package=diffutils ;;
gcov) package=gcc ;;
esac
echo "make $1 needs $2 (Debian, Ubuntu: apt install $package)" >&2
exit 2
