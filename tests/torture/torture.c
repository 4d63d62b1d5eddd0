// SPDX-License-Identifier: MIT
/*
 * torture: lets every call of every server fail in every way that its man page knows, and sees what
 * becomes of the server and its clients.
 *
 * Run:      make torture; or one trial, as a failure names it:
 *           build/tools/torture build build/tools/shim.so 05:epoll_mod:ENOMEM:1
 *
 * What has to come of it stands in rules.c, what happens in a trial in session.c. Here the trials
 * are dealt out to several processes.
 */
#define _GNU_SOURCE
#include "session.h"
#include "sink.h"
#include "stranger.h"

#include "../../common/log.h"
#include "../../common/options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNITS_MAX 20000
#define SEEDS 20    /* seeds of one unit */
#define GIVE_UP 200 /* calls of a kind in a session: there are not so many */
#define ENOUGH 30   /* failures, after which the rest is left out */
#define KINDS 6

static const char *const kind_names[KINDS] = {"single", "lasting", "noise",
                                              "stop",   "log",     "stranger"};

/* What one process does at a time: all the occurrences of a failing call, or some seeds. */
struct unit {
    struct trial trial; /* the first of them */
    char error[20];
    long until; /* the last seed */
};

/* What the processes share. */
static struct {
    atomic_long next, done; /* units */
    atomic_long all_failures;
    atomic_long trials[N_STEPS][KINDS], failures[N_STEPS], injected[N_STEPS][KINDS];
} * shared;

static struct unit *units;
static long n_units, n_skipped;
static long quick, starts, seeds = -1, stops = -1, logs = 4, strangers = 12, jobs, table;
static char **cases; /* the words that say which; NULL ends them */

/* Is this trial one of those asked for? A name is STEP, STEP:CALL... or STEP:KIND:..., as long as
 * one likes. */
static bool is_asked_for(const char *name)
{
    if (!cases[0])
        return true;
    for (char **one = cases; *one; one++) {
        size_t length = strlen(*one);
        size_t least = length < strlen(name) ? length : strlen(name);
        if (strncmp(*one, name, least) == 0 &&
            (length <= least ? name[least] == ':' || name[least] == '\0' : (*one)[least] == ':'))
            return true;
    }
    return false;
}

static void name_trial(const struct trial *trial, bool with_number, char name[100])
{
    int n = snprintf(name, 100, "0%d", trial->step + 1);
    if (trial->kind != SINGLE)
        n += snprintf(name + n, 100 - (size_t)n, ":%s", kind_names[trial->kind]);
    if (trial->rule)
        n += snprintf(name + n, 100 - (size_t)n, ":%s:%s", call_name(trial->rule->call),
                      trial->error);
    else if (*trial->error)
        n += snprintf(name + n, 100 - (size_t)n, ":%s", trial->error);
    if (trial->rule && strcmp(trial->rule->where, "inet") != 0)
        n += snprintf(name + n, 100 - (size_t)n, "@%s", trial->rule->where);
    if (with_number && trial->kind != LASTING)
        snprintf(name + n, 100 - (size_t)n, ":%ld", trial->n);
}

static void add_unit(struct trial trial, const char *error, long until)
{
    struct unit *unit = &units[n_units];
    char name[100] = "";

    snprintf(unit->error, sizeof unit->error, "%s", error);
    trial.error = unit->error;
    unit->trial = trial;
    unit->until = until;
    name_trial(&trial, false, name);
    if (is_asked_for(name) && ++n_units == UNITS_MAX)
        die("there are more than %d calls and seeds", UNITS_MAX - 1);
}

/* Has this server such an address, or option? */
static bool may_be_there(int step, const char *where)
{
    if (strcmp(where, "one") == 0)
        return step == N_STEPS - 1;
    return step > 0 || (strcmp(where, "unix") != 0 && strcmp(where, "fd") != 0);
}

static void add_rule(int step, const struct rule *rule)
{
    char errors[400], *rest = errors;
    const char *preload = getenv("TORTURE_PRELOAD");
    bool lasts = rule->lasts && *rule->later[step] != '-' && *rule->later[step] != 'X';

    if (!may_be_there(step, rule->where))
        return;
    if (rule->call == CALL_pthread_create && preload && strstr(preload, "tsan"))
        return; /* ThreadSanitizer's own thread would be the first to fail */
    snprintf(errors, sizeof errors, "%s", rule->errors);
    /* What is called before a server listens is the same code in all of them, so a quick run deals
     * it out: 06 has each error, and of the others every third. So it is with --accept one, which
     * is nearly the same code as without. */
    bool same_code =
        strcmp(rule->where, "one") == 0 || (step < N_STEPS - 1 && *rule->later[step] == '-');
    bool dealt = quick && !starts && !*cases && same_code;
    int i = step;
    for (char *error; (error = strsep(&rest, " ")); i++) {
        if (dealt && i % 3 != 0)
            continue;
        add_unit((struct trial){.step = step, .kind = SINGLE, .rule = rule, .n = 1}, error, 0);
        if (lasts)
            add_unit((struct trial){.step = step, .kind = LASTING, .rule = rule, .n = 1}, error, 0);
    }
}

