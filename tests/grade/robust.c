// SPDX-License-Identifier: MIT
/* When things go badly: no descriptors, clients that do not read, rude clients. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "columns.h"
#include "kit.h"
#include "turn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- no room --------------------------------------------------------------------------------- */

enum { COME = 14, SPARE = 5 };

/* From now on each process of the server may have descriptors up to its highest one + spare. */
static void limit_descriptors(struct server *s, int spare)
{
    struct look look;

    look_at_server(s, LOOK_QUICK, &look);
    for (int i = 0; i < look.n_pids; i++) {
        int highest = look_highest_descriptor(look.pids[i]);
        int error = highest < 0
                        ? 0
                        : confined_limit(&assignment.confinement, look.pids[i], RLIMIT_NOFILE,
                                         (unsigned long)(highest + 1 + spare));
        if (error && error != ESRCH)
            cannot("  The grader may not limit the descriptors of the server: %s.\n",
                   strerror(error));
    }
}

/*
 * The server must sleep, or at least pause: in so many seconds it uses little CPU time, as our own
 * server beside it does, or it is quiet for a fifth of a second in between. A thread that would run
 * if it had a CPU is not quiet; so a busy machine changes nothing.
 */
static void must_sleep(struct server *s, struct server *ours, double seconds, const char *hint)
{
    struct look first, last, look, ours_first, ours_last;
    double began, quiet_since, t, part = 0, of_ours = 0;
    /* Somebody may still copy what a client has sent, slowly, before there is nothing to do. */
    double most = strcmp(hint, "spins-on-half-close") == 0 ? 4 : 1;
    size_t printed = s->printed;

    look_at_server(s, LOOK_QUICK, &first);
    look_at_server(ours, LOOK_QUICK, &ours_first);
    last = first;
    began = quiet_since = now();
    do {
        turn(0.025);
        t = now();
        look_at_server(s, LOOK_QUICK, &look);
        if (look.runnable || look.ran - last.ran + look.waited - last.waited > 0.002)
            quiet_since = t;
        last = look;
        must_live(s, NULL);
        part = (look.ran - first.ran + look.waited - first.waited) / (t - began);
        if (t - began >= seconds && (part < 0.2 || t - quiet_since > 0.2))
            break;
    } while (look.ran - first.ran < most && t - began < 8 * most);
    look_at_server(ours, LOOK_QUICK, &ours_last);
    of_ours = (ours_last.ran - ours_first.ran + ours_last.waited - ours_first.waited) / (t - began);
    /* When accept fails a server may say a lot: asyncio does. */
    if (strncmp(hint, "spins", 5) == 0 &&
        (s->printed - printed > 256 * 1024 || s->printed > 16 << 20))
        lose("endless-log", "It has printed %zu bytes.", s->printed);
    if (part < 0.2 || part < 10 * of_ours || t - quiet_since > 0.2 ||
        look.ran - first.ran < 0.05 * (t - began))
        return;
    lose(hint,
         "In %.1f s it was busy for %.0f %% of the time; our own server, beside it, for %.0f %%.",
         t - began, part * 100, of_ours * 100);
}

struct crowd {
    struct client *clients[COME];
};

static int n_answered(const struct crowd *crowd, int *gone)
{
    int n = 0;

    *gone = 0;
    for (int i = 0; i < COME; i++) {
        struct client *c = crowd->clients[i];
        n += c->in_n > 0;
        *gone += c->in_n == 0 && (c->at_end || c->error);
    }
    return n;
}

static bool all_know(void *of)
{
    int gone, n = n_answered(of, &gone);

    return n + gone == COME;
}

static void crowd_comes(struct server *s, struct crowd *crowd)
{
    double patience = 8.0;
    int n, gone, outside = 0;

    step("%d more clients connect, and each sends a line", COME);
    for (int i = 0; i < COME; i++) {
        crowd->clients[i] = try_to_join_within(s, &patience);
        if (!crowd->clients[i]->error)
            begins_to_send(crowd->clients[i], "hello\n", 6);
    }
    await(s, all_know, crowd, 0.5);
    n = n_answered(crowd, &gone);
    for (int i = 0; i < COME; i++)
        outside += crowd->clients[i]->error == ETIMEDOUT && crowd->clients[i]->fd < 0;
    if (outside > 0)
        note("%d get an answer, %d are closed without one, %d wait, and %d cannot connect: "
             "the queue of the listener is full.",
             n, gone - outside, COME - n - gone, outside);
    else
        note("%d get an answer, %d are closed without one, %d wait.", n, gone, COME - n - gone);
}

