// SPDX-License-Identifier: MIT
/* places.c: see places.h */
#include "places.h"

#include "../common/signals.h"
#include "operator.h"
#include "settings.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_long taken;
static atomic_bool acceptor_waits; /* the main thread is in a back-off, until a client leaves */
static bool acceptor_wants_place;  /* because there was no place; only the main thread uses it */

int accept_if_room(int listener, struct backoff *backoff, struct peer *peer)
{
    if (is_dropping()) {
        drop_clients(listener, backoff);
        return -1;
    }
    /* The place is taken before accept, or two threads would accept for the last one. */
    if (taken++ >= settings.max_connections) {
        taken--;
        backoff_begin(backoff);
        if (settings.one_accepts)
            acceptor_wants_place = true;
        return -1;
    }
    int fd = accept_nonblocking(listener, peer);
    if (fd == -1) {
        taken--;
        accept_failed(backoff, errno);
    }
    return fd;
}

void client_left(void)
{
    taken--;
    if (acceptor_waits)
        signals_wake();
}

long places_taken(void)
{
    return taken;
}

int acceptor_backoff(struct backoff *backoff)
{
    acceptor_waits = settings.one_accepts && backoff_left(backoff) != -1;
    /* A client that left a moment before did not wake us: look once more. */
    if (acceptor_waits && acceptor_wants_place && taken < settings.max_connections)
        backoff_end(backoff);
    acceptor_wants_place = false;
    return backoff_left(backoff);
}

int worker_backoff(struct backoff *backoff)
{
    /* Or the kernel would wake this worker for a client, and not a process that has room. */
    if (settings.share_listener && !is_dropping() && taken >= settings.max_connections)
        backoff_begin(backoff);
    return backoff_left(backoff);
}

bool time_to_look(struct backoff *look, int n)
{
    bool now = settings.look_ms != -1 && (n == 0 || backoff_left(look) == -1);

    if (now) /* a busy worker looks, too, but not in each round */
        backoff_begin(look);
    return now;
}
