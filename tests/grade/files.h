// SPDX-License-Identifier: MIT
/*
 * Gradings as files for other programs. Any name, command and message may be hostile; what is no
 * UTF-8, and what a format cannot hold, comes as U+FFFD.
 *
 * The caller looks at ferror(3) and closes the file.
 */
#ifndef GRADE_FILES_H
#define GRADE_FILES_H

#include "result.h"

#include <stdio.h>

/* An array, an object a submission. RFC 8259. */
void write_json(FILE *out, const struct grading *g, size_t n);

/* JUnit XML: a testsuite a submission. A test that was not run is skipped; a grading in trouble has
 * one more testcase, "grading", with an error. */
void write_junit(FILE *out, const struct grading *g, size_t n);

/* A header, and a line a submission; the points of a test that was not run are empty. RFC 4180. A
 * text that a spreadsheet would take for a formula gets an apostrophe in front. */
void write_csv(FILE *out, const struct grading *g, size_t n);

#endif
