// SPDX-License-Identifier: MIT
/*
 * fd:N, a listening socket that the program was started with.
 *
 * It must be a listening stream socket. Several processes may share it, and what is changed is
 * changed for all of them: O_NONBLOCK (so they should all be blocking, or all not), the options
 * that connections inherit from our own listeners (listener.h), and those that would break what we
 * promise: SO_LINGER, SO_RCVLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, TCP_CORK and TCP_USER_TIMEOUT are
 * turned off.
 */
#ifndef INHERITED_H
#define INHERITED_H

#include "address.h"

/* Returns the descriptor of an ADDRESS_FD, or ends the program. The caller sets or clears
 * O_NONBLOCK. */
int inherited_listener(const struct address *address);

#endif
