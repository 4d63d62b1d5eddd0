// SPDX-License-Identifier: MIT
/* The clients of a test, and how it waits for what they are to get. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "columns.h"
#include "kit.h"
#include "story.h"
#include "turn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_CLIENTS = 1000,
    MOST_KEPT = 64 << 20, /* bytes that a client has been sent and that nobody has looked at */
};

static struct client *clients[MOST_CLIENTS];
static int n_clients, n_named;
static unsigned long moved; /* counts everything that happens on a connection */

/* ---- moving ---------------------------------------------------------------------------------- */

static void has_failed(struct client *c, int error)
{
    c->error = error;
    c->at_end = true;
    moved++;
}

static void send_some(struct client *c)
{
    while (c->sent < c->out_n) {
        ssize_t n = send(c->fd, c->out + c->sent, c->out_n - c->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return;
            if (errno != EPIPE && errno != ECONNRESET)
                has_failed(c, errno);
            else
                c->out_n = c->sent; /* reading tells the rest, and may bring answers before that */
            moved++;
            return;
        }
        c->sent += (size_t)n;
        moved++;
    }
}

static void receive_some(struct client *c)
{
    for (int i = 0; i < 64; i++) {
        ssize_t n;

        if (c->in_n - c->used > MOST_KEPT)
            return;
        if (c->in_n + 65536 > c->in_size) {
            c->in_size = c->in_size ? c->in_size * 2 : 131072;
            c->in = need(realloc(c->in, c->in_size));
        }
        n = recv(c->fd, c->in + c->in_n, 65536, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            has_failed(c, errno);
            return;
        }
        moved++;
        if (n == 0) {
            c->at_end = true;
            return;
        }
        c->in_n += (size_t)n;
    }
}

void turn(double seconds)
{
    struct pollfd polled[MOST_CLIENTS + 8];
    struct client *of[MOST_CLIENTS + 8];
    int n = 0, logs;

    for (int i = 0; i < n_servers; i++)
        if (servers[i]->confined.keeper > 0) {
            bool prints = server_wants_to_print(servers[i]);
            polled[n++] =
                (struct pollfd){.fd = prints ? servers[i]->confined.log : -1, .events = POLLIN};
            polled[n++] = (struct pollfd){.fd = servers[i]->confined.events, .events = POLLIN};
        }
    logs = n;
    for (int i = 0; i < n_clients; i++) {
        struct client *c = clients[i];
        short events = 0;

        if (c->fd < 0 || c->at_end)
            continue;
        if (c->reads && c->in_n - c->used <= MOST_KEPT)
            events |= POLLIN;
        if (c->sent < c->out_n)
            events |= POLLOUT;
        if (!events)
            continue;
        of[n] = c;
        polled[n++] = (struct pollfd){.fd = c->fd, .events = events};
    }
    if (poll(polled, (nfds_t)n, (int)(seconds * 1000)) < 0)
        return;
    for (int i = 0; i < n_servers; i++) {
        server_printed(servers[i]);
        server_events(servers[i]);
    }
    for (int i = logs; i < n; i++) {
        if (polled[i].revents & (POLLOUT | POLLERR | POLLHUP))
            send_some(of[i]);
        if (of[i]->reads && !of[i]->at_end && polled[i].revents & (POLLIN | POLLERR | POLLHUP))
            receive_some(of[i]);
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* A last resort: the load average is asked only when it may matter. */
static bool is_over(double seconds, double limit)
{
    return seconds > limit && seconds > limit * look_patience();
}

enum waited await(struct server *s, bool (*happened)(void *), void *of, double patience)
{
    double began = now(), since = began, looked = began, base_at = 0;
    double every = patience / 12 < 0.1 ? patience / 12 : 0.1;
    unsigned long seen = moved;
    struct look base = {0}, look;
    int looks = -1, ended = 0; /* -1: there is no base yet */

    for (;;) {
        double t, demand;

        if (happened(of))
            return HAPPENED;
        turn(every / 2);
        t = now();
        if (is_over(t - began, 3 * LONGEST))
            return TOO_LONG;
        if (moved != seen) {
            seen = moved;
            since = looked = t;
            looks = -1;
            ended = 0;
            continue;
        }
        if (s->ended && !s->background && ++ended <= 4)
            continue; /* its last bytes may still come */
        if (t - looked < every && ended == 0)
            continue;
        looked = t;
        look_at_server(s, LOOK_QUICK, &look);
        if (ended > 0 && look.processes == 0) /* else its children may still do something */
            return happened(of) ? HAPPENED : ENDED;
        if (looks < 0 || look.uninterruptible) {
            base = look;
            base_at = t;
            looks = 0;
            if (is_over(t - since, LONGEST))
                return TOO_LONG;
            continue;
        }
        looks++;
        demand = (look.ran - base.ran + look.waited - base.waited) / (t - base_at);
        if (t - base_at >= patience && looks >= 8 && demand < 0.25 && look.runnable == 0)
            return ended > 0 ? ENDED : ASLEEP;
        if (look.ran - base.ran >= (patience < 1.5 ? patience : 1.5))
            return BUSY;
        if (is_over(t - since, LONGEST))
            return demand < 0.25 ? ASLEEP : TOO_LONG;
    }
}

static bool never(void *of)
{
    (void)of;
    return false;
}

void settle(struct server *s)
{
    await(s, never, NULL, 0.3);
}

/* ---- the deeds ------------------------------------------------------------------------------- */

static bool is_connected(void *of)
{
    struct client *c = of;
    struct pollfd polled = {.fd = c->fd, .events = POLLOUT};
    socklen_t size = sizeof c->error;

    if (poll(&polled, 1, 0) <= 0)
        return false;
    return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &c->error, &size) == 0;
}

static bool address_of(const struct server *s, struct sockaddr_storage *address, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, s->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)s->port);
        *size = sizeof *v4;
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)s->port);
    *size = sizeof *v6;
    return inet_pton(AF_INET6, s->host, &v6->sin6_addr) == 1;
}

