// SPDX-License-Identifier: MIT
/* Reading and writing sockets: what read(2), write(2) and shutdown(2) leave to the caller. */
#ifndef IO_H
#define IO_H

#include "posix.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes all n bytes to a blocking descriptor. write(2) may take less than it was given, and a
 * signal may interrupt it before it has taken anything. Returns 0, or -1 with errno; how much was
 * written is then unknown. */
int write_all(int fd, const void *bytes, size_t n);

/* Does this errno of a non-blocking read(2) or write(2) mean "not now, ask again"? */
bool would_block(int error);

/* Sets or clears O_NONBLOCK. The flag belongs to the open file description, so every process that
 * shares it is affected: fcntl(2). Returns 0, or -1 with errno. */
int set_nonblocking(int fd);
int set_blocking(int fd);

/* Ends our side of a connection so that the peer can still read all that was written to it: throws
 * away what has arrived (and at most 16 MiB more of what arrives meanwhile), then half-closes. The
 * caller closes at once. Without this, close(2) with unread data would reset the connection, and a
 * reset destroys what is still on its way: RFC 1122, 4.2.2.13. fd may be blocking or not. A failure
 * is not reported. Waits only if the peer has sent more than was read: 20 ms at a time for what its
 * kernel may have kept back, and no more than 0.4 s in the life of the process.
 *
 * What can still be lost: if something arrives after the close, our kernel answers with a reset,
 * and drops those answers that the peer's kernel has not taken by then. It also gives them up if
 * the peer takes nothing of them for too long: tcp(7), tcp_orphan_retries. */
void drain_and_shutdown(int fd);

#endif
