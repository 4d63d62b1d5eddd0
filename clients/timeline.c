// SPDX-License-Identifier: MIT
/* timeline.c: see timeline.h */
#include "timeline.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROWS 40 /* clients drawn */

const char *const outcome_names[OUTCOMES] = {"served", "refused",   "reset", "cut short",
                                             "wrong",  "timed out", "failed"};

/* Writes a duration: "0.41 s", "0.08 ms". Returns text. */
const char *duration(int64_t ns, char text[24])
{
    if (ns < 100 * MS)
        snprintf(text, 24, "%.2f ms", (double)ns / 1e6);
    else
        snprintf(text, 24, "%.2f s", (double)ns / 1e9);
    return text;
}

/* How the states of a client are drawn. */
struct ink {
    const char *sign[2]; /* in ASCII, in UTF-8 */
    const char *colour;
    const char *meaning;
};
static const struct ink waiting = {{".", "\u2591"}, "2", "waiting"};
static const struct ink served = {{"#", "\u2588"}, "32", "being served"};
static const struct ink failed = {{"x", "\u2717"}, "31", "not served to the end"};
static const struct ink axis = {{"-", "\u2500"}, "2", ""};

static struct {
    bool utf8, colours;
    int cells; /* for the whole time */
    int names; /* the width of the longest client's number */
    int64_t start, end;
} chart;

static void lay_out_chart(long n_lives)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize window = {.ws_col = 80};
    bool terminal = isatty(STDOUT_FILENO);

    setlocale(LC_CTYPE, "");
    chart.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    chart.colours = terminal || getenv("CLICOLOR_FORCE"); /* demo.sh has the terminal: it says so */
    if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
        chart.colours = false;
    if (terminal && (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == -1 || window.ws_col == 0))
        window.ws_col = 80;
    int columns = window.ws_col < 100 ? window.ws_col : 100;
    chart.names = snprintf(NULL, 0, "%ld", n_lives < ROWS ? n_lives : ROWS);
    chart.cells = columns - chart.names - (int)strlen("client   timed out 60.00 s ");
    if (chart.cells < 20)
        chart.cells = 20;
}

static void draw(const struct ink *ink, int cells)
{
    if (chart.colours)
        printf("\033[%sm", ink->colour);
    for (; cells > 0; cells--)
        fputs(ink->sign[chart.utf8], stdout);
    if (chart.colours)
        printf("\033[0m");
}

/* The cell's edge that is nearest to a moment. */
static int edge(int64_t moment)
{
    double part = (double)(moment - chart.start) / (double)(chart.end - chart.start);
    return (int)(part * chart.cells + 0.5);
}

static void draw_client(long number, const struct life *client)
{
    const struct ink *inks[4] = {&waiting};
    int edges[5] = {edge(client->began), edge(client->end)};
    char time[24];
    int n = 1;

    if (client->first_got != 0) {
        edges[n] = edge(client->first_got);
        inks[n++] = &served;
        edges[n] = edge(client->last_served);
        if (edges[n] < edge(client->end)) {
            inks[n++] = &waiting;
            edges[n] = edge(client->end);
        }
    }
    if (client->outcome != SERVED) {
        inks[n++] = &failed;
        edges[n] = edges[n - 1] + 1;
    }
    for (int i = 1; i <= n; i++) /* whatever has happened gets a cell, and moves what follows */
        if (edges[i] <= edges[i - 1])
            edges[i] = edges[i - 1] + 1;
    for (int i = n; i >= 0; i--)
        if (edges[i] > chart.cells - (n - i))
            edges[i] = chart.cells - (n - i);

    printf("client %*ld %*s", chart.names, number, edges[0], "");
    for (int i = 0; i < n; i++)
        draw(inks[i], edges[i + 1] - edges[i]);
    printf("%*s  %s", chart.cells - edges[n], "", outcome_names[client->outcome]);
    if (client->outcome != REFUSED)
        printf(" %s", duration(client->end - client->began, time));
    putchar('\n');
}

void timeline_draw(long n_lives, struct life (*of)(long), int64_t start, int64_t end)
{
    const struct ink *legend[] = {&waiting, &served, &failed};
    char time[24];

    chart.start = start;
    chart.end = end;
    lay_out_chart(n_lives);
    int margin = chart.names + (int)strlen("client  ");
    for (long i = 0; i < n_lives && i < ROWS; i++) {
        struct life life = of(i);
        draw_client(i + 1, &life);
    }
    if (n_lives > ROWS)
        printf("and %ld clients more\n", n_lives - ROWS);
    duration(end - start, time);
    printf("%*s0 ", margin, "");
    draw(&axis, chart.cells - 3 - (int)strlen(time));
    printf(" %s\n%*s", time, margin, "");
    for (int i = 0; i < 3; i++) {
        draw(legend[i], 1);
        printf(" %s%s", legend[i]->meaning, i < 2 ? "   " : "\n");
    }
}
