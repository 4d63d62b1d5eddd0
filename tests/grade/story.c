// SPDX-License-Identifier: MIT
/* The story of one test, and how it is told to the process that waits for it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "story.h"

#include "hints.h"
#include "kit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char story[32768];
static size_t length;
static int steps;
static bool lost;
static size_t begins[256]; /* where the line of a step begins; the last: of the latest step */

static void add(const char *format, va_list words) __attribute__((format(printf, 1, 0)));
static void add(const char *format, va_list words)
{
    size_t room = sizeof story - length;
    int n = vsnprintf(story + length, room, format, words);

    length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void add_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add_text(const char *format, ...)
{
    va_list words;

    va_start(words, format);
    add(format, words);
    va_end(words);
}

void step(const char *format, ...)
{
    va_list words;

    begins[steps < 255 ? steps : 255] = length;
    add_text("  %3d  ", ++steps);
    va_start(words, format);
    add(format, words);
    va_end(words);
    add_text("\n");
}

void note(const char *format, ...)
{
    va_list words;

    add_text("         ");
    va_start(words, format);
    add(format, words);
    va_end(words);
    add_text("\n");
}

/* ---- bytes as text --------------------------------------------------------------------------- */

int show_byte(unsigned char byte, char out[5])
{
    static const char letters[] = "\a\b\t\n\v\f\r", escapes[] = "abtnvfr";
    const char *at = byte ? strchr(letters, byte) : NULL;

    if (at)
        return snprintf(out, 5, "\\%c", escapes[at - letters]);
    if (byte == '"' || byte == '\\')
        return snprintf(out, 5, "\\%c", byte);
    return snprintf(out, 5, byte < ' ' || byte > '~' ? "\\x%02x" : "%c", byte);
}

const char *shown(const void *bytes, size_t n)
{
    static char texts[8][160];
    static int next;
    char *text = texts[next++ % 8], one[5];
    const unsigned char *from = bytes;
    size_t at = 0;

    text[at++] = '"';
    for (size_t i = 0; i < n; i++) {
        if (at > 60 && n > i + 4) {
            at += (size_t)snprintf(text + at, 8, "\"...");
            return text;
        }
        at += (size_t)snprintf(text + at, 5, "%.*s", show_byte(from[i], one), one);
    }
    snprintf(text + at, 2, "\"");
    return text;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int report_to = 1;

void story_begins(int fd)
{
    report_to = fd;
}

static _Noreturn void tell(const char *verdict, const char *hint)
{
    char head[64];
    size_t n = (size_t)snprintf(head, sizeof head, "%s %s\n", verdict, hint ? hint : "-"), done = 0;

    (void)!write(report_to, head, n);
    while (done < length) {
        ssize_t m = write(report_to, story + done, length - done);
        if (m <= 0)
            break;
        done += (size_t)m;
    }
    end_all_servers();
    _exit(0);
}

void pass(void)
{
    const char *hint = NULL;
    const char *how = must_not_have_ended(&hint);

    if (how)
        lose(hint, "%s", how);
    length = 0;
    tell("passed", NULL);
}

/* What the program has printed, its last lines, so that nothing in it can do harm. */
static void add_printed(const struct server *s)
{
    char one[5];
    size_t from = s->tail_n;
    int lines = 0;

    if (s->printed == 0) {
        add_text("  It has printed nothing (or not flushed it).\n");
        return;
    }
    while (from > 0 && (s->tail[from - 1] != '\n' || from == s->tail_n || ++lines < 8))
        from--;
    add_text("  Its last lines:\n    | ");
    for (size_t i = from, column = 0; i < s->tail_n; i++) {
        if (s->tail[i] == '\n') {
            if (i + 1 < s->tail_n)
                add_text("\n    | ");
            column = 0;
        } else if (column < 110) {
            show_byte((unsigned char)s->tail[i], one);
            add_text("%s", s->tail[i] == '"' ? "\"" : s->tail[i] == '\\' ? "\\" : one);
            column++;
        }
    }
    add_text("\n");
}

/* In lines of a terminal. */
static void add_hint(const char *text)
{
    enum { COLUMNS = 70 };
    const char *begin = "  Hint: ";

    while (*text) {
        size_t n = strlen(text);

        if (n > COLUMNS)
            for (n = COLUMNS; n > 1 && text[n] != ' '; n--)
                ;
        add_text("%s%.*s\n", begin, (int)n, text);
        text += n;
        text += strspn(text, " ");
        begin = "        ";
    }
}

bool is_lost(void)
{
    return lost;
}

/* Marks the last step, and leaves out the middle of a story that is long. */
static void shorten(void)
{
    enum { FIRST = 2, LAST = 8 };
    int last = (steps < 256 ? steps : 256) - 1;
    size_t from, to;
    char text[64];

    if (steps == 0)
        return;
    memcpy(story + begins[last], "->", 2);
    if (last < FIRST + LAST + 3)
        return;
    from = begins[FIRST];
    to = begins[last - LAST];
    snprintf(text, sizeof text, "       ... %d steps, all well ...\n", last - LAST - FIRST);
    memcpy(story + from, text, strlen(text));
    memmove(story + from + strlen(text), story + to, length - to);
    length -= to - from - strlen(text);
}

void lose(const char *hint, const char *format, ...)
{
    struct server *s = story_subject();
    const char *text;
    va_list words;

    lost = true;
    shorten();
    add_text("         ");
    va_start(words, format);
    add(format, words);
    va_end(words);
    add_text("\n");
    if (s) {
        const char *how = how_it_is(s);
        add_text("  %c%s %s.\n", s->what[0] - 'a' + 'A', s->what + 1, how);
        add_printed(s);
        if (strstr(s->tail, "ermission denied") || strstr(s->tail, "Read-only file"))
            if (!hint || strcmp(hint, "not-started") == 0 || strcmp(hint, "died") == 0)
                hint = "not-permitted";
    }
    if (s)
        hint = is_interrupted(s) ? "eintr" : hint_now(s, hint);
    if ((text = hint_text(hint)))
        add_hint(text);
    tell("lost", hint);
}

void cannot(const char *format, ...)
{
    va_list words;

    length = 0;
    va_start(words, format);
    add(format, words);
    va_end(words);
    tell("not-run", NULL);
}
