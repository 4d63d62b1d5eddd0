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

/* Makes a descriptor that we were started with blocking or not. A pipe or a terminal gets an open
 * file description of its own for that: O_NONBLOCK on the inherited one would hold for everybody
 * who has it, the user's shell among them. Where it cannot be opened (a socket, no /proc, another
 * user's terminal) the inherited one is changed. Does nothing to files. Reports no failure. */
void reopen_own(int fd, bool nonblocking);

/* Ends a connection so that the peer can still read what was written to it: throws away all that
 * has arrived (and at most 16 MiB more of what arrives meanwhile), half-closes, closes. A close(2)
 * with unread data would reset the connection, and a reset destroys what is still on its way:
 * RFC 1122, 4.2.2.13. Takes fd over, blocking or not; reports no failure. Waits only where the peer
 * has sent more than was read: 20 ms for what its kernel may have kept back, and in all not longer
 * than 0.4 s for nothing.
 *
 * What can still be lost: if something arrives later, because it was on its way or because the peer
 * goes on sending, our kernel answers with a reset, and drops those answers that the peer's kernel
 * has not taken by then. It also gives them up if the peer takes nothing of them for too long:
 * tcp(7), tcp_orphan_retries. */
void hang_up(int fd);

/* Raises the soft limit of open descriptors to the hard one, which any process may: getrlimit(2).
 * Returns how many this process may have. */
long raise_descriptor_limit(void);

/* Lowers the soft limit to this many, where it is higher: from then on every call that would open
 * descriptor number `most`, or a higher one, fails with EMFILE. Those that are open stay. Ends the
 * program if it fails. */
void lower_descriptor_limit(long most);

#endif
