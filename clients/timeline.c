// SPDX-License-Identifier: MIT
/* timeline.c: see timeline.h */
#include "timeline.h"

#include "../common/address.h"

#include <langinfo.h>
#include <limits.h>
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

int columns_of(int fd)
{
    const char *columns = getenv("COLUMNS");
    struct winsize window;
    long width = columns ? number_parse(columns, INT_MAX) : 0;

    if (width > 0)
        return (int)width;
    if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    return isatty(fd) ? 80 : INT_MAX;
}

void print_folded(const char *text)
{
    const int width = columns_of(STDOUT_FILENO), indent = 10;
    int column = 0;

    while (*text) {
        int blanks = (int)strspn(text, " "), word = (int)strcspn(text + blanks, " \n");
        if (column > indent && column + blanks + word > width) {
            printf("\n%*s", indent, "");
            column = indent;
            blanks = 0;
            text += strspn(text, " ");
        }
        printf("%.*s", blanks + word, text);
        text += blanks + word;
        column += blanks + word;
        if (*text == '\n') {
            putchar(*text++);
            column = 0;
        }
    }
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
    int columns;
    int cells; /* for the whole time */
    int names; /* the width of the longest client's number */
    int64_t start, end;
} chart;

static void lay_out_chart(long n_lives)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    setlocale(LC_CTYPE, "");
    chart.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    /* demo.sh has the terminal: it says so */
    chart.colours = isatty(STDOUT_FILENO) || getenv("CLICOLOR_FORCE");
    if ((no_color && *no_color) || !term || !*term || strcmp(term, "dumb") == 0)
        chart.colours = false;
    int columns = columns_of(STDOUT_FILENO);
    chart.columns = columns == INT_MAX ? 80 : columns < 100 ? columns : 100;
    chart.names = snprintf(NULL, 0, "%ld", n_lives < ROWS ? n_lives : ROWS);
    chart.cells = chart.columns - chart.names - (int)strlen("client   timed out 60.00 s ");
    if (chart.cells < 10)
        chart.cells = 10;
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
    printf(" %s\n", time);
    for (int i = 0, column = 0; i < 3; i++) {
        int width = 2 + (int)strlen(legend[i]->meaning);
        if (i > 0 && column + 3 + width > chart.columns) {
            putchar('\n');
            column = 0;
        }
        printf("%*s", column == 0 ? margin : 3, "");
        draw(legend[i], 1);
        printf(" %s", legend[i]->meaning);
        column += (column == 0 ? margin : 3) + width;
    }
    putchar('\n');
}
