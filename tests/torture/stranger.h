/* SPDX-License-Identifier: MIT */
/*
 * A stranger that has a reference to the sockets of other processes, as ss -p, lsof or a debugger
 * have for a moment. Until it lets go, close(2) by the owner does not close the socket, and does
 * not end a watch by epoll: pidfd_getfd(2), epoll(7).
 */
#ifndef STRANGER_H
#define STRANGER_H

#include <sys/types.h>

/* Takes a copy of each socket that the processes of a group have open. Returns how many. */
int stranger_takes(pid_t group);

/* Gives back all that was taken. */
void stranger_lets_go(void);

/* How many sockets the processes of a group have open, themselves. */
int sockets_of(pid_t group);

/* Why nothing may be taken here; NULL: it may. */
const char *stranger_why_not(void);

#endif
