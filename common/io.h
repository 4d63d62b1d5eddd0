// SPDX-License-Identifier: MIT
/* Reading and writing sockets: what read(2), write(2), shutdown(2) and close(2) leave to the
 * caller. */
#ifndef IO_H
#define IO_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all n bytes to a blocking descriptor, through short writes (write(2) may take less than it
 * was given) and interruptions by signals. Returns 0, or -1 with errno; how much was written is
 * then unknown. */
int write_all(int fd, const void *bytes, size_t n);

/* Is this errno of a non-blocking read(2) or write(2) no error, but "not now, ask again"? */
bool not_now(int error);

/* Turns O_NONBLOCK on or off. It belongs to the open file description, so all who share it are
 * concerned: fcntl(2). Returns 0, or -1 with errno. */
int set_nonblocking(int fd, bool on);

/* Ends a connection so that the peer can still read what was written to it: half-closes, throws
 * away what has arrived (at most 256 KiB, without waiting), closes. A close(2) with unread data
 * would reset the connection, and destroy what is still on its way: RFC 1122, 4.2.2.13. A peer
 * that goes on sending may see a reset all the same. Takes fd over, blocking or not; reports no
 * failure. */
void hang_up(int fd);

/* Raises the soft limit of open descriptors to the hard one, which any process may: getrlimit(2).
 * Returns how many this process may have. */
long raise_descriptor_limit(void);

#endif