/* The kernel repeats a SYN that found the queue full after 1, 3 and 7 seconds. */
#define CONNECT_PATIENCE 8.0

/* Connects, or begins to. c->error tells. */
static struct client *begins_to_connect(struct server *s, bool narrow)
{
    struct client *c = need(calloc(1, sizeof *c));
    struct sockaddr_storage address;
    socklen_t size;
    int small = 4096, few = 65536;

    if (n_clients == MOST_CLIENTS || !address_of(s, &address, &size))
        cannot("  The grader has no room for another client of %s.\n", s->host);
    c->server = s;
    c->reads = true;
    c->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        cannot("  The grader could not make a socket: %s.\n", strerror(errno));
    if (narrow) {
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &few, sizeof few);
    }
    if (connect(c->fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS)
        c->error = errno;
    return c;
}

/* Waits until it is connected. */
static void ends_to_connect(struct client *c, double patience)
{
    if (!c->error && await(c->server, is_connected, c, patience) != HAPPENED && c->error == 0)
        c->error = ETIMEDOUT;
    if (c->error) {
        close(c->fd);
        c->fd = -1;
    } else
        clients[n_clients++] = c;
    moved++;
}

/* Connects without a step in the story. */
static struct client *connects(struct server *s, bool narrow, double patience)
{
    struct client *c = begins_to_connect(s, narrow);

    ends_to_connect(c, patience);
    return c;
}

/* Nothing at all comes: from a server that never answered, or from one that did, if only before? */
static const char *no_answer(const struct client *c)
{
    return assignment.answers || c->used > 0 ? "answers-no-more" : "no-answer";
}

static void must_be_connected(struct client *c)
{
    if (!c->error)
        return;
    must_live(c->server, NULL);
    lose(symptoms.silence ? symptoms.silence
         : n_named > 1    ? "not-again"
                          : no_answer(c),
         "It cannot: %s.", strerror(c->error));
}

