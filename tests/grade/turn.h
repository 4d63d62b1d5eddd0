// SPDX-License-Identifier: MIT
/* What moves while a test waits: clients send and receive, and what servers print is taken. */
#ifndef GRADE_TURN_H
#define GRADE_TURN_H

#include "kit.h"

extern struct server *servers[];
extern int n_servers;

/* Moves what can be moved; waits for that at most so many seconds. */
void turn(double seconds);

void server_printed(struct server *s);
bool server_wants_to_print(const struct server *s);
void server_events(struct server *s);

/* What it means that this server has ended: a hint. */
const char *hint_of_end(const struct server *s);

#endif
