// SPDX-License-Identifier: MIT
/* Several clients: who is served, who gets whose bytes, and what one client does to the others. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "columns.h"
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void test_together(void)
{
    struct server *s = start_server(0);
    struct client *silent[3], *c; /* four in all: a pool of four workers can do it */

    join_at_once(s, silent);
    silent[2] = join(s);
    sends(silent[1], "half a li", 9);
    c = join(s);
    symptoms.silence = "one-at-a-time";
    must_answer(c, "hello\n");
    if (!assignment.counter) {
        symptoms.mismatch = "shared-buffer";
        symptoms.foreign = "hm"; /* what the others' lines begin with */
    }
    symptoms.silence = "forgotten"; /* several are served at a time, but not this one */
    must_answer(silent[0], "me, too\n");
    sends(silent[1], "ne\n", 3);
    must_get(silent[1], answer_to("half a line\n"), strlen(answer_to("half a line\n")));
    must_answer(silent[2], "and me\n");
    pass();
}

/*
 * A shared buffer shows here however the threads are scheduled: the first client does not read, so
 * its bytes are still in that buffer, waiting to be written, when the second client's come.
 */
_Noreturn void test_private(void)
{
    struct server *s = start_server(0);
    struct client *slow = join_narrow(s), *other = join(s);
    size_t n = 8 << 20, taken;
    unsigned char *a = need(malloc(n)), b[3000];

    for (size_t i = 0; i < n; i++)
        a[i] = (unsigned char)('a' + i / 1000 % 26);
    memset(b, '#', sizeof b);
    must_answer(other, "hello\n");
    step("client %d sends %zu lower-case letters without reading, until no more are taken",
         slow->number, n);
    taken = sends_until_stuck(slow, a, n);
    note("%zu bytes were taken.", taken);
    step("client %d sends %zu bytes: %s", other->number, sizeof b, shown(b, sizeof b));
    begins_to_send(other, b, sizeof b);
    settle(s);
    symptoms.mismatch = "shared-buffer";
    symptoms.foreign = "#";
    step("client %d now reads, and sends the rest at the same time", slow->number);
    must_get(slow, a, n);
    symptoms.foreign = "abcdefghijklmnopqrstuvwxyz";
    must_get(other, b, sizeof b);
    pass();
}

/* After what a client has done: the witness, or a new client, must be served as before. */
static void others_must_be_served(struct server *s, struct client *witness, const char *hint)
{
    symptoms.death = hint;
    symptoms.silence = strcmp(hint, "died-on-reset") == 0 ? "lost-by-reset" : NULL;
    settle(s);
    must_live(s, hint);
    if (witness) {
        must_answer(witness, "still here\n");
    } else {
        struct client *c = join(s);
        must_answer(c, "still here\n");
        closes(c);
    }
    symptoms.silence = NULL;
}

_Noreturn void test_reset(void)
{
    struct server *s = start_server(0);
    struct client *witness = assignment.step >= 3 ? join(s) : NULL, *c;
    unsigned char *bytes = any_letters(16 << 20);
    size_t taken;

    for (size_t i = 999; i < 16 << 20; i += 1000)
        bytes[i] = '\n';
    if (witness)
        must_answer(witness, "hello\n");
    c = join(s);
    must_answer(c, "I am going\n");
    resets(c);
    if (assignment.step == 1) {
        must_end_by_itself(s, "end-status");
        pass();
    }
    others_must_be_served(s, witness, "died-on-reset");
    c = join_narrow(s);
    step("client %d sends lines without reading, until no more are taken", c->number);
    taken = sends_until_stuck(c, bytes, 16 << 20);
    note("%zu bytes were taken.", taken);
    resets(c);
    others_must_be_served(s, witness, "died-on-reset");
    freeze(s, true);
    c = join(s);
    resets(c);
    note("(The grader had paused the server: what it accepts has already been reset.)");
    thaw(s);
    others_must_be_served(s, witness, "died-on-reset");
    if (witness)
        others_must_be_served(s, NULL, "died-on-reset");
    pass();
}

_Noreturn void test_gone(void)
{
    struct server *s = start_server(0);
    struct client *witness = assignment.step >= 3 ? join(s) : NULL;
    unsigned char *bytes = any_letters(40000);

    for (size_t i = 99; i < 40000; i += 100)
        bytes[i] = '\n';
    if (witness)
        must_answer(witness, "hello\n");
    for (int i = 0; i < 3; i++) {
        struct client *c;

        freeze(s, true);
        c = join(s);
        sends(c, bytes, i == 0 ? 100 : 40000);
        half_closes(c);
        resets(c);
        note("(The grader had paused the server: it finds the bytes, but the client is gone.)");
        thaw(s);
        if (assignment.step == 1) {
            must_end_by_itself(s, "end-status");
            pass();
        }
        others_must_be_served(s, witness, "died-on-reset");
    }
    pass();
}

