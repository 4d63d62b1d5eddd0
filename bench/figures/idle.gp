# SPDX-License-Identifier: MIT
set terminal svg size 800, 520 font "sans-serif,14" background "white"
set multiplot
set label 1 "What idle clients cost those that talk: low and flat is better" \
  at screen 0.02, screen 0.955 font ",16" textcolor rgb black
set label 2 \
  "CPU time of the server for an echo of 64 bytes (05: a command). A server whose line ends takes no more." \
  at screen 0.02, screen 0.905 font ",13" textcolor rgb gray
low = 1e9
high = 0
panels = system("ls parts | sed -n 's/^idle-\\([0-9]*\\)[.]dat$/\\1/p' | sort -n")
do for [a in panels] {
  stats "parts/idle-".a.".dat" using 2 nooutput
  low = STATS_min < low ? STATS_min : low
  high = STATS_max > high ? STATS_max : high
}
set logscale y
set yrange [low / 1.6 : high * 1.6]
set ytics (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
set format y "%g µs"
set xrange [-0.1 : 2.14]
set xtics ("none" 0, "900" 1, "10,000" 2)
set tmargin at screen 0.80
set bmargin at screen 0.15
set xlabel "idle connections" textcolor rgb gray
do for [panel = 1 : words(panels)] {
  a = word(panels, panel)
  set lmargin at screen (panel == 1 ? 0.09 : 0.585)
  set rmargin at screen (panel == 1 ? 0.31 : 0.795)
  set title a.(a eq "1" ? " client talks" : " clients talk") textcolor rgb black
  labels = "parts/idle-".a."-labels.dat"
  plot "parts/idle-".a.".dat" using 1:2:(colour($3)) with linespoints pointtype 7 pointsize 0.6 linewidth 2.5 \
         linecolor rgb variable, \
       labels using 1:2:(2.1 - $1):($5 - $2):(colour($3)) with vectors nohead dashtype 3 linewidth 1 \
         linecolor rgb variable, \
       labels using (2.13):5:4 with labels left font ",13" textcolor rgb black
  unset label
}
