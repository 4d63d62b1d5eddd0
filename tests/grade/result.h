// SPDX-License-Identifier: MIT
/*
 * What a grading has found out: filled by run.c, test by test, and written by main.c (text, for the
 * student), files.c (JSON, JUnit, CSV) and page.c (a class as one HTML page).
 */
#ifndef GRADE_RESULT_H
#define GRADE_RESULT_H

#include <stdbool.h>
#include <stddef.h>

enum level { CORE, ROBUST, ORDERLY, N_LEVELS };

enum verdict {
    PASSED,
    FAILED,
    NOT_RUN /* the grading ended before it */
};

struct result {
    const char *name;  /* as in --only NAME: "half-close" */
    const char *title; /* what the server should do: "answers everything after a half-close" */
    enum level level;
    int points; /* that the test is worth; all or nothing */
    enum verdict verdict;
    double seconds;
    char *hint_key; /* FAILED: the symptom, one word as "never-closes"; else NULL. malloc'ed */
    char *message;  /* FAILED: the numbered story, several lines, without colour; NOT_RUN: why; else
                       NULL. malloc'ed; UTF-8, all control characters but LF escaped */
};

struct grading {
    char *name;           /* of the submission, in a class; else its command */
    char *command;        /* as the teacher or student gave it */
    int step;             /* 1 to 6 */
    const char *protocol; /* "echo" or "counter" */
    unsigned seed;
    char *confined; /* how the server was run, one sentence: confined_how */
    char *trouble;  /* why it could not be tried at all (exit status 2), several lines; else NULL */
    double seconds; /* in all */
    size_t n;
    struct result *results; /* in the order in which to mend them */
};

const char *level_name(enum level level);                     /* "core", "robust", "orderly" */
int points_of(const struct grading *g, enum level level);     /* got */
int points_in_all(const struct grading *g, enum level level); /* to be had */
bool core_complete(const struct grading *g);
/* The first test that was lost, core first, in the order of the results; NULL: none. */
const struct result *first_to_mend(const struct grading *g);

#endif