/* ---- what stays behind ----------------------------------------------------------------------- */

enum { AT_ONCE = 20, ONE_BY_ONE = 15 };

struct crowd {
    struct client *clients[AT_ONCE];
    bool served[AT_ONCE];
    int left;     /* have no answer yet */
    int to_leave; /* have one, and are still there */
};

/* Notes who has got an answer. Is there anybody new? */
static bool somebody_is_served(void *of)
{
    struct crowd *crowd = of;

    for (int i = 0; i < AT_ONCE; i++)
        if (!crowd->served[i] && crowd->clients[i]->in_n > 0) {
            crowd->served[i] = true;
            crowd->left--;
            crowd->to_leave++;
        }
    return crowd->to_leave > 0;
}

static bool all_are_served(void *of)
{
    struct crowd *crowd = of;

    somebody_is_served(of);
    return crowd->left == 0;
}

static void served_leave(struct crowd *crowd)
{
    for (int i = 0; i < AT_ONCE; i++)
        if (crowd->served[i])
            leaves(crowd->clients[i]);
    crowd->to_leave = 0;
}

static void one_by_one(struct server *s, int n)
{
    for (int i = 0; i < n; i++) {
        struct client *c = try_to_join(s);

        must_live(s, "died");
        if (c->error)
            lose("not-again", "A client cannot connect: %s.", strerror(c->error));
        if (!answers(c, "hello\n", PATIENCE)) {
            must_live(s, "died");
            lose("not-again", "Client %d of %d gets no answer.", i + 1, n);
        }
        if (i % 2)
            breaks_off(c);
        else
            leaves(c);
    }
}

static void round_of_clients(struct server *s)
{
    struct crowd crowd = {.left = AT_ONCE};

    step("%d clients come one after another; each gets an answer and leaves, some by a reset",
         ONE_BY_ONE);
    one_by_one(s, ONE_BY_ONE);
    if (assignment.step < 3)
        return;
    step("%d clients connect, and each sends a line", AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        crowd.clients[i] = try_to_join(s);
        must_live(s, "died");
        if (crowd.clients[i]->error)
            lose("not-again", "One of them cannot connect: %s.", strerror(crowd.clients[i]->error));
        begins_to_send(crowd.clients[i], "hello\n", 6);
    }
    await(s, all_are_served, &crowd, 0.6); /* or as many as a pool has workers */
    must_live(s, "died");
    step("%d of them get an answer, and leave at the same moment", AT_ONCE - crowd.left);
    freeze(s, false);
    served_leave(&crowd);
    settle(s);
    thaw(s);
    if (crowd.left > 0)
        step("the others must get an answer, too, now that there is room");
    while (crowd.left > 0) {
        if (await(s, somebody_is_served, &crowd, PATIENCE) != HAPPENED) {
            must_live(s, "died");
            lose("not-again", "%d of %d got no answer.", crowd.left, AT_ONCE);
        }
        served_leave(&crowd);
    }
    step("three more clients come, one after another");
    one_by_one(s, 3);
}

struct growth {
    struct server *s;
    struct look before;
    struct look look;
    int room; /* a runtime may keep some for later */
};

static bool is_given_back(void *of)
{
    struct growth *g = of;

    look_at_server(g->s, LOOK_DESCRIPTORS, &g->look);
    return g->look.descriptors <= g->before.descriptors + g->room && g->look.zombies <= 4 &&
           g->look.threads <= g->before.threads + g->room;
}

static const char *in_numbers(const struct look *look)
{
    static char text[120];

    snprintf(text, sizeof text, "descriptors: %d, threads: %d, processes: %d, zombies: %d",
             look->descriptors, look->threads, look->processes, look->zombies);
    return text;
}

_Noreturn void test_gives_back(void)
{
    struct server *s = start_server(0);
    int clients = 2 * (ONE_BY_ONE + (assignment.step >= 3 ? AT_ONCE + 3 : 0));
    struct growth growth = {.s = s, .room = clients / 8};

    round_of_clients(s);
    settle(s);
    look_at_server(s, LOOK_DESCRIPTORS, &growth.before);
    step("what the server uses now: %s", in_numbers(&growth.before));
    round_of_clients(s);
    round_of_clients(s);
    step("after %d more clients it must use about as much as before: descriptors: %d, threads: %d",
         clients, growth.before.descriptors, growth.before.threads);
    await(s, is_given_back, &growth, PATIENCE);
    must_live(s, "died");
    if (is_given_back(&growth))
        pass();
    note("It uses now: %s", in_numbers(&growth.look));
    lose(growth.look.zombies > 4                                     ? "zombies"
         : growth.look.threads > growth.before.threads + clients / 4 ? "leaks-threads"
                                                                     : "leaks-descriptors",
         growth.look.zombies > 4 ? "It has not waited for its children that ended."
                                 : "That is too many.");
}
