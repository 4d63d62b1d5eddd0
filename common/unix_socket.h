// SPDX-License-Identifier: MIT
/* unix:PATH, a listener that is a file: unix(7). */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

#include "address.h"

/* Opens a listener at the path of an ADDRESS_UNIX. A socket that a dead server has left there is
 * replaced; nothing else ever is. Returns the descriptor, or ends the program. exit(3) removes the
 * path. */
int unix_socket_open(const struct address *address, long backlog);

/* Removes the path of this listener, if unix_socket_open() has made it and no other socket has
 * taken its place. Async-signal-safe. */
void unix_socket_remove(int listener);

#endif
