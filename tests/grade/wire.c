// SPDX-License-Identifier: MIT
/* wire.c: see wire.h */
#include "wire.h"

#include "columns.h"

#include <stdlib.h>
#include <string.h>

static const char the_end[] = "that is all";

static void put_string(FILE *out, const char *s)
{
    putc(s ? '=' : '-', out); /* "-" is NULL */
    fputs(s ? s : "", out);
    putc('\0', out);
}

static void put_number(FILE *out, double number)
{
    fprintf(out, "%.9g", number);
    putc('\0', out);
}

void wire_write(FILE *out, const struct grading *g)
{
    put_string(out, g->confined);
    put_string(out, g->trouble);
    put_number(out, g->seconds);
    put_number(out, (double)g->n);
    for (size_t i = 0; i < g->n; i++) {
        const struct result *r = &g->results[i];
        put_string(out, r->name);
        put_string(out, r->title);
        put_number(out, r->level);
        put_number(out, r->points);
        put_number(out, r->verdict);
        put_number(out, r->seconds);
        put_string(out, r->hint_key);
        put_string(out, r->message);
    }
    put_string(out, the_end);
}

struct reader {
    char *at, *end;
    bool wrong;
};

static char *next(struct reader *reader)
{
    char *s = reader->at;
    char *nul = s < reader->end ? memchr(s, '\0', (size_t)(reader->end - s)) : NULL;

    if (!nul) {
        static char none[] = "-";
        reader->wrong = true;
        return none;
    }
    reader->at = nul + 1;
    return s;
}

static char *get_string(struct reader *reader)
{
    char *s = next(reader);

    if (*s == '=')
        return s + 1;
    reader->wrong |= strcmp(s, "-") != 0;
    return NULL;
}

static char *get_text(struct reader *reader)
{
    char *s = get_string(reader);

    reader->wrong |= !s;
    return s;
}

static double get_number(struct reader *reader, double max)
{
    const char *s = next(reader);
    char *end;
    double number = strtod(s, &end);

    if (end == s || *end != '\0' || !(number >= 0 && number <= max)) {
        reader->wrong = true;
        return 0;
    }
    return number;
}

bool wire_read(struct grading *g, char *bytes, size_t n)
{
    struct reader reader = {bytes, bytes + n, false};
    struct grading got = *g;

    got.confined = get_string(&reader);
    got.trouble = get_string(&reader);
    got.seconds = get_number(&reader, 1e6);
    got.n = (size_t)get_number(&reader, 1000);
    got.results = got.n > 0 ? need(calloc(got.n, sizeof *got.results)) : NULL;
    for (size_t i = 0; i < got.n; i++) {
        struct result *r = &got.results[i];
        r->name = get_text(&reader);
        r->title = get_text(&reader);
        r->level = (enum level)get_number(&reader, N_LEVELS - 1);
        r->points = (int)get_number(&reader, 1000);
        r->verdict = (enum verdict)get_number(&reader, NOT_RUN);
        r->seconds = get_number(&reader, 1e6);
        r->hint_key = get_string(&reader);
        r->message = get_string(&reader);
    }
    const char *last = get_text(&reader);
    if (reader.wrong || !last || strcmp(last, the_end) != 0) {
        free(got.results);
        return false;
    }
    *g = got;
    return true;
}
