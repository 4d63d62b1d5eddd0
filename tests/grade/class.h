// SPDX-License-Identifier: MIT
/* Grades a class: every submission of a list, a few at a time, and writes what came of it. */
#ifndef GRADE_CLASS_H
#define GRADE_CLASS_H

#include "result.h"

/* Fills in what it finds out about a submission whose name, command, step, protocol and seed are
 * set; what it returns is not looked at. It runs in a forked child that leads a process group,
 * has nothing on stdin, and whose stdout and stderr are kept for the case that it dies. */
typedef int grade_one_fn(struct grading *g);

/* After so many seconds a grading gets a TERM, and a KILL if it is still there after some more. */
extern double class_limit, class_grace;

/* Grades the submissions of the file `list` (list.h), each with the step, protocol and seed of
 * `common`; tells on stdout how far it has come; writes results.csv, results.json, results.xml and
 * index.html into out_dir, which it makes if it is missing. Each file is replaced as a whole.
 *
 * Returns the exit status: 0 all submissions were seen to, whatever their scores; 2 the list is
 * wrong or a file cannot be written, said on stderr; 128 + N a signal N has ended it, and with it
 * all gradings: nothing is written then. */
int class_run(const char *list, const char *out_dir, const struct grading *common,
              grade_one_fn *grade_one);

#endif
