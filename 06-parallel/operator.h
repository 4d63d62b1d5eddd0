// SPDX-License-Identifier: MIT
/*
 * The operator's side: what one who runs the server can limit, decide and see. The core calls these
 * functions where something happens to a client; read it without them first.
 */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "../common/backoff.h"
#include "client.h"
#include "worker.h"

#include <stdbool.h>

/* --on-handler-error: a client's I/O or set-up has failed. Logs it, unless the option says
 * `ignore`. With `raise` the server also takes no more clients, and ends with status 1 when those
 * that it has have left. */
void client_failed(const struct peer *peer, int error);

/* Has a client's failure ended the server? */
bool operator_gave_up(void);

/* --drop-incoming, which SIGUSR2 turns on or off: are clients accepted only to be closed? */
bool is_dropping(void);

/* Accepts clients, --max-accepts-per-batch of them at most, and closes them. */
void drop_clients(int listener, struct backoff *backoff);

/* SIGUSR1 reports what the workers have done, SIGUSR2 turns dropping on or off. Returns whether it
 * was one of these. */
bool operator_signal(int number, const struct worker *workers);

/* --write-timeout: the client's state has changed. While it is WRITING, the kernel keeps the time:
 * tcp(7), TCP_USER_TIMEOUT. */
void limit_write_time(int fd, enum state before, enum state now);

/* --work: spends so much of this thread's CPU time, as a server with more to do would. */
void do_work(void);

#endif
