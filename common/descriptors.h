// SPDX-License-Identifier: MIT
/* How many descriptors a process may have: getrlimit(2), RLIMIT_NOFILE. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

/* Raises the soft limit to the hard one, which any process may. Returns how many descriptors this
 * process may have. */
long raise_descriptor_limit(void);

/* Lowers the soft limit to this many, where it is higher: from then on every call that would open
 * descriptor number `most`, or a higher one, fails with EMFILE. Those that are open stay. A failure
 * ends the program. */
void lower_descriptor_limit(long most);

/* As many clients as a server may have that is limited by its descriptors, and as many as it has by
 * default: nine tenths of the descriptors, after raising their limit. The last tenth is for all
 * else that a process opens. */
#define CONNECTIONS_MAX 1000000
long default_connections(void);

#endif
