// SPDX-License-Identifier: MIT
/* connecting.h: what say and swarm have in common before they talk to a server */
#ifndef CONNECTING_H
#define CONNECTING_H

#include <stdbool.h>

/* From now on the program has ms milliseconds, 0 or less for no limit, until it calls
 * connecting_ends(). When they are over, it says "cannot connect to SERVER: timed out" and ends
 * with this exit status, whatever it is waiting for: getaddrinfo(3) takes no time limit, and asks a
 * silent name server for many seconds. Uses SIGALRM. The line is written as in log.h: not where
 * that would have to wait. */
void connecting_begins(long ms, const char *server, int status);
void connecting_ends(void);

/* Is this socket connected to itself? Where nobody listens at a port, connect(2) may choose that
 * very port for our end. Then our SYN comes back to us, and TCP takes that for two ends that
 * connect to each other at the same moment: RFC 9293, 3.5. Such a connection means: refused. */
bool is_connected_to_itself(int fd);

#endif
