// SPDX-License-Identifier: MIT
/* client.c: see client.h */
#include "client.h"

#include "../common/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One for all clients: nothing stays in them between two calls. */
static char request[REQUEST_MAX], reply[REPLY_MAX];

struct client *client_new(int fd, const struct peer *peer)
{
    struct client *client = malloc(sizeof *client);
    if (client)
        *client = (struct client){.fd = fd, .state = READING, .peer = *peer};
    return client;
}

static enum state lost(const struct client *client)
{
    log_client(&client->peer, errno);
    return DONE;
}

/* Writes once. If the socket does not take everything, we keep the rest: a copy of it, or what is
 * left of that copy. */
static enum state send_bytes(struct client *client, const char *bytes, size_t length)
{
    ssize_t n = length > 0 ? write(client->fd, bytes, length) : 0;
    if (n == -1 && !would_block(errno))
        return lost(client);
    size_t taken = n == -1 ? 0 : (size_t)n;
    client->rest_length = length - taken;
    client->rest = bytes + taken;
    if (client->rest_length == 0) {
        free(client->output);
        client->output = NULL;
        return client->ended ? DONE : READING;
    }
    if (!client->output) {
        client->output = malloc(client->rest_length);
        if (!client->output)
            return lost(client);
        client->rest = memcpy(client->output, client->rest, client->rest_length);
    }
    return WRITING;
}

static enum state read_and_answer(struct client *client)
{
    ssize_t n = read(client->fd, request, sizeof request);
    if (n == -1)
        return would_block(errno) ? READING : lost(client);
    client->ended = n == 0;
    size_t length = counter_answer(&client->line, request, (size_t)n, reply);
    return send_bytes(client, reply, length);
}

void client_ready(struct client *client)
{
    client->state = client->state == READING
                        ? read_and_answer(client)
                        : send_bytes(client, client->rest, client->rest_length);
}

void client_stop(struct client *client)
{
    ssize_t n = client->output ? write(client->fd, client->rest, client->rest_length) : 0;
    (void)n; /* what the socket does not take now is lost */
    drain_and_shutdown(client->fd);
}

void client_free(struct client *client)
{
    close(client->fd);
    free(client->output);
    free(client);
}
