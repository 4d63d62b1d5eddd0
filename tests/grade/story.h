// SPDX-License-Identifier: MIT
/* What story.c and server.c know of each other, and of no test. */
#ifndef GRADE_STORY_H
#define GRADE_STORY_H

#include <stdbool.h>

struct server;

/* The story is told to this descriptor when the test ends: "passed -", "lost HINT" or "not-run -",
 * and from the second line on the text. */
void story_begins(int fd);

/* Writes a byte as it is shown in quotes. Returns how many columns it takes. */
int show_byte(unsigned char byte, char out[5]);

/* Has the server ended because it was stopped and went on, which lets a call fail with EINTR? */
bool is_interrupted(const struct server *s);

/* The hint, or a better one if the server has ended, and that was not known when it was chosen. */
const char *hint_now(const struct server *s, const char *hint);

bool is_lost(void); /* the story is at its end */

struct server *graded_server(void); /* NULL: not yet started */
struct server *story_subject(void); /* whose state is told at the end */
void end_all_servers(void);

/* NULL: the server that is graded lives, as it should. Else what to say, and the hint. */
const char *must_not_have_ended(const char **hint);

#endif
