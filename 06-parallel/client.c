// SPDX-License-Identifier: MIT
/* client.c: see client.h */
#include "client.h"

#include "../common/io.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client *client_new(int fd, const struct peer *peer)
{
    struct client *client = calloc(1, sizeof *client);
    if (client) {
        client->fd = fd;
        client->peer = *peer;
    }
    return client;
}

static enum waits lost(const struct client *client)
{
    worker_client_failed(&client->peer, errno);
    return FOR_NOTHING;
}

/* Writes once. Returns how much was taken, 0 if the socket is full, or -1 with errno. */
static ssize_t send_some(int fd, const char *bytes, size_t length)
{
    ssize_t n = write(fd, bytes, length);
    return n == -1 && not_now(errno) ? 0 : n;
}

/* Sends an answer; keeps a copy of what the socket does not take. */
static enum waits answer(struct client *client, const char *bytes, size_t length)
{
    ssize_t n = length > 0 ? send_some(client->fd, bytes, length) : 0;
    if (n == -1)
        return lost(client);
    if ((size_t)n == length)
        return client->ended ? FOR_NOTHING : FOR_READ;

    client->owed_length = length - (size_t)n;
    client->owed_sent = 0;
    client->owed = malloc(client->owed_length);
    if (!client->owed)
        return lost(client);
    memcpy(client->owed, bytes + n, client->owed_length);
    return FOR_WRITE;
}

static enum waits read_turn(struct client *client, struct worker *worker)
{
    const char *bytes;
    ssize_t n = read(client->fd, worker->request, worker->request_max);
    if (n == -1)
        return not_now(errno) ? FOR_READ : lost(client);
    client->ended = n == 0;
    worker->bytes += (size_t)n;
    size_t length =
        settings.protocol->answer(&client->line, worker->request, (size_t)n, worker->space, &bytes);
    return answer(client, bytes, length);
}

static ssize_t send_owed(const struct client *client)
{
    return send_some(client->fd, client->owed + client->owed_sent,
                     client->owed_length - client->owed_sent);
}

static enum waits write_turn(struct client *client)
{
    ssize_t n = send_owed(client);
    if (n == -1)
        return lost(client);
    client->owed_sent += (size_t)n;
    if (client->owed_sent < client->owed_length)
        return FOR_WRITE;
    free(client->owed);
    client->owed = NULL;
    return client->ended ? FOR_NOTHING : FOR_READ;
}

enum waits client_turn(struct client *client, struct worker *worker)
{
    return client->owed ? write_turn(client) : read_turn(client, worker);
}

void client_stop(struct client *client)
{
    if (client->owed)
        send_owed(client);
    hang_up(client->fd);
    free(client->owed);
    free(client);
}

void client_free(struct client *client)
{
    close(client->fd);
    free(client->owed);
    free(client);
}
