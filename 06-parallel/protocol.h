// SPDX-License-Identifier: MIT
/* What a client's bytes are answered with: echo.c sends them back, counter.c executes them. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

/* The start of a line whose end has not come yet. Six bytes would do: `read`, a CR, and one that
 * shows that the line is longer. All zero: an empty line. */
struct line {
    unsigned char length;
    char bytes[7];
};

struct reply {
    const char *bytes;
    size_t length;
};

/* Each answers n bytes; n = 0: no more will come. The reply is in the request itself or in space.
 * All workers call them at once. */
struct reply echo_answer(struct line *line, const char *request, size_t n, char *space);
struct reply counter_answer(struct line *line, const char *request, size_t n, char *space);

/* How much may be read at a time, and how much space the counter needs. Its longest reply is to
 * the LF of an "inc" and 4,094 more LFs: 29 + 4094 * 16 = 65,533 bytes. */
#define ECHO_REQUEST_MAX (256 * 1024)
#define COUNTER_REQUEST_MAX 4095
#define SPACE_MAX (64 * 1024)

uint64_t counter_value(void);

#endif
