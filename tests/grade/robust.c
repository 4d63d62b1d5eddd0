// SPDX-License-Identifier: MIT
/* What a server meets only when things go badly: no descriptors, clients that do not read, rude ones. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "kit.h"

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

/* From now on no process of the server may have a descriptor with a higher number than now + spare. */
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

/* Is the server quiet, at least as our own is? The grader's own measure: a CPU, and who would have it. */
static void must_sleep(struct server *s, struct server *ours, double seconds, const char *hint)
{
    double of_ours = 0, ran = 0, part;
    size_t printed;

    printed = s->printed;
    part = busy(s, seconds, ours, &of_ours, &ran);
    must_live(s, symptoms.death ? symptoms.death : "died");
    if (strncmp(hint, "spins", 5) ==
            0 && /* not when accept fails: asyncio tells a lot about that */
        (s->printed - printed > 256 * 1024 || s->printed > 16 << 20))
        lose("endless-log", "It has printed %zu bytes.", s->printed);
    if (part > 0.2 && part > 10 * of_ours && ran > 0.03 * seconds)
        lose(hint,
             "In %.1f s it was busy for %.0f %% of the time; our own server, beside it, for %.0f "
             "%%.",
             seconds, part * 100, of_ours * 100);
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
    int gone;

    return n_answered(of, &gone) + gone == COME;
}

static void crowd_comes(struct server *s, struct crowd *crowd)
{
    double patience = 8.0;
    int n, gone, outside = 0;

    step("%d more clients connect and send a line", COME);
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
        note("%d get an answer, %d are sent away, %d wait, and %d cannot connect: "
             "the queue of the listener is full.",
             n, gone - outside, COME - n - gone, outside);
    else
        note("%d get an answer, %d are sent away, %d wait.", n, gone, COME - n - gone);
}

