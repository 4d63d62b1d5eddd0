// SPDX-License-Identifier: MIT
/* The line protocol of step 05. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "catalogue.h"
#include "columns.h"
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DONE "Counter has been incremented\n"
#define UNKNOWN "Unknown command\n"

static void must_reply(struct client *c, const char *lines, size_t n, const char *replies)
{
    sends(c, lines, n);
    must_get(c, replies, strlen(replies));
}

_Noreturn void test_replies(void)
{
    struct client *c = join(start_server(0));

    must_reply(c, "read\n", 5, "0\n");
    must_get_no_more(c);
    must_reply(c, "inc\n", 4, DONE);
    must_get_no_more(c);
    must_reply(c, "read\n", 5, "1\n");
    must_reply(c, "hello\n", 6, UNKNOWN);
    must_reply(c, "inc\n", 4, DONE);
    must_reply(c, "read\n", 5, "2\n");
    pass();
}

_Noreturn void test_exact(void)
{
    static const struct {
        const char *line;
        size_t n;
        const char *reply;
    } lines[] = {
        {"\n", 1, UNKNOWN},         {"increment\n", 10, UNKNOWN}, {"in\n", 3, UNKNOWN},
        {"INC\n", 4, UNKNOWN},      {"Read\n", 5, UNKNOWN},       {" inc\n", 5, UNKNOWN},
        {"inc \n", 5, UNKNOWN},     {"read 1\n", 7, UNKNOWN},     {"inc\0\n", 5, UNKNOWN},
        {"\0inc\n", 5, UNKNOWN},    {"\xff\xfe\n", 3, UNKNOWN},   {"inc\r\r\n", 6, UNKNOWN},
        {"inc\rinc\n", 8, UNKNOWN}, {"read\n", 5, "0\n"}};
    struct client *c = join(start_server(0));

    symptoms.silence = "wrong-reply";
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        must_reply(c, lines[i].line, lines[i].n, lines[i].reply);
    symptoms.mismatch = symptoms.silence = "keeps-cr";
    must_reply(c, "inc\r\n", 5, DONE);
    must_reply(c, "read\r\n", 6, "1\n");
    must_reply(c, "\r\n", 2, UNKNOWN);
    pass();
}

_Noreturn void test_batches(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);
    char lines[9000], wanted[60000];
    size_t n = 0, m = 0;

    symptoms.silence = "line-lost";
    must_reply(c, "inc\nread\n", 9, DONE "1\n");
    must_reply(c, "read\nhello\ninc\nread\n", 20, "1\n" UNKNOWN DONE "2\n");
    for (int i = 0; i < 900; i++) {
        n += (size_t)sprintf(lines + n, "inc\nread\n");
        m += (size_t)sprintf(wanted + m, DONE "%d\n", 3 + i);
    }
    sends(c, lines, n);
    must_get(c, wanted, m);
    sends(c, "inc\nre", 6);
    must_get(c, DONE, strlen(DONE));
    must_reply(c, "ad\nread\n", 8, "903\n903\n");
    pass();
}

_Noreturn void test_last_line(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s);

    sends(c, "inc\ninc", 7);
    half_closes(c);
    symptoms.silence = "last-line";
    must_get(c, DONE DONE, 2 * strlen(DONE));
    must_end(c);
    c = join(s);
    symptoms.mismatch = "private-counter";
    symptoms.foreign = "0";
    must_reply(c, "read\n", 5, "2\n");
    half_closes(c);
    must_end(c);
    pass();
}

_Noreturn void test_long_line(void)
{
    struct server *s = start_server(0);
    struct client *c = join(s), *other;
    static const size_t lengths[] = {1023, 1024, 1025, 4095, 4096, 70000, 1000000};
    unsigned char *line = need(malloc(1000001));

    symptoms.mismatch = symptoms.silence = "long-line";
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(line, 'x', lengths[i]);
        line[lengths[i]] = '\n';
        sends(c, line, lengths[i] + 1);
        must_get(c, UNKNOWN, strlen(UNKNOWN));
        must_reply(c, "inc\n", 4, DONE);
    }
    other = join(s);
    symptoms.mismatch = "private-counter";
    symptoms.foreign = "0";
    must_reply(other, "read\n", 5, "7\n");
    pass();
}

_Noreturn void test_shared(void)
{
    struct server *s = start_server(0);
    struct client *a = join(s), *b = join(s);

    symptoms.mismatch = "private-counter";
    must_reply(a, "inc\n", 4, DONE);
    must_reply(b, "read\n", 5, "1\n");
    must_reply(b, "inc\n", 4, DONE);
    must_reply(a, "read\n", 5, "2\n");
    closes(a);
    a = join(s);
    must_reply(a, "read\n", 5, "2\n");
    pass();
}

enum { COUNTING = 4, ROUNDS = 6 };

struct counting {
    struct client *clients[COUNTING];
    size_t wanted; /* bytes of answers, for each */
};

static bool all_counted(void *of)
{
    struct counting *counting = of;

    for (int i = 0; i < COUNTING; i++)
        if (!counting->clients[i]->at_end && counting->clients[i]->in_n < counting->wanted)
            return false;
    return true;
}

/* Each of several clients sends inc so many times; all is sent before the server sees a line. */
static void all_count(struct server *s, int lines_n, int before)
{
    struct counting counting = {.wanted = (size_t)lines_n * strlen(DONE)};
    unsigned char *lines = need(malloc((size_t)lines_n * 4));
    char wanted[64];

    for (int i = 0; i < lines_n; i++)
        memcpy(lines + 4 * i, "inc\n", 4);
    for (int i = 0; i < COUNTING; i++)
        counting.clients[i] = join(s);
    freeze(s, true);
    step("each of the %d clients sends inc %d times, at once", COUNTING, lines_n);
    for (int i = 0; i < COUNTING; i++)
        begins_to_send(counting.clients[i], lines, (size_t)lines_n * 4);
    thaw(s);
    step("each must get %zu bytes of answers", counting.wanted);
    await(s, all_counted, &counting, PATIENCE);
    for (int i = 0; i < COUNTING; i++) {
        struct client *c = counting.clients[i];
        if (c->in_n != counting.wanted)
            lose(c->in_n == 0 ? "forgotten" : "line-lost",
                 "Client %d gets %zu bytes of answers; %zu would be right.", c->number, c->in_n,
                 counting.wanted);
        closes(c);
    }
    symptoms.mismatch = "counts-wrong";
    snprintf(wanted, sizeof wanted, DONE "%d\n", before + COUNTING * lines_n + 1);
    must_reply(join(s), "inc\nread\n", 9, wanted);
    symptoms.mismatch = NULL;
    free(lines);
}

_Noreturn void test_count(void)
{
    struct server *s = start_server(0);

    all_count(s, 200, 0); /* enough where a lock is missing around something slow */
    /* An increment is lost only if two threads are at it in the same moment: hence the rounds. */
    for (int i = 0; i < ROUNDS; i++)
        all_count(s, 20000, COUNTING * 200 + 1 + i * (COUNTING * 20000 + 1));
    pass();
}
