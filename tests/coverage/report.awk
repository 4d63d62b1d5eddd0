# SPDX-License-Identifier: MIT
# report.awk: judges what gcov -b -c -t has printed, after the list of lines that may go unexecuted.
#
#   awk -v branches=FILE -f report.awk unreached.txt GCOV-TEXT
#
# Prints each line that is neither executed nor listed, each entry of the list that is no longer true,
# and a table. Status 1 if there is such a line or entry, or fewer than 95 % of the branches are taken.
# Writes the branches never taken into FILE.

function complain(text) {
  print text
  wrong = 1
}

function ratio(n, all) { return sprintf("%.1f", all ? 100 * n / all : 100) }

function trim(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

function row(name, l, e, u, b, t) {
  printf "%-28s %6d %9d %7d %9d %7s\n", name, l, e, u, b, ratio(t, b)
}

# ---- unreached.txt: see there ----------------------------------------------------------------------

FNR == 1 { part++ }

part == 1 && /^(#|$)/ { next }
part == 1 && /^[^ \t]/ {
  entry = $0
  if (entry in reason)
    complain("unreached.txt:" FNR ": twice: " entry)
  reason[entry] = ""
  entries[++n_entries] = entry
  next
}
part == 1 {
  reason[entry] = reason[entry] trim($0)
  next
}

# ---- gcov's text -----------------------------------------------------------------------------------

/^function / {
  fn = $2
  next
}
/^branch / { # of the line before
  if (ours && !is_listed) {
    n_branches[file]++
    if ($0 ~ /taken [1-9]/)
      n_taken[file]++
    else
      print file ":" number ": branch " $2 " is never taken: " text >branches
  }
  next
}
/^ *[^:]+: *[0-9]+:/ {
  count = $0
  sub(/:.*/, "", count)
  count = trim(count)
  rest = substr($0, index($0, ":") + 1)
  number = trim(substr(rest, 1, index(rest, ":") - 1))
  text = trim(substr(rest, index(rest, ":") + 1))
  is_listed = 0
  if (number == 0) {
    if (text ~ /^Source:/) {
      file = substr(text, 8)
      ours = file ~ /^(0[1-6]-|common\/).*\.c$/
      if (ours)
        files[++n_files] = file
      fn = ""
    }
    next
  }
  if (!ours || count == "-")
    next
  n_lines[file]++
  key = file " " fn ": " text
  if ((file " " fn ": *") in reason)
    key = file " " fn ": *"
  else if (++twins[key] > 1)
    key = key " (" twins[key] ")"
  if (count !~ /^[#=]/) {
    n_executed[file]++
    if (key in reason && reason[key] !~ /^By chance/)
      complain(file ":" number ": is executed, though unreached.txt lists it: " text)
    seen[key] = 1
  } else if (key in reason) {
    n_listed[file]++
    is_listed = seen[key] = 1
  } else {
    complain(file ":" number ": never executed: " text)
  }
}

END {
  for (i = 1; i <= n_entries; i++) {
    if (reason[entries[i]] == "")
      complain("unreached.txt: no reason for: " entries[i])
    if (!(entries[i] in seen))
      complain("unreached.txt: there is no such line: " entries[i])
  }
  if (n_files == 0)
    complain("gcov has printed nothing of the six steps")
  printf "%s%-28s %6s %9s %7s %9s %7s\n", wrong ? "\n" : "", "", "lines", "executed", "listed", "branches", "taken %"
  for (i = 1; i <= n_files; i++) {
    f = files[i]
    row(f, n_lines[f], n_executed[f], n_listed[f], n_branches[f], n_taken[f])
    all_lines += n_lines[f]
    all_executed += n_executed[f]
    all_listed += n_listed[f]
    all_branches += n_branches[f]
    all_taken += n_taken[f]
  }
  row("all", all_lines, all_executed, all_listed, all_branches, all_taken)
  if (all_taken < 0.95 * all_branches)
    complain("fewer than 95 % of the branches are taken")
  exit wrong
}
