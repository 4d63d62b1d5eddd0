#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# TUTORIAL.md and README.md are true: what they show is what one sees, what they quote is what stands there.

load helpers

CHAPTERS=(0 1 2 3 4 5 6 7 8)

is_default_build() { [[ $BUILD -ef $BATS_TEST_DIRNAME/../build ]]; }

setup_file() { # the chapters wait more than they work: several at a time
  local log
  is_default_build || return 0
  for chapter in "${CHAPTERS[@]}"; do
    log=$BATS_FILE_TMPDIR/$chapter
    bash "$BATS_TEST_DIRNAME/detached.bash" bash -c '
      bash "$0/transcript.bash" "$0/../TUTORIAL.md" "$1." >"$2.running" 2>&1; mv "$2.running" "$2.log"
    ' "$BATS_TEST_DIRNAME" "$chapter" "$log" </dev/null >/dev/null 2>&1 &
    echo $! >>"$BATS_FILE_TMPDIR/pids"
  done
}

gone() { ! kill -0 -- "-$1" 2>/dev/null; }

teardown_file() {
  is_default_build || return 0
  local pid
  while read -r pid; do kill -TERM -- "-$pid" 2>/dev/null || true; done <"$BATS_FILE_TMPDIR/pids"
  while read -r pid; do await gone "$pid"; done <"$BATS_FILE_TMPDIR/pids" # they end what they have started
}

setup() {
  is_default_build || skip "the course runs the programs in build/"
  TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
  cd "$TOP" || return 1
  unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT OUT CC CFLAGS # of the make that may have started us
}

chapter() { # chapter N: what its transcripts show is what is seen
  local i log=$BATS_FILE_TMPDIR/$1.log
  for ((i = 0; i < LIMIT * 500; i++)); do
    [[ ! -e $log ]] || break
    nap
  done
  cat "$log"
  assert_match "result" " 0 failed," "$(tail -n 1 "$log")"
}

@test "tutorial: chapter 0 shows what one sees" { chapter 0; }
@test "tutorial: chapter 1 shows what one sees" { chapter 1; }
@test "tutorial: chapter 2 shows what one sees" { chapter 2; }
@test "tutorial: chapter 3 shows what one sees" { chapter 3; }
@test "tutorial: chapter 4 shows what one sees" { chapter 4; }
@test "tutorial: chapter 5 shows what one sees" { chapter 5; }
@test "tutorial: chapter 6 shows what one sees" { chapter 6; }
@test "tutorial: chapter 7 shows what one sees" { chapter 7; }
@test "tutorial: chapter 8 shows what one sees" { chapter 8; }