/* Clients with an answer leave. Then the others must be served or closed, and a new one served. */
static void crowd_goes(struct server *s, struct crowd *crowd, const char *exits, const char *stuck)
{
    int n, gone, before;

    step("those with an answer leave; the others must now get one, or be closed");
    do {
        before = n_answered(crowd, &gone);
        for (int i = 0; i < COME; i++)
            if (crowd->clients[i]->in_n > 0)
                leaves(crowd->clients[i]);
        await(s, all_know, crowd, before == 0 ? 4.0 : 1.6);
        n = n_answered(crowd, &gone);
    } while (n > before);
    must_live(s, exits);
    if (n + gone < COME)
        await(s, all_know, crowd, 4.0); /* asyncio, for one, pauses for a second */
    n = n_answered(crowd, &gone);
    must_live(s, exits);
    if (n + gone < COME)
        lose(stuck, "%d of them still wait.", COME - n - gone);
    for (int i = 0; i < COME; i++)
        leaves(crowd->clients[i]);
    settle(s);
    step("a new client connects, sends \"hello\\n\", and must get an answer");
    for (int i = 0; i < 4; i++) { /* a server that has just sent somebody away may do so again */
        struct client *c = try_to_join(s);
        if (!c->error && answers(c, "hello\n", 4.0))
            return;
        must_live(s, exits);
        leaves(c);
    }
    lose(stuck, "It gets none.");
}

static bool has_come(void *of)
{
    struct client *c = of;

    return c->in_n > 0 || c->at_end;
}

/* A server that serves one at a time has a descriptor too few for anybody at all, for a moment. */
static _Noreturn void emfile_alone(struct server *s, struct server *ours)
{
    struct look look;
    struct client *c;

    limit_descriptors(s, 0);
    step("from here on the server may open no more descriptors (RLIMIT_NOFILE)");
    c = join(s);
    begins_to_send(c, "hello\n", 6);
    settle(s);
    must_live(s, "emfile-exit");
    step("the server must sleep while client %d waits", c->number);
    must_sleep(s, ours, 1.5, "emfile-spin");
    look_at_server(s, LOOK_QUICK, &look);
    for (int i = 0; i < look.n_pids; i++)
        confined_limit(&assignment.confinement, look.pids[i], RLIMIT_NOFILE, 1024);
    step("the server may open descriptors again: client %d must be served, or closed", c->number);
    if (await(s, has_come, c, 5.0) != HAPPENED) {
        must_live(s, "emfile-exit");
        lose("emfile-stuck", "The client still waits.");
    }
    leaves(c);
    symptoms.silence = "emfile-stuck";
    symptoms.death = "emfile-exit";
    must_answer(join(s), "hello\n");
    pass();
}

_Noreturn void test_emfile(void)
{
    struct server *s = start_server(0), *ours = start_reference();
    struct client *c = join(s);
    struct crowd crowd;
    double of_ours = 0, ran = 0;
    bool always;

    if (!ours)
        cannot("  Our own server, to be measured beside it, is not built: make all\n");
    symptoms.death = "emfile-exit";
    must_answer(c, "hello\n");
    closes(c);
    settle(s);
    if (assignment.step < 3)
        emfile_alone(s, ours);
    c = join(s);
    must_answer(c, "here first\n");
    always = busy(s, 0.3, ours, &of_ours, &ran) > 0.5; /* though accept does not fail */
    limit_descriptors(s, SPARE);
    step("from here on the server may open only %d more descriptors (RLIMIT_NOFILE)", SPARE);
    crowd_comes(s, &crowd);
    must_live(s, "emfile-exit");
    step("the server must sleep while the others wait");
    must_sleep(s, ours, 1.5, always ? "spins-idle" : "emfile-spin");
    symptoms.silence = "emfile-stuck";
    must_answer(c, "still here\n");
    crowd_goes(s, &crowd, "emfile-exit", "emfile-stuck");
    must_answer(c, "here last\n");
    pass();
}

/* How many threads the kernel counts for the server's user. */
static int tasks_of_user(struct server *s)
{
    struct look look;

    look_at_server(s, LOOK_QUICK, &look);
    return look.threads + look.zombies +
           (assignment.confinement.user_ns ? 2 : 0); /* we, the keeper */
}

