// SPDX-License-Identifier: MIT
/*
 * A client of an event loop. When it is ready, it gets one read and one write at most, and neither
 * blocks. It is in one of three states:
 *
 *   READING   waits until there is something to read; then we read and answer.
 *   WRITING   the socket has not taken the whole answer: waits for room. Meanwhile we do not read
 *             from this client. That is back-pressure: a client that does not read its answers
 *             makes us keep one answer at most, 16 KiB.
 *   DONE      at its end, or lost.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../common/peer.h"

#include <stddef.h>

enum state { READING, WRITING, DONE };

struct client {
    int fd;
    enum state state;
    struct peer peer;
    char *kept;         /* allocated: what the socket did not take at once; NULL: nothing */
    const char *unsent; /* in kept: the first byte that it has not taken since */
    size_t unsent_length;
};

/* Takes over a non-blocking descriptor. Returns NULL, with errno, when there is no memory. */
struct client *client_new(int fd, const struct peer *peer);

/* Reads and answers, or writes what is kept, and sets the state. A failure is logged. */
void client_ready(struct client *client);

/* We stop: writes what is kept, once, and half-closes. */
void client_stop(struct client *client);

/* Closes the descriptor and frees the client. */
void client_free(struct client *client);

#endif
