// SPDX-License-Identifier: MIT
/*
 * process.h: what a process and its children have used, as Linux tells it in /proc: proc(5)
 *
 * Children are counted with theirs, those that have ended too, if they were waited for. A child or
 * thread that ends while it is looked at counts as nothing.
 *
 * Both return -1 with errno where something cannot be read: ESRCH, there is no such process;
 * EACCES, it or a child is another user's.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "../common/posix.h"

#include <stdint.h>
#include <sys/types.h>

/* CPU time in nanoseconds, of all threads; of children that have ended only to the tick (10 ms). */
int64_t process_cpu(pid_t pid);

/* Memory in bytes: what is shared by several processes counts in parts (PSS). Only root and the
 * process's own user may know. */
int64_t process_memory(pid_t pid);

#endif
