// SPDX-License-Identifier: MIT
/* peer.c: see peer.h */
#include "peer.h"

#include "log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void peer_set(struct peer *peer, const struct sockaddr_storage *at, socklen_t length)
{
    *peer = (struct peer){.length = (unsigned char)length};
    memcpy(peer->at, at, length < sizeof peer->at ? length : sizeof peer->at);
}

const char *peer_format(const struct peer *peer, char text[PEER_TEXT])
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    size_t kept = peer->length < sizeof peer->at ? peer->length : sizeof peer->at;
    char raw[ADDRESS_TEXT];
    char *next = text;

    memcpy(&at, peer->at, kept);
    address_format((const struct sockaddr *)&at, (socklen_t)kept, raw);
    for (const char *c = raw; *c; c++)
        if (*c > ' ' && *c <= '~' && *c != '\\')
            *next++ = *c;
        else
            next += snprintf(next, sizeof "\\x00", "\\x%02x", (unsigned char)*c);
    bool is_cut = strncmp(raw, "unix:", 5) == 0 &&
                  peer->length > kept + 1; /* the last byte is the path's NUL */
    strcpy(next, is_cut ? "..." : "");
    return text;
}

void log_client(const struct peer *peer, int error)
{
    char text[PEER_TEXT];

    if (log_has_room())
        log_line("client %s: %s", peer_format(peer, text), strerror(error));
}
