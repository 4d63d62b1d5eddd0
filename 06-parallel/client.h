// SPDX-License-Identifier: MIT
/*
 * A client of an event loop. When it is ready, it gets one read and one write at most, and neither
 * blocks. It is in one of three states:
 *
 *   READING   waits until there is something to read; then we read and answer.
 *   WRITING   the socket has not taken the whole answer: waits for room. Meanwhile we do not read
 *             from this client. That is back-pressure: a client that does not read its answers
 *             makes us keep one answer at most: 256 KiB (echo), 64 KiB (counter).
 *   DONE      at its end, or lost.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../common/peer.h"
#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>

enum state { READING, WRITING, DONE };

struct client {
    struct client *next, *previous; /* in the worker's list of its clients */
    int fd;
    enum state state;
    struct peer peer;
    bool ended;         /* it has half-closed: read has returned 0 */
    struct line line;   /* an unfinished one */
    char *kept;         /* allocated: what the socket did not take at once; NULL: nothing */
    const char *unsent; /* in kept: the first byte that it has not taken since */
    size_t unsent_length;
};

/* Takes over a non-blocking descriptor. Returns NULL, with errno, when there is no memory. */
struct client *client_new(int fd, const struct peer *peer);

/* Reads and answers, or writes what is kept, and sets the state. A failure: client_failed(). */
void client_ready(struct client *client);

/* We stop: writes what is kept, once, and half-closes. */
void client_stop(struct client *client);

/* Closes the descriptor and frees the client. */
void client_free(struct client *client);

#endif