/* As many trials as n; of them each unit has so many. */
static void add_seeds(struct trial trial, const char *error, long n, long of_a_unit)
{
    for (trial.n = 1; trial.n <= n; trial.n += of_a_unit)
        add_unit(trial, error, trial.n + of_a_unit - 1 < n ? trial.n + of_a_unit - 1 : n);
}

/* Trials of a kind, in all servers; or says why they cannot be made here. */
static void add_kind(struct trial trial, const char *error, long n, const char *why_not)
{
    char name[100] = "";
    bool wanted = false;

    trial.error = error;
    for (trial.step = 0; trial.step < N_STEPS; trial.step++) {
        name_trial(&trial, false, name);
        wanted = wanted || is_asked_for(name);
        if (!why_not)
            add_seeds(trial, error, n, 1);
    }
    if (!why_not || !wanted)
        return;
    printf("SKIPPED %s: %s\n", strchr(name, ':') + 1, why_not);
    fflush(stdout); /* or each job would print it, too */
    n_skipped++;
}

static void add_logs_and_strangers(void)
{
    for (int i = 0; i < N_SINKS; i++)
        add_kind((struct trial){.kind = LOG}, sink_names[i], logs, sink_why_not(sink_names[i]));
    add_kind((struct trial){.kind = STRANGER}, "", quick ? 4 : strangers, stranger_why_not());
}

static void deal_out(void)
{
    units = calloc(UNITS_MAX, sizeof *units);
    if (!units)
        die("cannot keep a list: %s", strerror(errno));
    add_logs_and_strangers();                         /* which mostly wait */
    for (int step = N_STEPS - 1; step >= 0; step--) { /* the longest first */
        for (int i = 0; i < n_rules; i++)
            add_rule(step, &rules[i]);
        add_seeds((struct trial){.step = step, .kind = NOISE}, "", seeds, SEEDS);
        if (step >= 2) /* 01 and 02 have no order in which to stop */
            add_seeds((struct trial){.step = step, .kind = STOP}, "", stops, SEEDS);
    }
    if (n_units == 0 && n_skipped == 0)
        usage_error("there is no such trial", cases[0]);
}

static void count_failure(const struct trial *trial, const char *note, const char *why)
{
    char name[100] = "";

    name_trial(trial, true, name);
    shared->failures[trial->step]++;
    shared->all_failures++;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%40s\r", ""); /* over the progress */
    printf("FAILED  %s: %s%s", name, note, why);
    fflush(stdout);
}

static void make_trial(const struct trial *trial, struct outcome *outcome)
{
    bool well = session_try(trial, outcome);
    bool counts = outcome->injected > 0 || trial->kind != SINGLE || !well;
    shared->trials[trial->step][trial->kind] += counts;
    shared->injected[trial->step][trial->kind] += outcome->injected;
    if (!well)
        count_failure(trial,
                      trial->kind == SINGLE && outcome->injected == 0 ? "no call failed, but " : "",
                      outcome->why);
}

/* The call fails the first time, then the second time, until there are no more. */
static void count_up(struct trial *trial)
{
    char name[100] = "";
    struct outcome outcome;

    for (; trial->n <= GIVE_UP; trial->n++) {
        name_trial(trial, true, name);
        if (!is_asked_for(name))
            continue;
        make_trial(trial, &outcome);
        if (outcome.injected == 0 || (quick && !outcome.at_start))
            return;
    }
    if (is_asked_for(name))
        count_failure(trial, "", "there is no end of these calls\n");
}

static void do_unit(const struct unit *unit)
{
    struct trial trial = unit->trial;
    struct outcome outcome;
    char name[100] = "";

    if (trial.kind == SINGLE) {
        count_up(&trial);
        return;
    }
    for (; trial.kind == LASTING ? trial.n == 1 : trial.n <= unit->until; trial.n++) {
        name_trial(&trial, true, name);
        if (is_asked_for(name))
            make_trial(&trial, &outcome);
    }
}

static void work(const char *build, const char *shim)
{
    session_start(build, shim);
    for (long i; (i = shared->next++) < n_units && shared->all_failures < ENOUGH; shared->done++)
        do_unit(&units[i]);
    session_end();
}

static void show_progress(void)
{
    long trials = 0;
    for (int step = 0; step < N_STEPS; step++)
        for (int kind = 0; kind < KINDS; kind++)
            trials += shared->trials[step][kind];
    fprintf(stderr, "\r%3ld %% done, %ld trials ", 100 * shared->done / n_units, trials);
}

