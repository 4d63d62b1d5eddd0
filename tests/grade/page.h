// SPDX-License-Identifier: MIT
/*
 * A class as one HTML page: submissions by tests, the one most often missed first, and the story of
 * each failure one click away. It loads nothing, runs nothing, and can be printed or mailed.
 */
#ifndef GRADE_PAGE_H
#define GRADE_PAGE_H

#include "result.h"

#include <stdio.h>
#include <time.h>

/* `when` is the time of the grading. The caller looks at ferror(3). */
void write_page(FILE *out, const struct grading *g, size_t n, time_t when);

#endif
