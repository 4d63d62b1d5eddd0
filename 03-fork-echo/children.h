// SPDX-License-Identifier: MIT
/*
 * The children of the server: those that it has started and not yet waited for.
 *
 * A child that has ended stays in the kernel's table, a zombie, until its parent calls waitpid(2).
 * Call these functions, all but children_reserve(), while SIGCHLD is blocked or being handled.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "../common/posix.h"

#include <sys/types.h>

/* Makes room for max children; ends the program if memory is short. */
void children_reserve(long max);

void children_add(pid_t pid);

int children_count(void);

/* Waits for every child that has ended, without blocking. Async-signal-safe. */
void children_reap(void);

/* Sends every child a signal. Async-signal-safe. */
void children_signal(int signal);

#endif
