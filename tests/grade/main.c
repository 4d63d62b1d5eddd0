// SPDX-License-Identifier: MIT
/*
 * grade: what is a server worth? In any language, as one of the six steps. `make grade` calls it;
 * see README.md, "Grade your own server", and README.md beside this file.
 *
 * main.c      the command line, and the text for the student
 * catalogue.c which tests there are, and their points
 * run.c       tries them, several at a time, each in a process of its own
 * core.c crowd.c counter.c robust.c orderly.c    the tests
 * kit.h       what they are made of: server.c, client.c, story.c, hints.c
 * confine.c   namespaces, another user, limits; look.c: what /proc tells; command.c: its words
 * class.c     many submissions: list.c reads them, wire.c brings their results from their processes
 * result.h    what was found out; columns.c, utf8.c, files.c, page.c: as JSON, JUnit, CSV, HTML
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../../common/standard.h"
#include "catalogue.h"
#include "class.h"
#include "files.h"
#include "kit.h"
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

static const char about[] =
    "Usage: grade --step N [OPTION]... COMMAND\n"
    "       grade --step N [OPTION]... --class LIST\n"
    "       grade --step N --list\n"
    "Tests a server in any language as one of the six steps, and gives it points.\n"
    "COMMAND is one word for the shell: grade --step 03 'python3 mine.py'. The grader\n"
    "adds an address, 127.0.0.1:PORT, as its last word, and the server has to print a\n"
    "line that ends in \"listening on 127.0.0.1:PORT\". PORT may be 0: then the kernel\n"
    "chooses, and the line has the real one. If COMMAND contains {port}, and perhaps\n"
    "{host}, these are replaced instead, and the server need not print anything.\n\n"
    "  --step N           test it as this step, 01 to 06\n"
    "  --protocol echo|counter\n"
    "                     what a server of step 06 speaks (echo)\n"
    "  --list             print the tests and their points\n"
    "  --only NAME[,...]  run only these tests\n"
    "  --seed N           repeat a run with the same data\n"
    "  --jobs N           tests at a time (twice the cores, and 2)\n"
    "  --json FILE        also write the results as JSON; - is standard output\n"
    "  --junit FILE       also write them as JUnit XML\n"
    "  --class LIST       grade many: each line of the file is NAME COMMAND\n"
    "  --out DIR          where the results of a class go (build/class)\n"
    "  --build DIR        where our own servers are, which yours is compared with\n"
    "  --help             print this and exit\n\n"
    "Exit status: 0 the core is complete, 1 it is not, 2 it could not be tried.\n"
    "Of a class: 0 all were seen to, whatever their scores.\n";

static bool coloured;

static _Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void refuse(const char *format, ...)
{
    va_list words;

    fprintf(stderr, "grade: ");
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fprintf(stderr, "\n`tests/grade/grade --help` tells how it is called.\n");
    exit(2);
}

/* ---- the text -------------------------------------------------------------------------------- */

static const char *in_colour(const char *code)
{
    return coloured ? code : "";
}

static void print_begin(const struct grading *g)
{
    printf("Grading %s as step %02d%s (seed %u),\n%s.\n\n", g->command, g->step,
           g->step == 6 && strcmp(g->protocol, "counter") == 0 ? ", the counter" : "", g->seed,
           g->confined);
    fflush(stdout);
}

static void print_result(const struct grading *g, const struct result *r)
{
    static const char *const words[] = {"ok", "FAIL", "-"};
    static const char *const colours[] = {"\33[32m", "\33[31m", "\33[33m"};
    static const char *level = "";

    (void)g;
    if (r->verdict == NOT_RUN && r->message && strstr(r->message, "not tried"))
        return; /* print_end says how many these are */
    if (strcmp(level, level_name(r->level)) != 0)
        printf("%s%s%s\n", in_colour("\33[1m"), level_name(r->level), in_colour("\33[m"));
    level = level_name(r->level);
    printf("%s%-4s%s %d/%d  %-10s %s\n", in_colour(colours[r->verdict]), words[r->verdict],
           in_colour("\33[m"), r->verdict == PASSED ? r->points : 0, r->points, r->name, r->title);
    if (r->message)
        fputs(r->message, stdout);
    fflush(stdout);
}

