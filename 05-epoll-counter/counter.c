// SPDX-License-Identifier: MIT
/* counter.c: see counter.h */
#include "counter.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Shared by all clients and without a lock: one thread runs the loop, and serves one client after
 * another. Nothing else can run in the middle of an increment. */
static uint64_t counter;

static bool is(const struct line *line, const char *word)
{
    return line->length == strlen(word) && memcmp(line->bytes, word, line->length) == 0;
}

/* Executes a line and empties it. Returns the length of the reply. */
static size_t execute(struct line *line, char *reply)
{
    const char *text = "Unknown command\n";
    char number[24];

    if (is(line, "inc")) {
        counter++;
        text = "Counter has been incremented\n";
    } else if (is(line, "read")) {
        snprintf(number, sizeof number, "%" PRIu64 "\n", counter);
        text = number;
    }
    line->length = 0;
    size_t length = strlen(text);
    memcpy(reply, text, length);
    return length;
}

size_t counter_answer(struct line *line, const char *request, size_t n, char reply[REPLY_MAX])
{
    size_t length = 0;

    if (n == 0 && line->length > 0)
        length = execute(line, reply);
    for (size_t i = 0; i < n; i++) {
        if (request[i] != '\n') {
            if (line->length < sizeof line->bytes)
                line->bytes[line->length++] = request[i];
            continue;
        }
        if (line->length > 0 && line->bytes[line->length - 1] == '\r')
            line->length--;
        length += execute(line, reply + length);
    }
    return length;
}

uint64_t counter_value(void)
{
    return counter;
}