@test "tutorial: every command was run" {
  local left
  left=$(grep -h ': skipped, ' "$BATS_FILE_TMPDIR"/*.log) || return 0
  skip "$(wc -l <<<"$left") blocks, ${left//$'\n'/; }"
}

@test "tutorial: no block is kept from being run" {
  assert_equal "blocks of console that are not run" 0 "$(grep -c '^```console.* no-run' TUTORIAL.md)"
  assert_equal "blocks of another kind" "" "$(grep -nE '^```[^ ]' TUTORIAL.md | grep -vE '```(console|c|diff|text)( |$)')"
}

@test "tutorial: every quoted line of code stands in its file" {
  exits 0 bash tests/quotes.bash TUTORIAL.md
  assert_at_least "quotes" 30 "${OUTPUT%% *}"
}

headings() { # the anchors that a Markdown file offers
  sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

@test "docs: every link leads somewhere" {
  local file link
  for file in README.md TUTORIAL.md; do
    while read -r link; do
      case $link in
      http*) ;;
      '#'*) headings "$file" | grep -qx -- "${link#'#'}" || { echo "$file: no heading $link"; return 1; } ;;
      *'#'*) headings "${link%%#*}" | grep -qx -- "${link#*#}" || { echo "$file: no heading $link"; return 1; } ;;
      *) [[ -e $link ]] || { echo "$file: no file $link"; return 1; } ;;
      esac
    done < <(grep -oE '\]\([^) ]+\)' "$file" | sed 's/^](//; s/)$//')
  done
}

@test "docs: every man page that is named exists" {
  local pages
  needs_tool man
  man -w accept.2 >/dev/null 2>&1 || skip "the manual pages of the system are not installed"
  mapfile -t pages < <({ grep -ohE '`[a-z_][a-z0-9_-]*\([1-8]\)`' README.md TUTORIAL.md | tr -d '`'
    grep -ohE '\b[a-z_][a-z0-9_-]*\([1-8]\)' -- common/*.h; } | sort -u)
  assert_at_least "pages" 40 "${#pages[@]}"
  exits 0 man -w "${pages[@]}" # it says which there are not
}

@test "docs: every target that is named exists" {
  local targets
  mapfile -t targets < <(grep -ohE '`make [a-z0-9-]+|^\$ make (-s )?[a-z0-9-]+|^make [a-z0-9-]+' README.md TUTORIAL.md |
    sed -E 's/.*make (-s )?//' | sort -u)
  assert_at_least "targets" 15 "${#targets[@]}"
  exits 0 make -n "${targets[@]}" STEP=03 FILE=03-fork-echo/main.c
}

options_of() { "$BUILD/$1" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | sort; }

@test "docs: every option that is named exists" {
  local all option
  all=$(for program in 01-sync-echo 03-fork-echo 06-parallel say swarm tools/torture bench/million; do options_of "$program"; done)
  while read -r option; do
    grep -qx -- "$option" <<<"$all" || { echo "there is no --$option"; return 1; }
  done < <(grep -ohE '`[^`]*`' README.md TUTORIAL.md tests/torture/README.md | grep -v '^`\(diff\|make\|bats\|sudo\|docker\)' |
    grep -oE -- '--[a-z][a-z-]+' | sed 's/^--//' | grep -vxE 'version|option' | sort -u)
}

# The options of a step by README's table: `--name VALUE` | steps | default | meaning
table_of() {
  sed 's/\\|/ or /g' README.md | awk -F ' *\\| *' -v step="$1" '
    /^\| `--/ {
      first = last = $3 + 0
      if ($3 == "all") { first = 1; last = 6 }
      else if ($3 ~ / to /) last = substr($3, 7) + 0
      else if ($3 ~ /, /) last = substr($3, 5) + 0
      if (step + 0 < first || step + 0 > last) next
      gsub(/[`]/, "", $2)
      n = split($2, names, ", ")
      for (i = 1; i <= n; i++) { split(names[i], words, " "); print substr(words[1], 3) }
    }' | sort
}

@test "docs: README's table of options is that of --help" {
  local step
  for step in 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel; do
    assert_equal "options of $step" "$(options_of "$step")" "$(table_of "${step%%-*}")"
  done
}

# ---- the checks can fail ----

@test "tutorial: a wrong word, status or port in what is shown turns the check red" {
  local doc=$BATS_TEST_TMPDIR/doc.md
  printf '%s\n' '## 1. One' '```console' '$ build/say 9000 hello' 'say: cannot connect to 9000: Connection refused' \
    '[3]' '$ echo one; echo two; false' '...' 'two' '[1]' '```' '```console shape' '$ echo "░░███ 0.31 s"' '░█ 5 ms' \
    '```' >"$doc"
  exits 0 env LC_ALL=C bash tests/transcript.bash "$doc"
  assert_match "result" "2 blocks, 3 commands, 0 failed" "$OUTPUT"
  sed 's/refused/refuted/' "$doc" >"$doc.2"
  exits 1 env LIMIT=1 bash tests/transcript.bash "$doc.2"
  assert_match "where" "doc.md.2:3: not what it says" "$OUTPUT"
  assert_match "what" "Connection refuted.*got:.*Connection refused" "${OUTPUT//$'\n'/ }"
  sed 's/^.1.$/[2]/' "$doc" >"$doc.2"
  exits 1 env LIMIT=1 bash tests/transcript.bash "$doc.2"
  sed 's/^two$/three/' "$doc" >"$doc.2"
  exits 1 env LIMIT=1 bash tests/transcript.bash "$doc.2"
  exits 1 env LIMIT=1 bash tests/transcript.bash --accept "$doc.2"
  assert_equal "what --accept writes" "$(sed 's/^\.\.\.$/one/' "$doc")" "$(cat "$doc.2")"
  sed 's/^two$/three/; s/^\$ build.*/$ sleep 60/' "$doc" >"$doc.2"
  cp "$doc.2" "$doc.3"
  exits 1 env LIMIT=1 bash tests/transcript.bash --accept "$doc.3"
  cmp "$doc.2" "$doc.3" # a command was not done, so what comes after it is not what it should be
}

@test "tutorial: a changed line of quoted code turns the check red" {
  local doc=$BATS_TEST_TMPDIR/doc.md
  printf '%s\n' '```c common/io.c' 'bool would_block(int error)' '{' '...' '}' '```' '```diff 01..02' \
    '-    return 0;' '```' >"$doc"
  exits 0 bash tests/quotes.bash "$doc"
  assert_equal "result" "2 quotes, 0 wrong" "$OUTPUT"
  sed 's/int error/int errno/' "$doc" >"$doc.2"
  exits 1 bash tests/quotes.bash "$doc.2"
  assert_match "where" "doc.md.2:1: this is not in common/io.c" "$OUTPUT"
  sed 's/return 0/return 1/' "$doc" >"$doc.2"
  exits 1 bash tests/quotes.bash "$doc.2"
}