static void print_end(const struct grading *g)
{
    const struct result *first = first_to_mend(g);
    int got = 0, all = 0, not_tried = 0;
    const char *between = " - ";

    if (g->trouble) {
        printf("It could not be graded:\n%s", g->trouble);
        return;
    }
    for (int level = 0; level < N_LEVELS; level++) {
        got += points_of(g, (enum level)level);
        all += points_in_all(g, (enum level)level);
    }
    printf("\n%sScore: %d/%d", in_colour("\33[1m"), got, all);
    for (int level = 0; level < N_LEVELS; level++)
        if (points_in_all(g, (enum level)level) > 0) {
            printf("%s%s %d/%d", between, level_name((enum level)level),
                   points_of(g, (enum level)level), points_in_all(g, (enum level)level));
            between = ", ";
        }
    printf("%s\n", in_colour("\33[m"));
    printf(points_in_all(g, CORE) < 24 ? "Only these tests were tried. (%.0f s)\n"
           : core_complete(g)          ? "Passed: the core is complete. (%.0f s)\n"
                                       : "Not passed: the core is not complete. (%.0f s)\n",
           g->seconds);
    for (size_t i = 0; i < g->n; i++)
        not_tried += g->results[i].verdict == NOT_RUN && g->results[i].message &&
                     strstr(g->results[i].message, "not tried");
    if (first)
        printf("Mend first: %s (%s).\n", first->name, first->title);
    if (not_tried && first)
        printf("%d tests were not tried: they would tell nothing new before that is mended.\n",
               not_tried);
}

static void print_list(int step, bool counter)
{
    int level = -1;

    printf("Step %02d%s: 24 points for the core, which makes it pass, 10 for being robust, 6 for "
           "being\n"
           "orderly. In the order in which to mend them:\n",
           step, counter && step == 6 ? ", the counter" : "");
    for (int i = 0; i < n_tests; i++) {
        const struct test *t = &catalogue[i];
        int points = test_points(t, step, counter);

        if (points == 0)
            continue;
        if ((int)t->level != level)
            printf("%s\n", level_name(t->level));
        level = (int)t->level;
        printf("  %d  %-10s %s\n", points, t->name, t->title);
    }
}

/* ---- files, and a class ---------------------------------------------------------------------- */

typedef void write_fn(FILE *file, const struct grading *g, size_t n);

/* Writes the results to a file, if one was asked for. Fails loudly. */
static void write_to(const char *path, write_fn *write, const struct grading *g)
{
    FILE *file;

    if (!path)
        return;
    file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file)
        write(file, g, 1);
    if (!file || fflush(file) != 0 || (file != stdout && fclose(file) != 0)) {
        fprintf(stderr, "grade: cannot write %s: %s\n", path, strerror(errno));
        exit(2);
    }
}

static struct wishes of_class;

static int grade_one(struct grading *g)
{
    int sig = run_tests(g, &of_class);

    if (sig) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
    return 0;
}

/* A test has up to 40 clients, and eight tests go on at a time, each in a process of its own. */
static void need_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= 256)
        return;
    limit.rlim_cur = limit.rlim_max < 256 ? limit.rlim_max : 256;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 128)
        refuse("a process may have only %lu descriptors here (ulimit -n); 128 are needed",
               (unsigned long)limit.rlim_cur);
}

/* What make has put into our environment is not for the server. */
static void forget_make(void)
{
    static const char *const names[] = {
        "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR", "STEP",
        "SERVER",    "LIST",   "TEST",      "SEED",          "PROTOCOL",     "DIR"};

    if (!getenv("MAKELEVEL"))
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

/* ---- the command line ------------------------------------------------------------------------ */

static unsigned number(const char *word, unsigned long least, unsigned long most, const char *what)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(word, &end, 10);
    if (errno || *end || end == word || *word == '-' || n < least || n > most)
        refuse("there is no %s '%s', only %lu to %lu", what, word, least, most);
    return (unsigned)n;
}

