// SPDX-License-Identifier: MIT
/* Tries the tests of one grading, several at a time. */
#ifndef GRADE_RUN_H
#define GRADE_RUN_H

#include "result.h"

struct wishes {
    const char *build;                      /* the directory of our own servers */
    const char *only;                       /* names of tests, with commas; NULL: all */
    int jobs;                               /* tests at a time; 0: as many as suits this machine */
    void (*begun)(const struct grading *g); /* or NULL */
    void (*done)(const struct grading *g, const struct result *r); /* in their order; or NULL */
};

/*
 * g has a command, step, protocol and seed; the rest is filled in. Everything that was started has
 * ended when it returns; also when it is told to end by a signal, which it then returns (else 0).
 */
int run_tests(struct grading *g, const struct wishes *wishes);

#endif
