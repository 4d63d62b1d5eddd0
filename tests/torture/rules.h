/* SPDX-License-Identifier: MIT */
/*
 * What fails, and what has to come of it: the promise that README.md publishes.
 *
 *   R  it refuses to start: status 1 and one line, which gives the reason
 *   T  nobody notices anything
 *   I  nobody notices, but a line of the log may be missing, or a unix socket's path be left
 *   P  it pauses, logs the reason (at most once a second), and goes on; everybody is served
 *   C  this client is lost, and the reason logged; everybody else is served
 *   X  it cannot go on: status 1 and a line that gives the reason
 *   -  it never calls this
 */
#ifndef RULES_H
#define RULES_H

#include "torture.h"

#define N_STEPS 6

struct rule {
    enum call call;
    const char *errors;   /* names of errno or EAI_..., "short", SIGTTOU; separated by blanks */
    const char *at_start; /* a letter, or two: either of them; "": as later */
    const char *later[N_STEPS];
    const char *where; /* the address that the server listens on: inet, unix or fd; or what its
                          stderr is: socket or terminal, else it is a pipe; or one: 06 is started
                          with --accept one */
    bool lasts;        /* it is also tried with all calls failing for a while */
};

extern const struct rule rules[];
extern const int n_rules;

const char *call_name(enum call call);

/* Ends the program if there is no such error. */
int error_number(const char *name);

/* What the log says of an error. */
const char *error_reason(const char *name);

/* Prints the rules as the table of README.md. */
void print_rules(void);

#endif
