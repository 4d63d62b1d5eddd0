// SPDX-License-Identifier: MIT
/* One client at a time: starting, bytes, and the end of a connection. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "columns.h"
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A process that was started and ends while another goes on is not what anybody waits for. */
static void must_be_in_front(struct server *s)
{
    struct look look;

    if (!s->background)
        return;
    look_at_server(s, LOOK_QUICK, &look);
    step("the program that was started must keep running");
    lose("background", "It has ended, and a process that it started listens on port %d.", s->port);
}

_Noreturn void test_starts(void)
{
    struct server *s = start_server(0);

    must_be_in_front(s);
    settle(s); /* a fork bomb shows itself here, alone */
    if (!assignment.has_port && !s->has_line) {
        step("the server must print a line that ends in: listening on 127.0.0.1:PORT");
        if (s->printed == 0)
            lose("stdout-buffered", "It listens on port %d, and has printed nothing.", s->port);
        if (*s->other_form)
            lose("other-form", "It listens on port %d, and has printed: %s", s->port,
                 shown(s->other_form, strlen(s->other_form)));
        lose("other-form", "It listens on port %d, and has not printed such a line.", s->port);
    }
    pass();
}

_Noreturn void test_address(void)
{
    int port = free_port();
    struct listening found[32];
    struct server *s = start_server(port);
    int n = look_listening(s->confined.keeper, assignment.confinement.network, found, 32);
    bool right = false;
    char text[3000] = "";

    step("the server must listen on port %d, as it was told", port);
    for (int i = 0; i < n; i++) {
        size_t used = strlen(text);
        right = right || found[i].port == port;
        snprintf(text + used, sizeof text - used, "%s%s%s%s:%d", used ? ", " : "",
                 found[i].ipv6 ? "[" : "", found[i].host, found[i].ipv6 ? "]" : "", found[i].port);
    }
    if (!right)
        lose("fixed-port", "It listens on %s.", text);
    join(s);
    pass();
}

_Noreturn void test_echo(void)
{
    struct client *c = join(start_server(0));

    must_answer(c, "hello\n");
    must_get_no_more(c);
    must_answer(c, "and once more\n");
    must_get_no_more(c);
    pass();
}

_Noreturn void test_pieces(void)
{
    static const char *const pieces[] = {"a", "b", "c", " and a longer piece", "z", "\n", "end"};
    struct client *c = join(start_server(0));

    if (assignment.counter) {
        sends(c, "in", 2);
        settle(c->server);
        sends(c, "c\nrea", 5);
        symptoms.mismatch = "line-in-pieces";
        must_get(c, "Counter has been incremented\n", 29);
        sends(c, "d", 1);
        settle(c->server);
        sends(c, "\n", 1);
        must_get(c, "1\n", 2);
        for (const char *at = "read\ninc\n"; *at; at++) {
            begins_to_send(c, at, 1);
            settle(c->server);
        }
        step("client %d sends \"read\\ninc\\n\", byte by byte", c->number);
        must_get(c, "1\nCounter has been incremented\n", 31);
        pass();
    }
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        sends(c, pieces[i], strlen(pieces[i]));
        must_get(c, pieces[i], strlen(pieces[i]));
    }
    pass();
}

_Noreturn void test_bytes(void)
{
    static const struct {
        const char *bytes;
        size_t n;
    } odd[] = {{"no newline", 10},        {"blanks at the end  \t", 20},
               {"line\r\n\r\n\n", 9},     {"a\0b\0\0", 5},
               {"%s%n%d \\n", 9},         {"\xff\xfe\xc3( \xe2\x82", 7},
               {"\x1b[2J\x04\x03\x1a", 7}};
    struct client *c = join(start_server(0));
    unsigned char all[256];

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        sends(c, odd[i].bytes, odd[i].n);
        must_get(c, odd[i].bytes, odd[i].n);
    }
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)(255 - i);
    sends(c, all, sizeof all);
    must_get(c, all, sizeof all);
    pass();
}

_Noreturn void test_sizes(void)
{
    struct client *c = join(start_server(0));

    for (size_t power = 1; power <= 65536; power *= 2)
        for (size_t n = power > 2 ? power - 1 : power; n <= power + (power > 128); n++) {
            unsigned char *letters = any_letters(n);
            sends(c, letters, n);
            must_get(c, letters, n);
            free(letters);
        }
    pass();
}

_Noreturn void test_half_close(void)
{
    struct server *s = start_server(0);
    struct client *c;

    freeze(s, true);
    c = join(s);
    sends(c, "everything\nyou sent", 19);
    half_closes(c);
    note("(The grader had paused the server, so it finds the bytes and the end together.)");
    thaw(s);
    must_get(c, "everything\nyou sent", 19);
    must_end(c);
    if (assignment.step == 1)
        server_may_end();
    else {
        c = join(s);
        half_closes(c);
        must_end(c);
        c = join(s);
        must_answer(c, "first\n");
        half_closes(c);
        must_end(c);
    }
    pass();
}

_Noreturn void test_large(void)
{
    size_t n = 8 << 20, stuck;
    unsigned char *bytes = any_bytes(n);
    struct server *s = start_server(0);
    struct client *c = join_narrow(s);

    if (assignment.step == 1)
        server_may_end();
    step("client %d sends %zu bytes without reading, until no more are taken", c->number, n);
    stuck = sends_until_stuck(c, bytes, n);
    note("%zu bytes were taken.", stuck);
    step("client %d now reads, and sends the rest at the same time", c->number);
    must_get(c, bytes, n);
    half_closes(c);
    must_end(c);
    pass();
}

_Noreturn void test_late(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);
    size_t n = 200000, answers_n;
    unsigned char *bytes, *wanted;

    if (assignment.step == 1)
        server_may_end();
    if (assignment.counter) {
        static const char line[] = "x\n", answer[] = "Unknown command\n";
        n = 20000;
        answers_n = n / 2 * (sizeof answer - 1);
        bytes = need(malloc(n));
        wanted = need(malloc(answers_n));
        for (size_t i = 0; i < n / 2; i++) {
            memcpy(bytes + 2 * i, line, 2);
            memcpy(wanted + (sizeof answer - 1) * i, answer, sizeof answer - 1);
        }
    } else {
        bytes = wanted = any_bytes(n);
        answers_n = n;
    }
    step("client %d sends %zu bytes, and does not read yet", c->number, n);
    c->reads = false;
    begins_to_send(c, bytes, n);
    await(s, all_sent, c, PATIENCE);
    half_closes(c);
    settle(s);
    step("client %d now reads", c->number);
    must_get(c, wanted, answers_n);
    must_end(c);
    pass();
}

_Noreturn void test_ends(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);

    server_may_end();
    must_answer(c, "hello\n");
    closes(c);
    must_end_by_itself(s, "end-status");
    pass();
}

_Noreturn void test_next(void)
{
    struct server *s = start_server(0);
    struct client *first = join(s), *second;

    must_answer(first, "first\n");
    second = join(s);
    sends(second, "waiting\n", 8);
    closes(first);
    symptoms.silence = symptoms.death = "not-again";
    must_get(second, "waiting\n", 8);
    half_closes(second);
    must_end(second);
    for (int i = 0; i < 5; i++) {
        struct client *c = join(s);
        must_answer(c, "next\n");
        closes(c);
    }
    pass();
}
