// SPDX-License-Identifier: MIT
/*
 * Addresses, as a user writes them and as the kernel has them.
 *
 * Written: PORT (on 127.0.0.1), HOST:PORT, [IPV6]:PORT, unix:PATH, or fd:N for a socket that the
 * program was started with.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "posix.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    enum { ADDRESS_INET, ADDRESS_UNIX, ADDRESS_FD } kind;
    char text[272]; /* as it was written; a bare PORT with its host */
    char host[256]; /* ADDRESS_INET: a name, or a numeric address without brackets */
    char port[6];   /* ADDRESS_INET: decimal, 0 to 65535 */
    char path[108]; /* ADDRESS_UNIX: fits sun_path */
    int fd;         /* ADDRESS_FD */
};

/* Reads a decimal number of at most max, which is at least 0. Returns it, or -1 if it is none:
 * unlike strtol(3), no sign and no space. */
long number_parse(const char *digits, long max);

/* Reads an address. Returns 0, or -1 with *why set to a constant text that says what is wrong. */
int address_parse(struct address *address, const char *text, const char **why);

/* Looks an address up: getaddrinfo(3), which may ask a name server; a path needs no look-up, but
 * comes in the same form. Not for ADDRESS_FD. Returns a list to be given to address_free(), or NULL
 * with *why set to a constant text. */
struct addrinfo *address_resolve(const struct address *address, const char **why);
void address_free(struct addrinfo *list);

/* A name may have several addresses, and each may fail in its own way. Given the errno to report so
 * far (0: none yet) and one more, returns the one that tells the user more. EADDRINUSE
 * tells most: there is a server already. That this machine cannot use such an address at all (it
 * has no IPv6, say) tells least. Of two that tell as much, the first stays. */
int more_telling_error(int so_far, int error);

/* Room for the text of any address: a path of sun_path's size, or an IPv6 address with its port. */
#define ADDRESS_TEXT 128

/* Writes an address as numbers: 127.0.0.1:9000, [::1]:9000, unix:PATH (just "unix" where it has no
 * path). Never looks up a name: getnameinfo(3) with NI_NUMERICHOST. Returns text. */
const char *address_format(const struct sockaddr *at, socklen_t length, char text[ADDRESS_TEXT]);

/* Writes the address that a socket is bound to, in the same form: getsockname(2). Returns text; a
 * failure ends the program. */
const char *local_address(int fd, char text[ADDRESS_TEXT]);

#endif
