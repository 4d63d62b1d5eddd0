// SPDX-License-Identifier: MIT
/* How it ends, and how it starts again. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static void tell_to_end(struct server *s, int sig, const char *name)
{
    step("the server gets the signal %s", name);
    server_may_end();
    if (s->background)
        lose("background", "The program that was started had already ended.");
    if (s->confined.program > 0 && !s->ended)
        kill(s->confined.program, sig);
}

static bool nothing_is_left(void *of)
{
    struct server *s = of;
    struct look look;

    look_at_server(s, LOOK_QUICK, &look);
    return look.processes == 0;
}

static bool is_refused(void *of)
{
    struct server *s = of;
    struct listening found[32];
    int n = look_listening(s->confined.keeper, assignment.confinement.network, found, 32);

    for (int i = 0; i < n; i++)
        if (found[i].port == s->port)
            return false;
    return true;
}

/* It must be gone, with all that it has started. */
static void must_have_ended(struct server *s)
{
    struct look look;
    enum waited how;

    step("the server must end, with status 0");
    how = await(s, has_ended, s, PATIENCE);
    if (!s->ended)
        lose(how == BUSY     ? "busy"
             : is_refused(s) ? "term-waits"
                             : "term-ignored",
             "It is still running.");
    if (!WIFEXITED(s->status) || WEXITSTATUS(s->status) != 0)
        lose("term-status", "It %s.", how_it_ended(s->status));
    step("no process that it started may be left");
    await(s, nothing_is_left, s, 1.0);
    look_at_server(s, LOOK_QUICK, &look);
    if (look.processes)
        lose("left-behind", "%d of them %s still running.", look.processes,
             look.processes == 1 ? "is" : "are");
}

static bool lies_ready(void *of)
{
    struct client *c = of;
    int n = 0;

    return ioctl(c->fd, FIONREAD, &n) == 0 && n > 0;
}

_Noreturn void test_term(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s), *idle = join(s);
    const char *answer = answer_to("hello\n");

    must_answer(idle, "I am here\n");
    sends(c, "hello\n", 6);
    c->reads = false;
    step("the server must answer; client %d does not read the answer yet", c->number);
    if (await(s, lies_ready, c, PATIENCE) != HAPPENED)
        lose("no-answer", "No answer came.");
    tell_to_end(s, SIGTERM, "TERM");
    await(s, has_ended, s, PATIENCE);
    must_get(c, answer, strlen(answer));
    step("clients %d and %d must see the end of the connection", c->number, idle->number);
    await(s, has_ended, s, 0.5);
    for (int i = 0; i < 2; i++) {
        struct client *one = i ? idle : c;
        one->reads = true;
        settle(s);
        if (one->error)
            lose("term-reset", "Client %d saw a reset.", one->number);
        if (!one->at_end)
            lose(s->ended        ? "left-behind"
                 : is_refused(s) ? "term-waits"
                                 : "term-ignored",
                 "The connection of client %d stays open.", one->number);
    }
    must_have_ended(s);
    pass();
}

_Noreturn void test_int(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);

    must_answer(c, "hello\n");
    closes(c);
    settle(s);
    tell_to_end(s, SIGINT, "INT");
    must_have_ended(s);
    pass();
}

_Noreturn void test_quit(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);

    must_answer(c, "hello\n");
    tell_to_end(s, SIGQUIT, "QUIT");
    step("the server must stop listening, but serve client %d until it leaves", c->number);
    if (await(s, is_refused, s, PATIENCE) != HAPPENED && !s->ended)
        lose("quit-drops", "It still listens.");
    settle(s);
    if (s->ended)
        lose("quit-drops", "It ended while client %d was there.", c->number);
    symptoms.silence = symptoms.death = "quit-drops";
    must_answer(c, "still here\n");
    closes(c);
    must_have_ended(s);
    pass();
}

_Noreturn void test_restart(void)
{
    int port = free_port();
    struct server *s = start_server(port), *again;
    struct client *c;

    if (s->port != port)
        lose("fixed-port", "It listens on port %d.", s->port);
    c = join(s);
    must_answer(c, "hello\n");
    step("the server is killed, so its side of the connection closes first");
    server_may_end();
    kill_server(s);
    c->reads = true;
    await_end(c);
    leaves(c);
    again = start_another("the server that was started again", port);
    step("it is started again, and must listen on port %d at once", port);
    if (again->port != port || (again->ended && !again->background)) {
        tell_of(again);
        lose("no-reuseaddr", again->ended ? "It ended." : "It does not listen there.");
    }
    c = join(again);
    must_answer(c, "hello again\n");
    pass();
}

_Noreturn void test_second(void)
{
    int port = free_port();
    struct server *s = start_server(port), *second;
    struct client *c;

    if (s->port != port)
        lose("fixed-port", "It listens on port %d.", s->port);
    c = join(s);
    must_answer(c, "hello\n");
    if (assignment.step == 1)
        server_may_end();
    second = start_another("the second server", port);
    step("a second server is given the same port, and must end with a status other than 0");
    await(second, has_ended, second, PATIENCE);
    tell_of(second);
    if (!second->ended)
        lose("second-start", "It is still running.");
    if (WIFEXITED(second->status) && WEXITSTATUS(second->status) == 0)
        lose("second-start", "It ended with status 0.");
    tell_of(s);
    must_answer(c, "still here\n");
    pass();
}
