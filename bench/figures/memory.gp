# SPDX-License-Identifier: MIT
stats "parts/memory.dat" using 3 nooutput
set terminal svg size 800, 110 + 25 * STATS_records font "sans-serif,14" background "white"
set lmargin 25
set rmargin 8
set tmargin 4.5
set bmargin 3
set label 1 "Memory of the server for one idle client: shorter is better" \
  at screen 0.02, graph 1 offset 0, 2.7 font ",16" textcolor rgb black
set label 2 \
  "Blue: our steps. Dark: a bare epoll loop. Gray: others. Each line of the grid is ten times the one before." \
  at screen 0.02, graph 1 offset 0, 1.2 font ",13" textcolor rgb gray
set logscale x
set yrange [STATS_records + 0.6 : 0.4]
set xrange [9 : STATS_max * 4]
set xtics ("10 B" 10, "100 B" 100, "1 kB" 1000, "10 kB" 1e4, "100 kB" 1e5, "1 MB" 1e6, "10 MB" 1e7, "100 MB" 1e8)
unset grid
set grid xtics linecolor rgb "#dddddd" linewidth 1
least(bytes) = bytes > 10 ? bytes : 10
plot "parts/memory.dat" using (9):1:(9):(least($3)):($1 - 0.36):($1 + 0.36):(ours($6)):ytic(2) \
       with boxxyerror linecolor rgb variable, \
     "" using (least($3)):1:7 with labels left offset 0.7, 0 font ",13" textcolor rgb black
