// SPDX-License-Identifier: MIT
/*
 * The counter and its protocol: a line in, a line out.
 *
 *   read             the counter's value
 *   inc              Counter has been incremented
 *   anything else    Unknown command
 *
 * A line ends with LF; one CR before it does not count. It may arrive in any number of pieces, and
 * any number of lines in one piece. A client that gets no reply cannot know whether its line was
 * executed.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <stddef.h>
#include <stdint.h>

/* The start of a line whose end has not come yet. Six bytes would do: `read`, a CR, and one that
 * shows that the line is longer. All zero: an empty line. */
struct line {
    unsigned char length;
    char bytes[7];
};

/* How much may be read at a time, and how long the reply may be. The longest is to the LF of
 * an "inc" and 4,094 more LFs: 29 + 4094 * 16 = 65,533 bytes. */
#define REQUEST_MAX 4095
#define REPLY_MAX (64 * 1024)

/* Executes the lines that end in these n bytes and writes their replies. n = 0: no more will come,
 * so a last line without LF counts too, unless it is empty. Returns how long the replies are. */
size_t counter_answer(struct line *line, const char *request, size_t n, char reply[REPLY_MAX]);

uint64_t counter_value(void);

#endif
