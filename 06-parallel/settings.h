// SPDX-License-Identifier: MIT
/* The command line. Set before the first worker starts, and only read after that. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "../common/address.h"
#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>

extern struct settings {
    long backlog, threads, max_connections;
    long accepts;     /* --max-accepts-per-batch */
    bool one_accepts; /* the main thread accepts, not each worker */
    struct reply (*answer)(struct line *, const char *request, size_t n, char *space);
    size_t request_max;       /* how much is read at a time */
    bool share_listener;      /* unix:PATH, fd:N: the workers have no listeners of their own */
    uint32_t listener_events; /* for epoll: a client wakes only one of those that share it */

    /* fd:N, which other processes may share: how often a worker looks for clients though it was not
     * woken, in ms. The process that was woken may be about to stop, full or suspended. It then
     * takes all that it finds, as it will not be told of them either. -1: never. */
    int look_ms;

    long work;                 /* microseconds */
    unsigned write_timeout_ms; /* 0: the kernel's own */
    enum on_error { ERROR_RAISE, ERROR_IGNORE, ERROR_LOG } on_error;
    bool drop_incoming;
} settings;

/* Reads the command line into settings. Returns the address. What is wrong ends the program. */
struct address read_settings(int argc, char *argv[]);

#endif
