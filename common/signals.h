// SPDX-License-Identifier: MIT
/*
 * Signals for event loops: the self-pipe.
 *
 * A handler may do next to nothing, and an event loop waits for descriptors. So the handler notes
 * the signal and writes a byte into a pipe, whose other end the loop watches: the signal becomes
 * one more readable descriptor, and is dealt with between two events, by ordinary code. (pselect
 * and epoll_pwait unblock signals only while they wait, and are no substitute: under load there is
 * always something ready, they never wait, and the signal never comes.)
 */
#ifndef SIGNALS_H
#define SIGNALS_H

/* Catches the signals of a list that ends with 0, also where our parent had us ignore or block
 * them. The list must stay where it is. Returns the pipe's reading end, non-blocking, to be watched
 * and not read. What goes wrong ends the program. */
int signals_catch(const int *list);

/* Takes a signal that has come: its number, or 0 when there are no more; in the order of the
 * list. */
int signals_take(void);

/* Makes the reading end readable, as a signal would. For other threads. */
void signals_wake(void);

#endif
