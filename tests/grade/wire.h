// SPDX-License-Identifier: MIT
/*
 * A grading on its way through a pipe, from the child that made it to the parent.
 *
 * It is a row of strings, each ended by a NUL; the last says that nothing is missing. So a child
 * that dies half way is told from one that was done.
 */
#ifndef GRADE_WIRE_H
#define GRADE_WIRE_H

#include "result.h"

#include <stdio.h>

/* Writes what grade_one has filled in: not the name, the command, the step, the protocol, the seed,
 * which the reader knows. */
void wire_write(FILE *out, const struct grading *g);

/* Reads it from n bytes into g, whose strings then point into these bytes; g->results are
 * malloc'ed. Returns false, and leaves g alone, if anything is missing or wrong. */
bool wire_read(struct grading *g, char *bytes, size_t n);

#endif
