// SPDX-License-Identifier: MIT
/* Standard input, output and error: the descriptors that a program is started with. */
#ifndef STANDARD_H
#define STANDARD_H

/* Gives each of 0 to 2 that is closed something to lead to. Otherwise a client would get the number
 * of stderr, and our log lines with it. */
void standard_occupy(void);

/* Makes one of them blocking or not. O_NONBLOCK on an inherited pipe or terminal would hold for
 * everybody who shares it, the user's shell among them, so it is opened once more for us alone.
 * Where that cannot be (a socket, no /proc, another user's terminal) the flag is changed for
 * everybody. Files are left as they are. Reports no failure. */
void standard_blocking(int fd);
void standard_nonblocking(int fd);

#endif
