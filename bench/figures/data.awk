# SPDX-License-Identifier: MIT
# data.awk: the part of report.awk that writes what gnuplot draws, into parts/*.dat.

function label(s) { return s in labels ? labels[s] : s }

# 3 to 6: a step; 1: the floor; 0: a peer. The figures' colours go by it.
function class(s) { return s ~ /^0[1-6]-/ ? substr(s, 2, 1) + 0 : s == "floor" }

function write_bars(name, kind, w,    i, y, s, text) {
  for (i = sort_by(kind, w); i > 0; i--) {
    s = order[n_servers[w] - i + 1]
    if (s ~ /-again$/ || !collect(kind, w, s) || (w ~ /^echo/ && s ~ /^05/)) # which counts
      continue
    text = label(s)
    if (kind == "memory" && s in holds)
      text = text ", " holds[s]
    printf "%d\t%s\t%.6g\t%.6g\t%.6g\t%d\t%s\n", ++y, text, median, low, high, class(s),
      kind == "memory" ? bytes(median) : number(median) >("parts/" name ".dat")
  }
}

# The lines against idle connections, and their labels, which stand right of them in a column, kept
# apart on a logarithmic scale.
function write_idle(a,    i, j, k, n_ks, ks, n_drawn, drawn, n_ends, s, x, y, of, at, push, out) {
  out = "parts/idle-" a
  n_ks = split("0 900 10000", ks, " ")
  n_drawn = split("03-fork-echo 04-select-echo 05-epoll-counter 06-parallel libuv go1 lwt", drawn, " ")
  for (i = 1; i <= n_drawn; i++) {
    s = drawn[i]
    x = -1
    for (k = 1; k <= n_ks; k++)
      if (collect("cpu", "idle-" a "-" ks[k], s)) {
        x = k - 1
        y = median
        printf "%d\t%.6g\t%d\n", x, y, class(s) >(out ".dat")
      }
    if (x < 0)
      continue
    print "\n" >(out ".dat")
    for (j = ++n_ends; j > 1 && at[j - 1] > log(y); j--) {
      at[j] = at[j - 1]
      of[j] = of[j - 1]
    }
    at[j] = log(y)
    of[j] = sprintf(class(s) > 1 ? "%d\t%.6g\t%d\t{/:Bold %s %s}" : "%d\t%.6g\t%d\t%s %s", x, y, class(s),
                    label(s), number(y))
  }
  for (i = 1; i <= 200; i++)
    for (j = 2; j <= n_ends; j++) {
      push = (log(1.24) - at[j] + at[j - 1]) / 2
      at[j] += push > 0 ? push : 0
      at[j - 1] -= push > 0 ? push : 0
    }
  for (j = 1; j <= n_ends; j++)
    printf "%s\t%.6g\n", of[j], exp(at[j]) >(out "-labels.dat")
}

function write_threads(    i, t, drawn, n_groups, groups, names, gain) {
  n_groups = split("bare-each bare-one work-each work-one", groups, " ")
  split("bare echo,\\naccept each|bare echo,\\naccept one|20 µs of work,\\naccept each|" \
        "20 µs of work,\\naccept one", names, "|")
  for (i = 1; i <= n_groups; i++) {
    if (!collect("rate", groups[i] "-2", "06-parallel", groups[i] "-1", "06-parallel"))
      continue
    gain = sprintf("× %.2f", median)
    drawn++
    for (t = 1; t <= 2; t++) {
      collect("rate", groups[i] "-" t, "06-parallel")
      printf "%d\t%s\t%d\t%.6g\t%.6g\t%.6g\t%s\t%s\n", drawn, names[i], t, median, low, high, number(median),
        t == 2 ? gain : "" >"parts/threads.dat"
    }
  }
}

function write_figures() {
  labels["floor"] = "floor: a bare epoll loop"
  labels["libuv-doc"] = "libuv, as in its guide"
  labels["libuv"] = "libuv, tuned"
  labels["go1"] = "Go, one core"
  labels["go"] = "Go"
  labels["node"] = "Node"
  labels["asyncio"] = "Python asyncio"
  labels["lwt"] = "Lwt (OCaml)"
  labels["luv"] = "Luv (OCaml)"
  holds["03-fork-echo"] = holds["socat"] = "a process"
  holds["04-select-echo"] = holds["05-epoll-counter"] = holds["06-parallel"] = "a struct"
  holds["go"] = holds["go1"] = "a goroutine"
  write_bars("cpu-per-echo", "cpu", "echo-64")
  write_bars("memory", "memory", "memory")
  write_idle(1)
  write_idle(64)
  write_threads()
}
