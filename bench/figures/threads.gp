# SPDX-License-Identifier: MIT
stats "parts/threads.dat" using 6 nooutput
set terminal svg size 800, 460 font "sans-serif,14" background "white"
set lmargin 12
set rmargin 3
set tmargin 5
set bmargin 4.5
set label 1 "06-parallel with one thread and with two: what a second core brings (higher is better)" \
  at screen 0.02, graph 1 offset 0, 3 font ",16" textcolor rgb black
set label 2 "Light: 1 thread. Dark: 2 threads, and how many times the rate. Thin line: half of the rounds." \
  at screen 0.02, graph 1 offset 0, 1.5 font ",13" textcolor rgb gray
set yrange [0 : STATS_max / 1000 * 1.2]
stats "parts/threads.dat" using 1 nooutput
set xrange [0.4 : STATS_max + 0.6]
unset xtics
set format y "%.0f,000"
set ytics add ("0" 0)
set ylabel "echoes a second" textcolor rgb gray
unset grid
set grid ytics linecolor rgb "#dddddd" linewidth 1
at(group, threads) = group + (threads == 1 ? -0.21 : 0.21)
shade(threads) = threads == 1 ? 0xBFDFF2 : 0x56B4E9
plot "parts/threads.dat" using (at($1, $3)):(0):(at($1, $3) - 0.2):(at($1, $3) + 0.2):(0):($4 / 1000):(shade($3)) \
       with boxxyerror linecolor rgb variable, \
     "" using (at($1, $3)):($5 / 1000):(0):(($6 - $5) / 1000) with vectors heads size graph 0.008, 90 \
       linewidth 1.2 linecolor rgb black, \
     "" using (at($1, $3)):($6 / 1000):7 with labels offset 0, 0.8 font ",13" textcolor rgb black, \
     "" using (at($1, 2)):($6 / 1000):8 with labels offset 0, 1.9 font ",15" textcolor rgb black, \
     "" using ($3 == 1 ? $1 : NaN):(0):2 with labels offset 0, -1.3 font ",13" textcolor rgb black
