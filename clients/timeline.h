// SPDX-License-Identifier: MIT
/*
 * timeline.h: draws who was served when, a row for each client
 *
 * As wide as the terminal, or COLUMNS where that is set, 100 columns at most; in colours on a
 * terminal, or where CLICOLOR_FORCE is set, unless NO_COLOR is, or TERM is empty or dumb; in ASCII
 * where the locale's characters are not UTF-8.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "../common/posix.h"

#include <stdint.h>

#define MS INT64_C(1000000) /* in nanoseconds, as all moments and durations here */

/* How a client may end. */
enum outcome { SERVED, REFUSED, RESET, CUT_SHORT, WRONG, TIMED_OUT, FAILED, OUTCOMES };
extern const char *const outcome_names[OUTCOMES];

/* Moments; 0 where it did not come to that. A client is being served from its first byte to its
 * last one; if it was not served to its end, until it was cut off or gave up. */
struct life {
    int64_t began, first_got, last_served, end;
    enum outcome outcome;
};

/* Draws the first 40 of n lives; of(i) tells the i-th. */
void timeline_draw(long n, struct life (*of)(long), int64_t start, int64_t end);

/* How wide what is written to a descriptor may be: COLUMNS, or the width of the terminal, or else
 * INT_MAX. */
int columns_of(int fd);

/* Prints text, some lines of ASCII. What is too wide for the terminal is folded between words, and
 * goes on below the first line's second column, 10 wide. */
void print_folded(const char *text);

/* Writes a duration: "0.41 s", "0.08 ms". Returns text. */
const char *duration(int64_t ns, char text[24]);

#endif