_Noreturn void test_room(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);
    struct crowd crowd;
    struct look look;
    unsigned long most;

    if (!assignment.confinement.user_ns && !assignment.confinement.other_user)
        cannot(
            "  The grader can only limit the processes of another user, or in a user namespace.\n");
    symptoms.death = "room-exit";
    must_answer(c, "here first\n");
    settle(s);
    most = (unsigned long)tasks_of_user(s) + 2;
    look_at_server(s, LOOK_QUICK, &look);
    for (int i = 0; i < look.n_pids; i++) {
        int error = confined_limit(&assignment.confinement, look.pids[i], RLIMIT_NPROC, most);
        if (error && error != ESRCH)
            cannot("  The grader may not limit the processes of the server: %s.\n",
                   strerror(error));
    }
    step("from here on the server may start only two more processes or threads (RLIMIT_NPROC)");
    crowd_comes(s, &crowd);
    must_live(s, "room-exit");
    symptoms.silence = "room-stuck";
    must_answer(c, "still here\n");
    crowd_goes(s, &crowd, "room-exit", "room-stuck");
    pass();
}

/* ---- who does not read ----------------------------------------------------------------------- */

enum {
    OFFERED = 96 << 20,
    ALLOWED = 24 << 20, /* more than our own server takes */
    ENOUGH = 16 << 20,  /* more than the kernel keeps of a narrow client's */
};

/* What a client sends that does not read: letters, or lines. */
static unsigned char *endless(size_t n)
{
    unsigned char *bytes = need(malloc(n));

    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(assignment.counter && i % 6 == 5 ? '\n' : 'a' + i % 23);
    return bytes;
}

static void an_endless_line_is_not_kept(struct server *s)
{
    struct client *c = join(s);
    struct look before, after;
    char *bytes = need(malloc(OFFERED));

    memset(bytes, 'x', OFFERED);
    look_at_server(s, LOOK_MEMORY, &before);
    step("client %d sends %d MiB without a newline", c->number, OFFERED >> 20);
    begins_to_send(c, bytes, OFFERED);
    await(s, all_sent, c, PATIENCE);
    look_at_server(s, LOOK_MEMORY, &after);
    must_live(s, "died");
    note("The server's memory has grown by %.1f MB.", (double)(after.memory - before.memory) / 1e3);
    if (after.memory - before.memory > OFFERED / 1024 / 2)
        lose("long-line", "It keeps the line.");
    if (c->sent < OFFERED)
        lose("long-line", "It stops reading after %zu bytes of it.", c->sent);
    free(bytes);
}

/*
 * A server that stops reading when it may not write has taken what fits into the kernel's buffers,
 * in any language. So it is not memory that is compared, but what was taken, with our own server.
 */
_Noreturn void test_pressure(void)
{
    struct server *s = start_server(0), *ours = start_reference();
    unsigned char *bytes = endless(OFFERED);
    struct client *c = join(s), *like_it;
    struct look before, after;
    size_t taken, by_ours;

    symptoms.memory = "no-back-pressure"; /* it is we who fill it: others may be tried */
    if (!ours)
        cannot("  Our own server, to be measured beside it, is not built: make all\n");
    if (assignment.step == 1)
        server_may_end();
    must_answer(c, "hello\n");
    like_it = try_to_join(ours);
    by_ours = sends_until_stuck(like_it, bytes, OFFERED);
    leaves(like_it);
    settle(s);
    look_at_server(s, LOOK_MEMORY, &before);
    step("client %d sends up to %d MiB, and reads nothing", c->number, OFFERED >> 20);
    c->reads = false;
    begins_to_send(c, bytes, by_ours + ALLOWED < OFFERED ? by_ours + ALLOWED : OFFERED);
    await(s, all_sent, c, 1.0);
    taken = c->sent;
    must_live(s, "died");
    look_at_server(s, LOOK_MEMORY, &after);
    note("%.1f MB are taken; our own server takes %.1f MB from such a client.", (double)taken / 1e6,
         (double)by_ours / 1e6);
    note("The server's memory has grown by %.1f MB.", (double)(after.memory - before.memory) / 1e3);
    step("the server must stop reading from client %d", c->number);
    if (taken >= by_ours + ALLOWED)
        lose("no-back-pressure", "It keeps reading.");
    if (after.memory - before.memory > 64 * 1024)
        lose("no-back-pressure", "It did, but its memory had grown too much by then.");
    if (assignment.counter)
        an_endless_line_is_not_kept(s);
    pass();
}

_Noreturn void test_unread(void)
{
    struct server *s = start_server(0);
    unsigned char *bytes = endless(ENOUGH);
    struct client *slow = join_narrow(s), *c = join(s);

    symptoms.memory = "no-back-pressure";
    must_answer(c, "hello\n");
    step("client %d sends %d MiB, and reads nothing", slow->number, ENOUGH >> 20);
    slow->reads = false;
    begins_to_send(slow, bytes, ENOUGH);
    await(s, all_sent, slow, 0.5);
    note("%.1f MB are taken.", (double)slow->sent / 1e6);
    symptoms.silence = "held-up-by-reader";
    must_answer(c, "still here\n");
    c = join(s);
    must_answer(c, "I am new\n");
    pass();
}

