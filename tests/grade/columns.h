// SPDX-License-Identifier: MIT
/* The tests of several gradings side by side: what a table of them has as its columns. */
#ifndef GRADE_COLUMNS_H
#define GRADE_COLUMNS_H

#include "result.h"

struct column {
    const struct result *test;    /* in the first grading that has it */
    size_t place;                 /* among the tests as they are to be mended */
    size_t asked, passed, missed; /* submissions that have it, and how it went; the rest: not run */
};

struct columns {
    size_t n;
    struct column *each; /* as the tests are to be mended */
    int max[N_LEVELS];   /* the points to be had */
};

/* To be ended with columns_free(). Points into the gradings. */
struct columns columns_of(const struct grading *g, size_t n);
void columns_free(struct columns *columns);

/* The test missed by most submissions comes first. */
void columns_by_misses(struct columns *columns);

/* The result of this test, or NULL: the grading has none. */
const struct result *result_of(const struct grading *g, const char *test);

/* Core complete, and nothing in the way of the grading. */
bool has_passed(const struct grading *g);

int score_of(const struct grading *g);
int max_of(const struct columns *columns);

/* How many gradings have results, and their mean score. */
size_t tried_of(const struct grading *g, size_t n);
double mean_score(const struct grading *g, size_t n);

/* For what cannot go on without memory: p, or one line and exit(3) with status 2. */
void *need(void *p);

/* What is wrong, in a line: of a story, what is said of its last step. malloc'ed. */
char *trouble_line(const char *trouble);

#endif
