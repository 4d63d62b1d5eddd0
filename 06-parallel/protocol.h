// SPDX-License-Identifier: MIT
/*
 * What to do with a client's bytes: echo.c sends them back, counter.c executes them as lines.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

/* The beginning of a line whose end has not come yet. Of a line longer than any command only so
 * much is kept as shows that it is none. All zero: an empty line. */
struct line {
    unsigned char length;
    char bytes[7];
};

struct protocol {
    size_t request_max; /* how much may be given to answer() at a time */
    size_t space;       /* how much it may write at a time */

    /* Answers n bytes that have come; n = 0: no more will. Sets *answer to where the answer is, in
     * the request itself or in space, and returns its length. Called by all workers at once. */
    size_t (*answer)(struct line *line, const char *request, size_t n, char *space,
                     const char **answer);
};

extern const struct protocol echo_protocol, counter_protocol;

uint64_t counter_value(void);

/* Spends what --work says of this thread's CPU time, as a server with more to do would. */
void do_work(void);

#endif