static struct client *joins(struct server *s, bool narrow)
{
    struct client *c;

    step("client %d connects", ++n_named);
    c = connects(s, narrow, CONNECT_PATIENCE);
    c->number = n_named;
    must_be_connected(c);
    return c;
}

void join_at_once(struct server *s, struct client *both[2])
{
    step("clients %d and %d connect", n_named + 1, n_named + 2);
    note("(The grader had paused the server, so it finds both at once.)");
    freeze(s, true);
    for (int i = 0; i < 2; i++) {
        both[i] = begins_to_connect(s, false);
        both[i]->number = ++n_named;
    }
    thaw(s); /* a queue that has room for one only takes the other now */
    for (int i = 0; i < 2; i++) {
        ends_to_connect(both[i], CONNECT_PATIENCE);
        must_be_connected(both[i]);
    }
}

struct client *join(struct server *s)
{
    return joins(s, false);
}

struct client *join_narrow(struct server *s)
{
    return joins(s, true);
}

struct client *try_to_join(struct server *s)
{
    return connects(s, false, CONNECT_PATIENCE);
}

struct client *try_to_join_within(struct server *s, double *patience)
{
    double began = now();
    struct client *c = connects(s, false, *patience > 0.2 ? *patience : 0.2);

    if (c->error)
        *patience -= now() - began;
    return c;
}

bool all_sent(void *client)
{
    struct client *c = client;

    return c->sent >= c->out_n || c->at_end;
}

void begins_to_send(struct client *c, const void *bytes, size_t n)
{
    c->out = bytes;
    c->out_n = n;
    c->sent = 0;
    send_some(c);
}

void sends(struct client *c, const void *bytes, size_t n)
{
    enum waited how;

    step("client %d sends %zu byte%s: %s", c->number, n, n == 1 ? "" : "s", shown(bytes, n));
    begins_to_send(c, bytes, n);
    how = await(c->server, all_sent, c, PATIENCE);
    if (how != HAPPENED)
        lose(how == BUSY        ? "busy"
             : symptoms.silence ? symptoms.silence
                                : no_answer(c),
             "The server takes no more than %zu of them.", c->sent);
}

size_t sends_until_stuck(struct client *c, const void *bytes, size_t n)
{
    c->reads = false;
    begins_to_send(c, bytes, n);
    await(c->server, all_sent, c, 0.5);
    return c->sent;
}

void half_closes(struct client *c)
{
    step("client %d half-closes: it has sent everything", c->number);
    shutdown(c->fd, SHUT_WR);
    c->half_closed = true;
    moved++;
}

static void shut(struct client *c, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (c->fd < 0)
        return;
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->fd);
    c->fd = -1;
    moved++;
    for (int i = 0; i < n_clients; i++)
        if (clients[i] == c)
            clients[i] = clients[--n_clients];
}

void leaves(struct client *c)
{
    shut(c, false);
}

void breaks_off(struct client *c)
{
    shut(c, true);
}

void closes(struct client *c)
{
    step("client %d closes its connection", c->number);
    shut(c, false);
}

void resets(struct client *c)
{
    step("client %d resets its connection", c->number);
    shut(c, true);
}

/* ---- what must come -------------------------------------------------------------------------- */

struct wanted {
    struct client *c;
    const unsigned char *bytes;
    size_t n, same; /* so many of them are as they should be */
};

static bool has_come(void *of)
{
    struct wanted *w = of;
    const unsigned char *got = w->c->in + w->c->used;
    size_t n = w->c->in_n - w->c->used;

    while (w->same < w->n && w->same < n && got[w->same] == w->bytes[w->same])
        w->same++;
    return w->same == w->n || w->same < n || w->c->at_end;
}

static size_t in_hand(const struct client *c)
{
    return c->in_n - c->used;
}

