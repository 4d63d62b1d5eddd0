// SPDX-License-Identifier: MIT
/* client.c: see client.h */
#include "client.h"

#include "../common/io.h"
#include "operator.h"
#include "settings.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client *client_new(int fd, const struct peer *peer)
{
    struct client *client = malloc(sizeof *client);
    if (client)
        *client = (struct client){.fd = fd, .state = READING, .peer = *peer};
    return client;
}

static enum state lost(const struct client *client)
{
    client_failed(&client->peer, errno);
    return DONE;
}

/* Writes once. What the socket does not take is kept: copied the first time, and from then on
 * `unsent` moves along in that copy. */
static enum state send_bytes(struct client *client, const char *bytes, size_t length)
{
    ssize_t n = length > 0 ? write(client->fd, bytes, length) : 0; /* half a line: no answer */
    if (n == -1 && !would_block(errno))
        return lost(client);
    size_t taken = n == -1 ? 0 : (size_t)n;
    if (taken == length) {
        free(client->kept);
        client->kept = NULL;
        return client->ended ? DONE : READING;
    }
    if (client->kept) {
        client->unsent += taken;
    } else {
        client->kept = malloc(length - taken);
        if (!client->kept)
            return lost(client);
        client->unsent = memcpy(client->kept, bytes + taken, length - taken);
    }
    client->unsent_length = length - taken;
    return WRITING;
}

static enum state read_and_answer(struct client *client)
{
    ssize_t n = read(client->fd, self->request, settings.request_max);
    if (n == -1)
        return would_block(errno) ? READING : lost(client);
    client->ended = n == 0;
    self->bytes += (size_t)n;
    struct reply reply = settings.answer(&client->line, self->request, (size_t)n, self->space);
    return send_bytes(client, reply.bytes, reply.length);
}

void client_ready(struct client *client)
{
    client->state = client->state == READING
                        ? read_and_answer(client)
                        : send_bytes(client, client->unsent, client->unsent_length);
}

void client_stop(struct client *client)
{
    ssize_t n = client->kept ? write(client->fd, client->unsent, client->unsent_length) : 0;
    (void)n; /* what the socket does not take now is lost */
    drain_and_shutdown(client->fd);
}

void client_free(struct client *client)
{
    close(client->fd);
    free(client->kept);
    free(client);
}
