// SPDX-License-Identifier: MIT
/* columns.c: see columns.h */
#include "columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *need(void *p)
{
    if (!p) {
        fputs("grade: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

static struct column *find(struct columns *columns, const char *test)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(columns->each[i].test->name, test) == 0)
            return &columns->each[i];
    return NULL;
}

static struct column *add(struct columns *columns, const struct result *test)
{
    struct column *column = &columns->each[columns->n];

    *column = (struct column){.test = test, .place = columns->n};
    columns->n++;
    columns->max[test->level] += test->points;
    return column;
}

struct columns columns_of(const struct grading *g, size_t n)
{
    struct columns columns = {0};
    size_t most = 1;

    for (size_t i = 0; i < n; i++)
        most += g[i].n;
    columns.each = need(calloc(most, sizeof *columns.each));
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < g[i].n; k++) {
            const struct result *r = &g[i].results[k];
            struct column *column = find(&columns, r->name);
            if (!column)
                column = add(&columns, r);
            column->asked += !g[i].trouble;
            column->passed += r->verdict == PASSED;
            column->missed += r->verdict == FAILED && !g[i].trouble;
        }
    }
    return columns;
}

void columns_free(struct columns *columns)
{
    free(columns->each);
    *columns = (struct columns){0};
}

static int by_misses(const void *a, const void *b)
{
    const struct column *x = a, *y = b;

    if (x->missed != y->missed)
        return x->missed > y->missed ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

void columns_by_misses(struct columns *columns)
{
    if (columns->n > 1)
        qsort(columns->each, columns->n, sizeof *columns->each, by_misses);
}

const struct result *result_of(const struct grading *g, const char *test)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->results[i].name, test) == 0)
            return &g->results[i];
    return NULL;
}

bool has_passed(const struct grading *g)
{
    return !g->trouble && g->n > 0 && core_complete(g);
}

int score_of(const struct grading *g)
{
    return points_of(g, CORE) + points_of(g, ROBUST) + points_of(g, ORDERLY);
}

int max_of(const struct columns *columns)
{
    return columns->max[CORE] + columns->max[ROBUST] + columns->max[ORDERLY];
}

size_t tried_of(const struct grading *g, size_t n)
{
    size_t tried = 0;

    for (size_t i = 0; i < n; i++)
        tried += g[i].n > 0;
    return tried;
}

char *trouble_line(const char *trouble)
{
    const char *mark = strncmp(trouble, "->", 2) == 0 ? trouble : strstr(trouble, "\n->");
    const char *note_end;

    if (mark && (mark = strchr(mark + 1, '\n')))
        trouble = mark + 1;
    trouble += strspn(trouble, " ");
    if (*trouble == '(' && (note_end = strstr(trouble, ")\n")))
        trouble = note_end + 2;
    trouble += strspn(trouble, " ");
    return need(strndup(trouble, strcspn(trouble, "\n")));
}

double mean_score(const struct grading *g, size_t n)
{
    size_t tried = tried_of(g, n);
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += g[i].n > 0 ? score_of(&g[i]) : 0;
    return tried > 0 ? sum / (double)tried : 0;
}
