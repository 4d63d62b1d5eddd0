# SPDX-License-Identifier: MIT
stats "parts/cpu-per-echo.dat" using 5 nooutput
set terminal svg size 800, 110 + 25 * STATS_records font "sans-serif,14" background "white"
set lmargin 25
set rmargin 8
set tmargin 4.5
set bmargin 3
set label 1 "CPU time of the server for one echo of 64 bytes, 64 clients: shorter is better" \
  at screen 0.02, graph 1 offset 0, 2.7 font ",16" textcolor rgb black
set label 2 "Blue: our steps. Dark: the least an epoll loop needs. Gray: others. Number: median. Line: half of the rounds." \
  at screen 0.02, graph 1 offset 0, 1.2 font ",13" textcolor rgb gray
set yrange [STATS_records + 0.6 : 0.4]
set xrange [0 : STATS_max * 1.08]
set xlabel "µs of CPU time for one echo" textcolor rgb gray
unset grid
set grid xtics linecolor rgb "#dddddd" linewidth 1
plot "parts/cpu-per-echo.dat" using (0):1:(0):3:($1 - 0.36):($1 + 0.36):(ours($6)):ytic(2) \
       with boxxyerror linecolor rgb variable, \
     "" using 3:1:4:5 with xerrorbars pointtype 0 linewidth 1.2 linecolor rgb black, \
     "" using 5:1:7 with labels left offset 0.7, 0 font ",13" textcolor rgb black