/* Who was answered leaves; then those who have waited are served, or sent away, and new ones, too. */
static void crowd_goes(struct server *s, struct crowd *crowd, const char *exits, const char *stuck)
{
    int n, gone, before;

    step("those who have an answer leave, and the others must get one, or be sent away");
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
        lose(stuck, "%d of them wait for ever.", COME - n - gone);
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
    step("the server has no descriptor left: RLIMIT_NOFILE is what it has open");
    c = join(s);
    begins_to_send(c, "hello\n", 6);
    settle(s);
    must_live(s, "emfile-exit");
    step("it must sleep meanwhile");
    must_sleep(s, ours, 1.5, "emfile-spin");
    look_at_server(s, LOOK_QUICK, &look);
    for (int i = 0; i < look.n_pids; i++)
        confined_limit(&assignment.confinement, look.pids[i], RLIMIT_NOFILE, 1024);
    step("the server may have descriptors again: client %d must be served, or sent away",
         c->number);
    if (await(s, has_come, c, 5.0) != HAPPENED) {
        must_live(s, "emfile-exit");
        lose("emfile-stuck", "It waits for ever.");
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
    step("from now on the server may have %d descriptors more than it has now (RLIMIT_NOFILE)",
         SPARE);
    crowd_comes(s, &crowd);
    must_live(s, "emfile-exit");
    step("it must sleep while others wait");
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
    step("from now on the server may have two processes or threads more than now (RLIMIT_NPROC)");
    crowd_comes(s, &crowd);
    must_live(s, "room-exit");
    symptoms.silence = "room-stuck";
    must_answer(c, "still here\n");
    crowd_goes(s, &crowd, "room-exit", "room-stuck");
    pass();
}

/* ---- who does not read ----------------------------------------------------------------------- */

enum { OFFERED = 96 << 20, ALLOWED = 24 << 20 };

/* What a client sends that does not read: letters, or lines. */
static unsigned char *endless(size_t n)
{
    unsigned char *bytes = malloc(n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(assignment.counter && i % 6 == 5 ? '\n' : 'a' + i % 23);
    return bytes;
}

static bool has_taken(void *of)
{
    struct client *c = of;

    return c->sent >= c->out_n || c->at_end;
}

static void an_endless_line_is_not_kept(struct server *s)
{
    struct client *c = join(s);
    struct look before, after;
    char *bytes = malloc(OFFERED);

    memset(bytes, 'x', OFFERED);
    look_at_server(s, LOOK_MEMORY, &before);
    step("client %d sends %d MB without a newline", c->number, OFFERED >> 20);
    begins_to_send(c, bytes, OFFERED);
    await(s, has_taken, c, PATIENCE);
    look_at_server(s, LOOK_MEMORY, &after);
    must_live(s, "died");
    note("The server's memory has grown by %.1f MB.", (double)(after.memory - before.memory) / 1e3);
    if (after.memory - before.memory > OFFERED / 1024 / 2)
        lose("long-line", "It keeps the line.");
    if (c->sent < OFFERED)
        lose("long-line", "It takes no more than %zu bytes of it.", c->sent);
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
    step("client %d sends up to %d MB, and reads nothing", c->number, OFFERED >> 20);
    c->reads = false;
    begins_to_send(c, bytes, by_ours + ALLOWED < OFFERED ? by_ours + ALLOWED : OFFERED);
    await(s, has_taken, c, 1.0);
    taken = c->sent;
    must_live(s, "died");
    look_at_server(s, LOOK_MEMORY, &after);
    note("%.1f MB are taken; our own server takes %.1f MB from such a client.", (double)taken / 1e6,
         (double)by_ours / 1e6);
    note("Its memory has grown by %.1f MB.", (double)(after.memory - before.memory) / 1e3);
    step("the server must stop reading from it");
    if (taken >= by_ours + ALLOWED)
        lose("no-back-pressure", "It goes on reading.");
    if (after.memory - before.memory > 64 * 1024)
        lose("no-back-pressure", "It has, but its memory has grown too much before.");
    if (assignment.counter)
        an_endless_line_is_not_kept(s);
    pass();
}

_Noreturn void test_unread(void)
{
    struct server *s = start_server(0);
    unsigned char *bytes = endless(OFFERED);
    struct client *slow = join_narrow(s), *c = join(s);

    symptoms.memory = "no-back-pressure";
    must_answer(c, "hello\n");
    step("client %d sends %d MB, and reads nothing", slow->number, OFFERED >> 20);
    slow->reads = false;
    begins_to_send(slow, bytes, OFFERED);
    await(s, has_taken, slow, 0.5);
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
    step("40 clients connect and leave at once, half of them by a reset, without a byte");
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
    step("4 clients do so, by a reset, while the server is stopped");
    freeze(s, true);
    for (int i = 0; i < 4; i++)
        breaks_off(try_to_join_within(s, &in_queue));
    thaw(s);
    settle(s);
    must_live(s, "died-on-reset");
    c = join(s);
    must_answer(c, "hello\n");
    step("client %d sends a byte of urgent data", c->number);
    send(c->fd, "!", 1, MSG_OOB | MSG_NOSIGNAL);
    settle(s);
    closes(c);
    settle(s);
    must_answer(join(s), "and I\n");
    pass();
}

/* ---- nothing happens ------------------------------------------------------------------------- */

/* Has the server something left to read from this client, or to write? sent: what it got from it. */
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
        return true; /* it is over */
    return unread > 0 || sent > (size_t)to_send + of_client_to_send + of_client_unread;
}

/*
 * Sends, and does not read, just until the server cannot write any more: so what the client does next,
 * a half-close, still reaches it. Returns how many bytes that were.
 */
static size_t sends_until_owed(struct server *s, struct client *c, const unsigned char *bytes)
{
    enum { PIECE = 16384 };
    size_t sent = 0;

    c->reads = false;
    while (sent + PIECE <= OFFERED && !c->at_end) {
        begins_to_send(c, bytes + sent, PIECE);
        if (await(s, has_taken, c, 0.5) != HAPPENED)
            break;
        sent += PIECE;
        for (int i = 0; i < 4 && owes(c, sent); i++)
            settle(s);
        if (owes(c, sent))
            break;
    }
    return sent;
}

_Noreturn void test_idle(void)
{
    struct server *s = start_server(0), *ours = start_reference();
    unsigned char *bytes = endless(OFFERED);
    struct client *c, *slow, *other;

    symptoms.memory = "no-back-pressure"; /* it is we who fill it: others may be tried */
    if (!ours)
        cannot("  Our own server, to be measured beside it, is not built: make all\n");
    if (assignment.step == 1)
        server_may_end();
    step("nobody is there: the server must sleep");
    must_sleep(s, ours, 0.8, "spins-idle");
    c = join(s);
    must_answer(c, "hello\n");
    other = assignment.step >= 3 ? join_narrow(s) : NULL;
    settle(s);
    step("nothing happens: the server must sleep");
    must_sleep(s, ours, 0.8, "spins-idle");
    slow = assignment.step >= 3 ? join_narrow(s) : c;
    step("client %d sends without reading, until no more is taken", slow->number);
    slow->reads = false;
    begins_to_send(slow, bytes, OFFERED);
    await(s, has_taken, slow, 0.5);
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
    step("all leave, and the server must sleep");
    leaves(c);
    leaves(slow);
    if (other)
        breaks_off(other);
    settle(s);
    must_sleep(s, ours, 0.8, "spins-idle");
    pass();
}