enum brought { NOTHING, THE_REST, OTHER_BYTES };

/* What comes when this is sent: what was missing, or something else? */
static enum brought brings(const struct wanted *w, const char *bytes, size_t n)
{
    struct client *c = w->c;
    size_t had = in_hand(c);

    begins_to_send(c, bytes, n);
    await(c->server, never, NULL, 0.8);
    if (in_hand(c) == had)
        return NOTHING;
    return c->in[c->used + w->same] == w->bytes[w->same] ? THE_REST : OTHER_BYTES;
}

static int others_connected(const struct client *c)
{
    int n = 0;

    for (int i = 0; i < n_clients; i++)
        n += clients[i] != c && clients[i]->server == c->server && !clients[i]->at_end;
    return n;
}

/* What does the server wait for: a newline, more bytes, the end? A hint; NULL: none of these. */
static const char *what_it_waits_for(struct client *c, const struct wanted *w)
{
    static char more[65536];
    enum brought brought = brings(w, "\n", 1);

    if (brought == THE_REST) {
        note("Then the grader sent one more newline, and the rest came.");
        return c->used > 0 && c->in[c->used - 1] != '\n' ? "waits-for-more" : "waits-for-newline";
    }
    memset(more, 'x', sizeof more);
    if (brought == NOTHING)
        brought = brings(w, more, sizeof more);
    if (brought == THE_REST) {
        note("Then the grader sent %zu bytes more, and the rest came.", sizeof more);
        return "waits-for-more";
    }
    if (brought == OTHER_BYTES)
        return w->n > 100000 ? "short-write" : w->same > 0 ? "changes-bytes" : no_answer(c);
    shutdown(c->fd, SHUT_WR);
    await(c->server, never, NULL, 0.8);
    if (in_hand(c) == w->same)
        return NULL;
    note("Then the grader half-closed the connection, and something came.");
    return "waits-for-end";
}

/* Nothing more comes, and the connection is open. */
static const char *why_silent(struct client *c, enum waited how, const struct wanted *w)
{
    bool some = w->same > 0, never_served = others_connected(c) && c->used == 0 && !some;
    const char *hint;

    if (how == BUSY || how == TOO_LONG)
        return "busy";
    if (some && w->bytes[w->same] == '\0')
        return "cut-at-nul";
    if (some && w->same >= 256 && w->same % 256 == 0 && w->n < 100000)
        return "cut-at-buffer";
    if (symptoms.silence)
        return symptoms.silence;
    if (assignment.counter)
        return some && w->bytes[w->same] == '\n' ? "reply-not-ended"
               : some                            ? "line-lost"
               : never_served                    ? "one-at-a-time"
               : c->used > 0                     ? "wrong-reply"
                                                 : no_answer(c);
    if (c->half_closed)
        return some ? "short-write" : never_served ? "one-at-a-time" : no_answer(c);
    hint = what_it_waits_for(c, w);
    return hint ? hint : never_served ? "one-at-a-time" : some ? "short-write" : no_answer(c);
}

static bool stands_at(const unsigned char *in, size_t n, const unsigned char *part, size_t size,
                      size_t from, size_t to)
{
    for (size_t i = from; i + size <= n && i < to; i++)
        if (memcmp(in + i, part, size) == 0)
            return true;
    return false;
}

/* Is there a greeting or the like, and then the answer? It may take a moment to come. */
static bool has_a_prefix(const struct wanted *w)
{
    const struct client *c = w->c;

    if (c->used > 0 || w->same > 0 || w->n < 4)
        return false;
    await(c->server, never, NULL, 0.3);
    return stands_at(c->in + c->used, in_hand(c), w->bytes, w->n < 16 ? w->n : 16, 1, in_hand(c));
}

