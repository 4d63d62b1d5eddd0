# SPDX-License-Identifier: MIT
# style.gp: what the figures have in common. Run in the directory of the report. The colours are Okabe and Ito's,
# which the colour-blind can tell apart; nothing is said by colour alone.
set datafile separator "\t"
set encoding utf8
set border 0
set tics nomirror scale 0
set grid linecolor rgb "#dddddd" linewidth 1
set key off
set style fill solid noborder
black = "#222222"
gray = "#555555"
# Of class: 3 to 6 a step of ours (03 pink, 04 orange, 05 light blue, 06 blue), 1 the floor, 0 a peer
colour(class) = class == 3 ? 0xCC79A7 : class == 4 ? 0xD55E00 : class == 5 ? 0x56B4E9 : class == 6 ? 0x0072B2 : \
  class == 1 ? 0x444444 : 0xB8B8B8
ours(class) = class >= 1 && class <= 6 && class != 1 ? 0x0072B2 : class == 1 ? 0x444444 : 0xB8B8B8