_Noreturn void test_rude(void)
{
    struct server *s = start_server(0);
    struct client *c;
    double in_queue = 0.5; /* which may be shorter than four; a stopped server makes no room */

    symptoms.death = "died-on-reset";
    symptoms.silence = "lost-by-reset";
    step("40 clients connect and leave at once without a byte, half of them by a reset");
    for (int i = 0; i < 40; i++) {
        c = try_to_join(s);
        must_live(s, "died-on-reset");
        if (i % 2)
            breaks_off(c);
        else
            leaves(c);
    }
    settle(s);
    must_live(s, "died-on-reset");
    step("4 clients connect and reset while the grader has paused the server");
    freeze(s, true);
    for (int i = 0; i < 4; i++)
        breaks_off(try_to_join_within(s, &in_queue));
    thaw(s);
    settle(s);
    must_live(s, "died-on-reset");
    c = join(s);
    must_answer(c, "hello\n");
    step("client %d sends a byte of urgent data (MSG_OOB)", c->number);
    send(c->fd, "!", 1, MSG_OOB | MSG_NOSIGNAL);
    settle(s);
    closes(c);
    settle(s);
    must_answer(join(s), "and I\n");
    pass();
}

/* ---- nothing happens ------------------------------------------------------------------------- */

/* Has the server bytes of this client left to read, or answers to write? sent: by the client. */
static bool owes(struct client *c, size_t sent)
{
    unsigned to_send, unread, of_client_to_send, of_client_unread;
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    int port;

    getsockname(c->fd, (struct sockaddr *)&own, &size);
    port = ntohs(((struct sockaddr_in *)&own)->sin_port); /* at the same place in IPv6 */
    if (!look_queues(c->server->port, port, &to_send, &unread) ||
        !look_queues(port, c->server->port, &of_client_to_send, &of_client_unread))
        return false; /* it is over, or the kernel has skipped it while the table changed */
    return unread > 0 || sent > (size_t)to_send + of_client_to_send + of_client_unread;
}

/*
 * Sends without reading, just until the server cannot write any more; a half-close that follows
 * still reaches the server. Returns how many bytes were sent.
 */
static size_t sends_until_owed(struct server *s, struct client *c, const unsigned char *bytes)
{
    enum { PIECE = 16384 };
    size_t sent = 0;
    bool lasts;

    c->reads = false;
    while (sent + PIECE <= ENOUGH && !c->at_end) {
        begins_to_send(c, bytes + sent, PIECE);
        if (await(s, all_sent, c, 0.5) != HAPPENED)
            break;
        sent += PIECE;
        lasts = owes(c, sent); /* for a moment it always does, and two tables are not one look */
        for (int i = 0; i < 4 && lasts; i++) {
            settle(s);
            lasts = owes(c, sent);
        }
        if (lasts)
            break;
    }
    return sent;
}

_Noreturn void test_idle(void)
{
    struct server *s = start_server(0), *ours = start_reference();
    unsigned char *bytes = endless(ENOUGH);
    struct client *c, *slow, *other;

    symptoms.memory = "no-back-pressure"; /* it is we who fill it: others may be tried */
    if (!ours)
        cannot("  Our own server, to be measured beside it, is not built: make all\n");
    if (assignment.step == 1)
        server_may_end();
    step("no client is connected: the server must sleep");
    must_sleep(s, ours, 0.8, "spins-idle");
    c = join(s);
    must_answer(c, "hello\n");
    other = assignment.step >= 3 ? join_narrow(s) : NULL;
    settle(s);
    step("nothing is sent: the server must sleep");
    must_sleep(s, ours, 0.8, "spins-idle");
    slow = assignment.step >= 3 ? join_narrow(s) : c;
    step("client %d sends without reading, until no more is taken", slow->number);
    slow->reads = false;
    begins_to_send(slow, bytes, ENOUGH);
    await(s, all_sent, slow, 0.5);
    step("the server must sleep until client %d reads", slow->number);
    must_sleep(s, ours, 0.8, "spins-on-half-close");
    if (assignment.step == 1)
        pass();
    if (other) {
        size_t n = sends_until_owed(s, other, bytes);
        step("client %d sends %zu bytes, reads nothing, and half-closes", other->number, n);
        shutdown(other->fd, SHUT_WR);
        settle(s);
        step("the server must sleep until the clients read");
        must_sleep(s, ours, 0.8, "spins-on-half-close");
    }
    step("all clients leave: the server must sleep");
    leaves(c);
    leaves(slow);
    if (other)
        breaks_off(other);
    settle(s);
    must_sleep(s, ours, 0.8, "spins-idle");
    pass();
}
