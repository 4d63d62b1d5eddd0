/* SPDX-License-Identifier: MIT */
/*
 * A stranger who has a reference to the sockets of other processes, as everybody has for a moment
 * who looks into /proc/PID/fd: ss -p, lsof, a debugger. As long as he has one, close(2) by the
 * owner does not close the socket: pidfd_getfd(2), epoll(7).
 */
#ifndef STRANGER_H
#define STRANGER_H

#include <sys/types.h>

/* Takes a copy of each socket that the processes of a group have open. Returns how many. */
int stranger_takes(pid_t group);

/* Gives back all that he has taken. */
void stranger_lets_go(void);

/* How many sockets the processes of a group have open, themselves. */
int sockets_of(pid_t group);

/* Why he may take nothing here; NULL: he may. */
const char *stranger_why_not(void);

#endif
