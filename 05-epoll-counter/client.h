// SPDX-License-Identifier: MIT
/*
 * A client of an event loop.
 *
 * The loop waits, for all clients together; when one is ready, it gets a turn: one read and one
 * write at most, neither of which blocks. What the socket does not take is owed, and as long as we
 * owe a client something we do not read from it: back-pressure. So a client waits either to be read
 * or to be written, never for both, and what it can make us store is the answer to one read: 64
 * KiB.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../common/address.h"
#include "counter.h"

#include <stdbool.h>
#include <stddef.h>

/* What a client waits for. */
enum waits { FOR_READ, FOR_WRITE, FOR_NOTHING };

struct client {
    struct client *next, *previous; /* the loop's list of all clients */
    int fd;
    enum waits waits; /* what the loop has asked epoll for */
    struct peer peer;
    bool ended;       /* end of file was read: it has half-closed */
    struct line line; /* an unfinished one */
    char *owed;       /* answers the socket has not taken yet; NULL: none */
    size_t owed_length;
    size_t owed_sent; /* how much of it the socket has taken since */
};

/* Takes over a non-blocking descriptor. Returns NULL, with errno, when there is no memory. */
struct client *client_new(int fd, const struct peer *peer);

/* A turn, when the client is ready for what it waits for. Returns what it waits for now;
 * FOR_NOTHING means it is done, or lost (which is logged): client_free() it. */
enum waits client_turn(struct client *client);

/* We stop: writes what is owed, once, and hangs up. Frees the client. */
void client_stop(struct client *client);

/* Closes the descriptor and frees the client. */
void client_free(struct client *client);

#endif
