/* SPDX-License-Identifier: MIT */
/* One trial: a server is started, clients talk to it, something fails, and it is judged. */
#ifndef SESSION_H
#define SESSION_H

#include "rules.h"

#include <stddef.h>

extern const char *const step_names[N_STEPS];

extern long session_limit_ms; /* that anything may take; only what is broken ever does */

struct trial {
    int step; /* from 0 */
    enum {
        SINGLE,  /* the call fails once */
        LASTING, /* it fails again and again, and then no more */
        NOISE,   /* reads and writes are cut and interrupted at random, from a seed */
        STOP,    /* nothing fails, but TERM comes at a random moment, from a seed */
        LOG,     /* nothing fails, but nobody reads the log: four cases, then the same again */
        STRANGER /* nothing fails, but somebody else holds the sockets, from a seed */
    } kind;
    const struct rule *rule; /* SINGLE, LASTING; else NULL */
    const char *error;       /* one of the rule's; LOG: of sink_names */
    long n;                  /* SINGLE: which of the calls fails, from 1; else the seed */
};

/* Call it once in a process that makes trials. build: the directory of the servers; shim: the path
 * of shim.c, compiled. Ends the program if it fails. */
void session_start(const char *build, const char *shim);
void session_end(void);

struct outcome {
    long injected;  /* how often a call has failed, or was cut; 0: there was no such call */
    bool at_start;  /* the first time, before the server listened */
    char why[4000]; /* what was wrong, and the log; lines */
};

/* Makes a trial. Returns whether the server did as it should. */
bool session_try(const struct trial *trial, struct outcome *outcome);

#endif
