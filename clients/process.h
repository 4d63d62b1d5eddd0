// SPDX-License-Identifier: MIT
/*
 * process.h: what a process and its children have used, as Linux tells it in /proc: proc(5)
 *
 * Children are counted with theirs, those that have ended too, if they were waited for. A process
 * that ends while it is looked at counts as nothing.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time in nanoseconds, of all threads; of children that have ended only to the tick (10 ms).
 * Returns -1 if there is no such process. */
int64_t process_cpu(pid_t pid);

/* Memory in bytes: what is shared by several processes counts in parts (PSS). */
int64_t process_memory(pid_t pid);

#endif
