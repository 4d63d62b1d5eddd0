# SPDX-License-Identifier: MIT
# report.awk: what report.sh makes its report of. Reads servers.tsv (FS is a tab), results.csv (a comma) and goals.txt
# (a bar); writes tables into parts/ and steps.md. figures/data.awk, its other half, writes what gnuplot draws.
#
# A figure is kept for each round. Two servers are compared round by round, and of these ratios the median is taken: a
# machine whose speed changes from round to round does not change a ratio.

function fail(why) {
  print "report.awk: " why >"/dev/stderr"
  failed = 1
  exit 1
}

function first(key) { return !(key in seen) && ++seen[key] }

FS == "\t" {
  if ($2 == "missing")
    package[$1] = $3
  next
}

FS == "|" {
  if (!/^#/)
    goals[++n_goals] = $0
  next
}

FNR == 1 {
  for (i = 1; i <= NF; i++)
    column[$i] = i
  n_names = split("round workload server messages seconds cpu_us p50_us p99_us p999_us memory_before memory_after " \
                  "clients note", names, " ")
  for (i = 1; i <= n_names; i++)
    if (!(names[i] in column))
      fail("results.csv has no column " names[i])
  next
}

function field(name) { return $column[name] }

function keep(kind, what) { value[kind, w, s, round] = what }

{
  if (NF < n_names - 1)
    fail("line " FNR " of results.csv is not whole")
  round = field("round")
  w = field("workload")
  s = field("server")
  if (first("round " round))
    round_name[++n_rounds] = round
  if (first("workload " w))
    workloads[++n_workloads] = w
  if (first("round " w " " round))
    rounds_of[w]++
  if (!((w, s) in note))
    servers[w, ++n_servers[w]] = s
  text = field("note")
  for (i = column["note"] + 1; i <= NF; i++) # it is the last, so it may have commas
    text = text "," $i
  note[w, s] = text == "" ? note[w, s] : text
  if (field("messages") > 0 && field("seconds") > 0) {
    keep("rate", field("messages") / field("seconds"))
    if (field("cpu_us") > 0)
      keep("cpu", field("cpu_us") / field("messages"))
    for (i = split("p50 p99 p999", kinds, " "); i > 0; i--)
      if (field(kinds[i] "_us") != "")
        keep(kinds[i], field(kinds[i] "_us") + 0)
    n_figures++
  }
  if (field("memory_before") > 0 && field("memory_after") > 0 && field("clients") > 0) {
    keep("before", field("memory_before"))
    keep("after", field("memory_after"))
    keep("clients", field("clients"))
    keep("memory", (field("memory_after") - field("memory_before")) / field("clients"))
    n_figures++
  }
}

# ---- figures and ratios ----------------------------------------------------------------------------------------

# Takes a server's figures, one a round; or, if another server is named, the ratios to its figures. Sets and returns
# n, how many there are; sets median, and low and high, between which the middle half of them are (of three, all).
function collect(kind, w, s, other_w, other_s,    i, j, v, key) {
  n = 0
  for (i = 1; i <= n_rounds; i++) {
    if (!((kind, w, s, round_name[i]) in value))
      continue
    v = value[kind, w, s, round_name[i]]
    if (other_s != "") {
      key = kind SUBSEP other_w SUBSEP other_s SUBSEP round_name[i]
      if (!(key in value) || value[key] == 0)
        continue
      v /= value[key]
    }
    for (j = n++; j > 0 && sorted[j] > v; j--)
      sorted[j + 1] = sorted[j]
    sorted[j + 1] = v
  }
  if (n > 0) {
    median = (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
    low = sorted[int((n + 3) / 4)]
    high = sorted[n + 1 - int((n + 3) / 4)]
  }
  return n
}

# A binary that was measured twice in a round counts with the mean of both.
function use_both(    key, part, first_key, mean) {
  for (key in value) {
    split(key, part, SUBSEP)
    if (part[3] ~ /-again$/) {
      first_key = part[1] SUBSEP part[2] SUBSEP first_name(part[3]) SUBSEP part[4]
      if (first_key in value)
        mean["both " part[1], part[2], first_name(part[3]), part[4]] = (value[first_key] + value[key]) / 2
    } else if (!(("both " key) in mean))
      mean["both " key] = value[key]
  }
  for (key in mean)
    value[key] = mean[key]
}

# Why a server has no figure in a workload.
function why(kind, w, s) {
  if (collect(kind, w, s))
    return ""
  if ((w, s) in note && note[w, s] != "")
    return note[w, s]
  if (s in package)
    return package[s] " is not installed"
  return s ~ /^05/ && w ~ /^(echo|bulk|churn)/ ? "serves a counter, no echo" : "not in this run"
}

# A server that was measured twice has a second name, as 06-again: the name it had first.
function first_name(s) {
  sub(/-again$/, "", s)
  return s == "05" ? "05-epoll-counter" : s == "06" ? "06-parallel" : s
}

# The spread of a binary against itself: of s, if it was measured twice, else of another one.
function spread(kind, w, s,    i, a, best) {
  for (i = 1; i <= n_servers[w]; i++) {
    a = servers[w, i]
    if (a ~ /-again$/ && collect(kind, w, a, w, first_name(a)) && (best == "" || first_name(a) == s))
      best = a
  }
  if (best == "") {
    n = 0
    return "not measured"
  }
  collect(kind, w, best, w, first_name(best))
  return short(first_name(best)) ": " range(2)
}

# ---- words -----------------------------------------------------------------------------------------------------

function short(s) { return s ~ /^0[1-6]-/ ? substr(s, 1, 2) : s }

function range(digits) {
  return sprintf(digits ? "%." digits "f (%.2f..%.2f)" : "%.0f (%.0f..%.0f)", median, low, high)
}

# A number as one writes it: 5.31, 42.7, 1,234,567
function number(v,    text, end) {
  if (v < 99.95)
    return v < 0 ? "-" number(-v) : sprintf(v < 9.995 ? "%.2f" : "%.1f", v)
  text = sprintf("%.0f", v)
  for (end = ""; length(text) > 3; text = substr(text, 1, length(text) - 3))
    end = "," substr(text, length(text) - 2) end
  return text end
}

function whole(v) { return v > -0.5 && v < 0.5 ? "0" : v < 99.95 ? sprintf("%.0f", v) : number(v) }

function bytes(v) {
  return v < 1000 ? whole(v) " B" : v < 1e6 ? number(v / 1000) " kB" : number(v / 1e6) " MB"
}

function title(w,    part) {
  split(w, part, "-")
  if (part[1] == "echo")
    return "Echo: 64 B, " whole(part[2]) " connection" (part[2] > 1 ? "s" : "")
  if (part[1] == "idle")
    return "Idle clients: " part[2] " active beside " (part[3] > 0 ? whole(part[3]) : "none")
  if (part[1] == "work" || part[1] == "bare")
    return "Threads: " part[3] ", `--accept " part[2] "`" (part[1] == "work" ? ", `--work 20`" : "")
  return w == "bulk" ? "Bulk: 64 KiB messages, 1 connection" : w == "churn" ? "Churn: connect, one echo, close" : \
         w == "counter" ? "Counter: 64 connections, 16 commands at once" : w == "memory" ? "Memory: idle clients" : w
}

# ---- goals -----------------------------------------------------------------------------------------------------

function goal_line(what, pair, goal, measured, twice, verdict) {
  if (verdict) # not for the headings
    printf "| %s | %s | %s | %s | %s | %s |\n", what, pair, goal, measured, twice,
      verdict == "missed" ? "**missed**" : verdict >"parts/goals.md"
  if (verdict == "not measured") { # that and why take two columns
    measured = verdict ": " measured
    twice = verdict = ""
  }
  text = sprintf("%-32s  %-16s  %-12s  %-18s  %-21s  %s", what, pair, goal, measured, twice, verdict)
  sub(/ +$/, "", text)
  print text >"parts/goals.txt"
}

# One goal: a figure of s in w, or its ratio to that of other_s in other_w, against a limit.
function judge(what, pair, kind, w, s, other_w, other_s, operator, limit,    twice, goal, loss, reason, verdict) {
  if (!(w in rounds_of)) { # only a part was asked for
    count["not measured"]++
    if (first("left out " w))
      left_out = left_out (left_out ? ", " : "") w
    return
  }
  twice = spread(kind, w, s)
  goal = kind == "memory" ? operator " " limit " bytes" : sprintf("%s %.2f", operator, limit)
  if (operator == ">=~") { # less what the same binary loses against itself
    loss = n == 0 || low > 1 ? 0 : low < 0.9 ? 0.1 : 1 - low
    goal = sprintf(">= %.2f-%.2f", limit, loss)
    limit -= loss
  }
  if (collect("both " kind, w, s, other_w, other_s)) {
    verdict = (operator == "<=" ? median <= limit : median >= limit) ? "met" : "missed"
    goal_line(what, pair, goal, range(kind == "memory" ? 0 : 3), twice, verdict)
  } else {
    verdict = "not measured"
    reason = why(kind, w, s)
    if (reason == "" && other_s != "")
      reason = why(kind, other_w, other_s)
    goal_line(what, pair, goal, reason == "" ? "no round has both" : reason, twice, verdict)
  }
  count[verdict]++
}

function write_goals(    i, j, k, part, n_who, who, others, limit, s, w, x) {
  goal_line("workload", "what", "goal", "measured", "same binary twice", "")
  for (i = 1; i <= n_goals; i++) {
    split(goals[i], part, / *[|]/)
    w = part[3]
    split(part[6], limit, " ")
    n_who = split(part[4], who, " ")
    for (j = 1; j <= n_who; j++) {
      s = first_name(who[j])
      k = split(part[5], others, " ")
      if (w ~ /^idle/ && s ~ /^05/ && !((w, s) in note))
        continue # it has no echo; a run need not measure it here, too
      if (k == 0)
        judge(part[1], who[j], part[2], w, s, "", "", limit[1], limit[2])
      else if (others[1] ~ /^(idle|work)/)
        judge(part[1], who[j], part[2], w, s, others[1], s, limit[1], limit[2])
      else
        for (x = 1; x <= k; x++)
          judge(part[1], who[j] " / " others[x], part[2], w, s, w, others[x], limit[1], limit[2])
    }
  }
  printf "%d met, %d missed, %d not measured\n", count["met"], count["missed"], count["not measured"] >"parts/count"
  if (left_out)
    print "workloads that were left out: " left_out >"parts/count"
}

# ---- a table for each workload ---------------------------------------------------------------------------------

# Sets order[1..], and returns how many: the servers of a workload, the lowest first, those without a figure last.
function sort_by(kind, w,    i, j, m) {
  for (i = 1; i <= n_servers[w]; i++) {
    m = collect(kind, w, servers[w, i]) ? median : 1e300
    for (j = i; j > 1 && cost[j - 1] > m; j--) {
      cost[j] = cost[j - 1]
      order[j] = order[j - 1]
    }
    cost[j] = m
    order[j] = servers[w, i]
  }
  return n_servers[w]
}

function cell(kind, w, s, other_w, other_s) {
  if (!collect(kind, w, s, other_w, other_s))
    return " |"
  return " " (other_s != "" ? range(2) : kind ~ /before|after/ ? bytes(median) : \
              kind ~ /memory|clients/ ? whole(median) : number(median)) " |"
}

function remark(kind, w, s) {
  if (!collect(kind, w, s) || n == rounds_of[w])
    return " " note[w, s] " |"
  return " " n " of " rounds_of[w] " rounds" (note[w, s] == "" ? "" : ": ") note[w, s] " |"
}

function write_workload(w,    i, s, base, unit, none, bulk, out, text) {
  out = "parts/workloads.md"
  base = (w, "floor") in note ? "floor" : (w, "06-parallel") in note ? "06-parallel" : "05-epoll-counter"
  unit = w == "churn" ? "a connection" : w == "counter" ? "a command" : "an echo"
  none = w ~ /^idle-.*-[1-9]/ ? substr(w, 1, match(w, /-[0-9]*$/)) "0" : ""
  bulk = w == "bulk"
  print "\n### " title(w) "\n" >out
  if (w == "memory")
    print "| server | bytes a client | clients | before | with them | note |\n|---|--:|--:|--:|--:|---|" >out
  else
    print "| server | CPU µs " unit " | CPU ÷ " short(base) "'s |" (none ? " CPU ÷ none idle |" : "") \
      " per second |" (bulk ? " MB/s |" : "") " p50 µs | p99 µs | p99.9 µs | note |\n|---|--:|--:|" \
      (none ? "--:|" : "") "--:|" (bulk ? "--:|" : "") "--:|--:|--:|---|" >out
  sort_by(w == "memory" ? "memory" : "cpu", w)
  for (i = 1; i <= n_servers[w]; i++) {
    s = order[i]
    if (w == "memory")
      print "| " s " |" cell("memory", w, s) cell("clients", w, s) cell("before", w, s) cell("after", w, s) \
        remark("memory", w, s) >out
    else
      print "| " s " |" cell("cpu", w, s) cell("cpu", w, s, w, base) (none ? cell("cpu", w, s, none, s) : "") \
        cell("rate", w, s) (bulk ? (collect("rate", w, s) ? " " whole(median * 65536 / 1e6) : "") " |" : "") \
        cell("p50", w, s) cell("p99", w, s) cell("p999", w, s) remark("rate", w, s) >out
  }
  for (i = 1; i <= n_servers[w]; i++) {
    s = servers[w, i]
    if (s !~ /-again$/)
      continue
    text = w != "memory" ? (collect("cpu", w, s, w, first_name(s)) ? " CPU " range(2) : "") \
      (collect("rate", w, s, w, first_name(s)) ? " rate " range(2) : "") : \
      collect("memory", w, s) && median >= 1 && collect("memory", w, s, w, first_name(s)) ? " memory " range(2) : ""
    if (text != "")
      print "\nThe same binary twice, " s " to " first_name(s) ":" text >out
  }
}

# ---- the steps -------------------------------------------------------------------------------------------------

# The number of a remark that says why there is no figure.
function no_figure(kind, w, s,    reason) {
  reason = why(kind, w, s)
  if (first("remark " reason)) {
    remark_number[reason] = ++n_remarks
    remarks = remarks "\n" n_remarks ". " reason
  }
  return " (" remark_number[reason] ") |"
}

function growth(a, s) {
  if (collect("cpu", "idle-" a "-10000", s, "idle-" a "-0", s))
    return sprintf(" × %.2f |", median)
  if (collect("cpu", "idle-" a "-900", s, "idle-" a "-0", s))
    return sprintf(" × %.2f with 900 |", median)
  return no_figure("cpu", "idle-" a "-10000", s)
}

function write_steps(    i, j, s, steps, is, line, n_w, ws) {
  split("01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel", steps, " ")
  split("the server's only one,the server's only one,a process,a struct and a bit in a set,a struct," \
        "a struct of one worker", is, ",")
  n_w = split("echo-1 echo-64 echo-1000 churn", ws, " ")
  print "| step | a client is | CPU µs an echo: 1 client | 64 clients | 1,000 clients | CPU µs a connection " \
    "| CPU an echo with 10,000 idle: 64 active | 1 active | memory an idle client |" >"steps.md"
  print "|---|---|--:|--:|--:|--:|--:|--:|--:|" >"steps.md"
  for (i = 1; i <= 6; i++) {
    s = steps[i]
    line = "| " s " | " is[i] " |"
    for (j = 1; j <= n_w; j++)
      line = line (collect("cpu", ws[j], s) ? " " number(median) " |" : no_figure("cpu", ws[j], s))
    print line growth(64, s) growth(1, s) \
      (collect("memory", "memory", s) ? " " bytes(median) " |" : no_figure("memory", "memory", s)) >"steps.md"
  }
  if (collect("cpu", "echo-64", "05-epoll-counter"))
    print "\n05 counts: its message is a line of 4 bytes, and its answer has 29." >"steps.md"
  if (n_remarks > 0)
    print "\nNot measured:\n" remarks >"steps.md"
}

END {
  if (failed)
    exit 1
  if (n_figures == 0)
    fail("results.csv has no figure")
  use_both()
  write_goals()
  for (i = 1; i <= n_workloads; i++)
    write_workload(workloads[i])
  write_steps()
  write_figures()
}
