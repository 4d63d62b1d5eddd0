/* SPDX-License-Identifier: MIT */
/*
 * What a server's stderr leads to: a terminal, a pipe, a FIFO, a socket or a file. Nobody has to
 * read what comes out at the other end, so that it can be full.
 */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>

#define N_SINKS 5

extern const char *const sink_names[N_SINKS]; /* terminal, pipe, fifo, socket, file */

#define SINK_FILLER '\1' /* what sink_fill() writes: no log line has it */

struct sink {
    const char *name;
    int in, out;   /* descriptors: what the server writes to, what we read from; -1: closed */
    long limit;    /* of a file, in bytes: for setrlimit(2), RLIMIT_FSIZE */
    char path[64]; /* of a FIFO or a file; "": none */
};

/* Opens one of the five; small: with as little room as there can be. Ends the program if it fails.
 */
void sink_open(struct sink *sink, const char *name, int small);

/* Fills it, up to about so many bytes. The server must not be writing. */
void sink_fill(struct sink *sink, size_t leave);

void sink_close_in(struct sink *sink);
void sink_close_out(struct sink *sink); /* the terminal hangs up, the pipe is broken */
void sink_close(struct sink *sink);     /* and removes what it has left in /tmp */

/* Why this one cannot be had here; NULL: it can. */
const char *sink_why_not(const char *name);

#endif