/* Runs the jobs and waits for them. Returns whether all ended well. */
static bool work_together(const char *build, const char *shim)
{
    bool well = true;
    long running = 0;

    for (; running < jobs && running < n_units; running++) {
        pid_t pid = fork();
        if (pid == -1)
            die("cannot start a job: %s", strerror(errno));
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(build, shim);
            exit(0);
        }
    }
    while (running > 0) {
        int status;
        if (isatty(STDERR_FILENO))
            show_progress();
        if (waitpid(-1, &status, WNOHANG) > 0) {
            running--;
            well = well && status == 0;
            if (status != 0)
                log_line("a job has ended with status %#x", (unsigned)status);
        } else {
            poll(NULL, 0, 20);
        }
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%40s\r", "");
    return well;
}

/* A client of whom something is on its way when the server ends may be reset, but not always. */
static void check_stops(int step)
{
    long n = shared->trials[step][STOP], well = shared->injected[step][STOP];

    if (n >= 20 && well < n / 4) {
        printf("FAILED  0%d:stop: clients were reset in %ld of %ld stops\n", step + 1, n - well, n);
        shared->failures[step]++;
    }
}

/* Returns whether there were cases, and no failures. */
static bool report(void)
{
    long total[KINDS] = {0}, injected = 0, failures = 0;

    for (int step = 0; step < N_STEPS; step++)
        check_stops(step);
    if (shared->done < n_units)
        printf("%ld of %ld calls and seeds were left out, after so many failures\n",
               n_units - shared->done, n_units);
    printf("%-17s", "");
    for (int kind = 0; kind < KINDS; kind++)
        printf(" %8s", kind_names[kind]);
    printf(" %9s\n", "failures");
    for (int step = 0; step < N_STEPS; step++) {
        printf("%-17s", step_names[step]);
        for (int kind = 0; kind < KINDS; kind++) {
            printf(" %8ld", (long)shared->trials[step][kind]);
            total[kind] += shared->trials[step][kind];
            injected += kind == STOP ? 0 : shared->injected[step][kind];
        }
        printf(" %9ld\n", (long)shared->failures[step]);
        failures += shared->failures[step];
    }
    long cases_made = 0;
    printf("%-17s", "all");
    for (int kind = 0; kind < KINDS; kind++) {
        printf(" %8ld", total[kind]);
        cases_made += total[kind];
    }
    printf(" %9ld\n", failures);
    printf("%ld cases, %ld calls failed or cut, %ld failures\n", cases_made, injected, failures);
    return (cases_made > 0 || n_skipped > 0) && failures == 0;
}

int main(int argc, char *argv[])
{
    const struct option options[] = {
        {"quick", NULL, &quick, 0, 0, "the first of each call, at the start and after"},
        {"starts", NULL, &starts, 0, 0, "with that, each error at the start of each"},
        {"seeds", "N", &seeds, 0, 20000, "runs with noise, for each server"},
        {"stops", "N", &stops, 0, 20000, "TERMs at random moments, for each server"},
        {"logs", "N", &logs, 0, 20000, "runs with a log that nobody reads, each kind"},
        {"strangers", "N", &strangers, 0, 20000, "runs with a stranger, for each server"},
        {"jobs", "N", &jobs, 1, 256, "trials at a time"},
        {"limit", "SECONDS", &session_limit_ms, 1, 1000000,
         "how long to wait for what does not come"},
        {"table", NULL, &table, 0, 0, "print the table of README.md"},
        {0}};
    const struct command command = {
        .words = "BUILD SHIM [STEP[:CALL[:ERROR[:N]]]]...",
        .about = "Lets each call of the servers in BUILD fail in every way, by the library SHIM\n"
                 "(build/tools/shim.so), and sees whether they bear it. Words like 03, 03:fork or\n"
                 "03:fork:EAGAIN:1 choose some trials; else all are made. See\n"
                 "tests/torture/README.md.\n\n"
                 "Exit status: 0 all is as it should be, 2 wrong words, 1 anything else.\n",
        .options = options};

    jobs = 4 * sysconf(_SC_NPROCESSORS_ONLN); /* they mostly wait */
    int words = options_parse(argc, argv, &command);
    if (table) {
        print_rules();
        return 0;
    }
    if (words < 2)
        usage_error("a word is missing", words == 0 ? "BUILD" : "SHIM");
    if (seeds == -1)
        seeds = quick ? 40 : 1000;
    if (stops == -1)
        stops = quick ? 40 : 1000;
    if (access(argv[1], X_OK) == -1)
        usage_error("there is no such directory of servers", argv[1]);
    if (access(argv[2], R_OK) == -1)
        usage_error("there is no such library", argv[2]);
    cases = argv + 3;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("cannot map shared memory: %s", strerror(errno));
    deal_out();
    bool well = work_together(argv[1], argv[2]);
    return report() && well ? 0 : 1;
}