static void check_names(const char *only, int step, bool counter)
{
    char *names = strdup(only), *rest = names, *name;

    while ((name = strsep(&rest, ","))) {
        bool found = false;
        for (int i = 0; i < n_tests; i++)
            found = found || (strcmp(catalogue[i].name, name) == 0 &&
                              test_points(&catalogue[i], step, counter) > 0);
        if (!found)
            refuse("this step has no test '%s': --list tells their names", name);
    }
    free(names);
}

static const char *own_directory(void)
{
    static char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash;

    if (n < 0)
        n = 0;
    path[n] = '\0';
    if (!(slash = strrchr(path, '/')))
        return "build";
    *slash = '\0';
    return path;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"step", required_argument, NULL, 's'},
                                            {"protocol", required_argument, NULL, 'p'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"seed", required_argument, NULL, 'r'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"class", required_argument, NULL, 'c'},
                                            {"out", required_argument, NULL, 'd'},
                                            {"json", required_argument, NULL, 'J'},
                                            {"junit", required_argument, NULL, 'X'},
                                            {"build", required_argument, NULL, 'b'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct wishes wishes = {.build = NULL, .begun = print_begin, .done = print_result};
    struct grading g = {.protocol = "echo"};
    const char *protocol = NULL, *json = NULL, *junit = NULL, *class = NULL, *out = "build/class";
    bool list = false, seeded = false;
    int option, sig;

    standard_occupy();
    need_descriptors();
    forget_make();
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            g.step = (int)number(optarg, 1, 6, "step");
            break;
        case 'p':
            protocol = optarg;
            break;
        case 'l':
            list = true;
            break;
        case 'o':
            wishes.only = optarg;
            break;
        case 'r':
            g.seed = number(optarg, 0, UINT_MAX, "seed");
            seeded = true;
            break;
        case 'j':
            wishes.jobs = (int)number(optarg, 1, 16, "number of jobs");
            break;
        case 'b':
            wishes.build = optarg;
            break;
        case 'J':
            json = optarg;
            break;
        case 'X':
            junit = optarg;
            break;
        case 'c':
            class = optarg;
            break;
        case 'd':
            out = optarg;
            break;
        case 'h':
            fputs(about, stdout);
            return 0;
        default:
            return 2;
        }
    }
    if (g.step < 1)
        refuse("STEP=03, or --step 03, says as which step");
    if (protocol && strcmp(protocol, "echo") && strcmp(protocol, "counter"))
        refuse("there is no protocol '%s': echo or counter", protocol);
    if (protocol && g.step != 6 && strcmp(protocol, g.step == 5 ? "counter" : "echo"))
        refuse("only step 06 can speak either protocol, not '%s'", protocol);
    g.protocol = g.step == 5 || (protocol && strcmp(protocol, "counter") == 0) ? "counter" : "echo";
    if (wishes.only)
        check_names(wishes.only, g.step, strcmp(g.protocol, "counter") == 0);
    if (list) {
        print_list(g.step, strcmp(g.protocol, "counter") == 0);
        return 0;
    }
    if (class ? optind != argc : optind + 1 != argc)
        refuse("%s: one word, in quotes", class           ? "a class has its commands in its list"
                                          : optind < argc ? "the command is too long"
                                                          : "SERVER is missing, or a command");
    if (!seeded && getrandom(&g.seed, sizeof g.seed, 0) == sizeof g.seed)
        g.seed %= 100000;
    if (!wishes.build)
        wishes.build = own_directory();
    if (class && !*class)
        refuse("a class needs a list: make class STEP=03 LIST=class.txt");
    if (class) {
        of_class = wishes;
        of_class.begun = NULL;
        of_class.done = NULL;
        of_class.jobs = wishes.jobs ? wishes.jobs : 3; /* since four are graded at a time */
        return class_run(class, out, &g, grade_one);
    }
    g.command = g.name = argv[optind];
    if (json && strcmp(json, "-") == 0) { /* then nothing else is written there */
        wishes.begun = NULL;
        wishes.done = NULL;
    }
    coloured = isatty(1) && getenv("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
    sig = run_tests(&g, &wishes);
    if (sig) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
    if (wishes.begun)
        print_end(&g);
    write_to(json, write_json, &g);
    write_to(junit, write_junit, &g);
    if (g.trouble)
        return 2;
    return core_complete(&g) && (!wishes.only || !first_to_mend(&g)) ? 0 : 1;
}
