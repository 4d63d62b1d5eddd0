#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# quotes.bash FILE: are the pieces of code that a Markdown file quotes what stands in the sources?
#
#   ```c PATH        lines that stand in PATH, one under the other; a line `...` leaves some out
#   ```diff NN..MM   the same of what `steps.sh diff MM` prints
#
# Prints a line for each that is not (file, line, the first piece that is not found), and the number of all.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
file=$1 name=${1##*/} quotes=0 wrong=0
mapfile -t lines <"$file"

in_order() { # TEXT PIECES: the pieces between lines `...` stand in the text, in this order; else in REPLY which does not
  local rest=$'\n'$1$'\n' piece='' line
  while IFS= read -r line; do
    if [[ $line != ... ]]; then
      piece+=$line$'\n'
      continue
    fi
    if [[ -n $piece ]]; then
      [[ $rest == *$'\n'"$piece"* ]] || { REPLY=$piece; return 1; }
      rest=$'\n'${rest#*$'\n'"$piece"}
      piece=
    fi
  done <<<"$2"$'\n...'
}

for ((l = 0; l < ${#lines[@]}; l++)); do
  [[ ${lines[l]} == '```'* ]] || continue
  read -ra info <<<"${lines[l]#'```'}"
  quoted=
  for ((begin = ++l; l < ${#lines[@]}; l++)); do
    [[ ${lines[l]} != '```' ]] || break
    quoted+=${lines[l]}$'\n'
  done
  quoted=${quoted%$'\n'}
  case ${info[0]-} in
  c)
    [[ -f $top/${info[1]-} ]] && text=$(<"$top/${info[1]}") || text= ;;
  diff) text=$(sh "$top/tests/steps.sh" diff "${info[1]##*..}" | sed 's/ $//') ;; # editors take blanks at the end away
  *) continue ;;
  esac
  quotes=$((quotes + 1))
  in_order "$text" "$quoted" && continue
  wrong=$((wrong + 1))
  echo "$name:$begin: this is not in ${info[1]-(no file is named)}:"
  echo "      ${REPLY//$'\n'/$'\n'      }"
done
echo "$quotes quotes, $wrong wrong"
((wrong == 0))
