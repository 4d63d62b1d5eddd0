// SPDX-License-Identifier: MIT
/* A client's address, for the log lines about it. */
#ifndef PEER_H
#define PEER_H

#include "address.h"

/* The address as accept(2) gives it, kept as small as it can be: it becomes text only for a log
 * line. */
struct peer {
    unsigned char length; /* as accept(2) has it; at[] holds no more than there is room for */
    unsigned char at[sizeof(struct sockaddr_in6)]; /* of a unix socket's path, the beginning */
};

/* Keeps the address that accept(2) has given. */
void peer_set(struct peer *peer, const struct sockaddr_storage *at, socklen_t length);

/* Room for a peer's address where each byte that is no visible ASCII character, and the backslash,
 * is written as four: \x0a. A client may have bound its socket to a path of any bytes. */
#define PEER_TEXT (4 * ADDRESS_TEXT)

/* Writes the address as text, escaped as above. Returns text. */
const char *peer_format(const struct peer *peer, char text[PEER_TEXT]);

/* Logs what ended a client: "client 127.0.0.1:40112: Connection reset by peer". If clients have
 * made us log too much, the line is only counted: log.h. */
void log_client(const struct peer *peer, int error);

#endif