/* Other bytes came than were sent. */
static const char *why_different(const struct wanted *w)
{
    bool prefix = !assignment.counter && !symptoms.mismatch && has_a_prefix(w);
    const unsigned char *got = w->c->in + w->c->used + w->same;
    size_t n = in_hand(w->c) - w->same, part = n < 16 ? n : 16;

    if (symptoms.mismatch &&
        (!symptoms.foreign || (*got != '\0' && strchr(symptoms.foreign, *got))))
        return symptoms.mismatch;
    if (assignment.counter)
        return "wrong-reply";
    if (prefix)
        return "adds-bytes";
    if (w->same > 0 && w->bytes[w->same] == '\0')
        return "cut-at-nul";
    if (*got == '\0' && w->bytes[w->same] != '\0')
        return "whole-buffer";
    if ((*got == '\n' || *got == '\r') && w->bytes[w->same] != *got)
        return n > 1 && w->same > 0 && got[1] != w->bytes[w->same] ? "changes-bytes"
                                                                   : "adds-newline";
    if (part >= 4 && w->same > 0 && stands_at(w->bytes, w->n, got, part, 0, w->same))
        return "repeats-bytes";
    if (part >= 4 && stands_at(w->bytes, w->n, got, part, w->same + 1, w->n))
        return "short-write";
    return "changes-bytes";
}

/* The connection is at its end, and not everything has come. */
static const char *why_at_end(const struct wanted *w)
{
    const struct client *c = w->c;

    if (symptoms.silence)
        return symptoms.silence;
    if (c->error && c->half_closed)
        return "resets-instead"; /* before, it only tells that more came than the server has read */
    if (w->same > 0 && w->bytes[w->same] == '\0')
        return "cut-at-nul";
    if (w->same >= 256 && w->same % 256 == 0 && w->n < 100000)
        return "cut-at-buffer";
    if (c->half_closed)
        return "loses-at-half-close";
    if (c->used > 0 && w->bytes[w->same] == 0xff)
        return "closes-at-255";
    return "closes-early";
}

/* Both sides, from a little before the first byte that is wrong, and a mark below it. */
static void show_both(const struct wanted *w)
{
    const unsigned char *got = w->c->in + w->c->used;
    size_t n = in_hand(w->c), from = w->same > 12 ? w->same - 12 : 0;
    size_t to = w->same + 20, column = 12; /* after: got:      " */
    char one[5];

    note("expected: %s%s", from ? "..." : "",
         shown(w->bytes + from, (to < w->n ? to : w->n) - from));
    if (w->same == 0 && n == 0) {
        note("got:      nothing%s", w->c->error    ? ", but a reset"
                                    : w->c->at_end ? ", but the end of the connection"
                                                   : "");
        return;
    }
    note("got:      %s%s%s", from ? "..." : "", shown(got + from, (to < n ? to : n) - from),
         w->same < n    ? ""
         : w->c->error  ? ", then a reset"
         : w->c->at_end ? ", then the end of the connection"
                        : ", then nothing more");
    for (size_t i = from; i < w->same; i++)
        column += (size_t)show_byte(got[i], one);
    note("%*s byte %zu of %zu", (int)(column + (from ? 3 : 0)), "^", w->same + 1, w->n);
}

static _Noreturn void lose_answer(struct wanted *w, enum waited how)
{
    struct client *c = w->c;
    struct server *s = c->server;
    bool different = w->same < in_hand(c);
    const char *hint;

    show_both(w);
    if (different)
        hint = why_different(w);
    else if (s->ended && !s->background)
        hint = hint_of_end(s);
    else if (c->at_end) {
        settle(s); /* it may be about to end */
        must_live(s, NULL);
        hint = why_at_end(w);
    } else
        hint = why_silent(c, how, w);
    lose(hint, "%s",
         different                            ? "These are other bytes."
         : c->at_end                          ? "The connection has ended too early."
         : how == BUSY                        ? "The server is busy, but not with this."
         : strncmp(hint, "waits-for", 9) == 0 ? "Until then the server waited, and sent nothing."
                                              : "The server waits, and sends nothing.");
}

void must_get(struct client *c, const void *bytes, size_t n)
{
    struct wanted w = {.c = c, .bytes = bytes, .n = n};
    enum waited how;

    step("client %d must get %zu byte%s: %s", c->number, n, n == 1 ? "" : "s", shown(bytes, n));
    c->reads = true;
    how = await(c->server, has_come, &w, PATIENCE);
    if (w.same < n)
        lose_answer(&w, how);
    c->used += n;
}

/* What it means that bytes come which nobody has asked for. */
static const char *why_more(unsigned char first)
{
    return assignment.counter               ? "wrong-reply"
           : first == '\n' || first == '\r' ? "adds-newline"
           : first == '\0'                  ? "whole-buffer"
           : symptoms.mismatch              ? symptoms.mismatch
                                            : "repeats-bytes";
}

void must_get_no_more(struct client *c)
{
    settle(c->server);
    if (in_hand(c) == 0)
        return;
    step("client %d must get nothing else", c->number);
    note("got:      %s", shown(c->in + c->used, in_hand(c)));
    lose(why_more(c->in[c->used]), "It gets %zu byte%s more than it should.", in_hand(c),
         in_hand(c) == 1 ? "" : "s");
}

static bool is_at_end(void *of)
{
    struct client *c = of;

    return c->at_end || in_hand(c) > 0;
}

void must_end(struct client *c)
{
    enum waited how;

    step("client %d must see the end of the connection", c->number);
    c->reads = true;
    how = await(c->server, is_at_end, c, PATIENCE);
    if (in_hand(c) > 0) {
        const unsigned char *more = c->in + c->used;
        note("got:      %s", shown(more, in_hand(c)));
        lose(why_more(*more), "It gets %zu byte%s more than were sent.", in_hand(c),
             in_hand(c) == 1 ? "" : "s");
    }
    if (c->error) {
        settle(c->server);
        must_live(c->server, NULL);
        lose("resets-instead", "The connection was reset.");
    }
    if (!c->at_end)
        lose(how == BUSY ? "spins-at-end" : "never-closes", "The connection stays open.");
}

void await_end(struct client *c)
{
    for (int i = 0; i < 100 && !c->at_end; i++)
        turn(0.05);
}

const char *answer_to(const char *line)
{
    return assignment.counter ? "Unknown command\n" : line;
}

void must_answer(struct client *c, const char *line)
{
    sends(c, line, strlen(line));
    must_get(c, answer_to(line), strlen(answer_to(line)));
}

bool answers(struct client *c, const char *line, double patience)
{
    struct wanted w = {
        .c = c, .bytes = (const unsigned char *)answer_to(line), .n = strlen(answer_to(line))};

    c->reads = true;
    begins_to_send(c, line, strlen(line));
    await(c->server, has_come, &w, patience);
    if (w.same < w.n)
        return false;
    c->used += w.n;
    return true;
}

/* ---- data ------------------------------------------------------------------------------------ */

static uint64_t random_state = 88172645463325252u;

void seed_numbers(uint64_t seed)
{
    random_state = seed * 0x9E3779B97F4A7C15u + 0x1234567;
    for (int i = 0; i < 8; i++)
        any_number();
}

uint64_t any_number(void) /* xorshift64* (Vigna) */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Du;
}

unsigned any_below(unsigned n)
{
    return (unsigned)((any_number() >> 16) % n);
}

unsigned char *any_bytes(size_t n)
{
    unsigned char *bytes = need(malloc(n + 8));

    for (size_t i = 0; i < n; i += 8) {
        uint64_t number = any_number();
        memcpy(bytes + i, &number, 8);
    }
    return bytes;
}

unsigned char *any_letters(size_t n)
{
    unsigned char *letters = need(malloc(n + 1));

    for (size_t i = 0; i < n; i++)
        letters[i] = (unsigned char)('a' + any_below(26));
    letters[n] = '\0';
    return letters;
}
