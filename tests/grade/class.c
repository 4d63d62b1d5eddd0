// SPDX-License-Identifier: MIT
/* class.c: see class.h */
#define _GNU_SOURCE
#include "class.h"

#include "columns.h"
#include "files.h"
#include "list.h"
#include "look.h"
#include "page.h"
#include "utf8.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 4
#define RESULT_MAX ((size_t)32 << 20) /* bytes of a grading: more than that is a mistake */
#define NAME_COLUMNS 24

double class_limit = 180, class_grace = 5;

struct running {
    size_t place; /* of the submission */
    pid_t pid;    /* and of its process group; 0: this one is free */
    int pipe;     /* -1 after its end */
    int log;      /* a file in memory: what it has printed */
    char *bytes;  /* that came through the pipe */
    size_t n, room;
    double began, deadline;
    bool too_long, killed;
};

struct class
{
    size_t n, started, finished;
    struct grading *gradings;
    char **bytes; /* in which the strings of the gradings are */
    struct running running[AT_ONCE];
    grade_one_fn *grade_one;
    bool terminal, stopped;
    size_t name_columns; /* of the longest name */
};

/* ---- signals --------------------------------------------------------------------------------- */

enum { INTERRUPT, TERMINATE, HANGUP, N_STOPPING };
static const int stopping[N_STOPPING] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t stopped_by, stops;

static void on_stop(int signal_number)
{
    stopped_by = signal_number;
    stops = stops < 2 ? stops + 1 : 2;
}

static void on_child(int signal_number)
{
    (void)signal_number; /* it is there to end ppoll(2) */
}

struct signals {
    sigset_t mask;
    struct sigaction stop[N_STOPPING], child, pipe;
};

/* From here on these signals arrive only in ppoll(2). A reader of our stdout may leave. */
static void take_signals(struct signals *before)
{
    sigset_t blocked;
    struct sigaction action = {0};

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    for (size_t i = 0; i < N_STOPPING; i++)
        sigaddset(&blocked, stopping[i]);
    sigprocmask(SIG_BLOCK, &blocked, &before->mask);
    stopped_by = stops = 0;
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_stop;
    for (size_t i = 0; i < N_STOPPING; i++)
        sigaction(stopping[i], &action, &before->stop[i]);
    if (before->stop[HANGUP].sa_handler == SIG_IGN)
        sigaction(SIGHUP, &before->stop[HANGUP], NULL); /* as nohup(1) wants it */
    action.sa_handler = on_child;
    sigaction(SIGCHLD, &action, &before->child);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, &before->pipe);
}

static void give_signals_back(const struct signals *before)
{
    for (size_t i = 0; i < N_STOPPING; i++)
        sigaction(stopping[i], &before->stop[i], NULL);
    sigaction(SIGCHLD, &before->child, NULL);
    sigaction(SIGPIPE, &before->pipe, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* In a child: what its servers do must not depend on how the grader was started. */
static void default_signals(void)
{
    static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE};
    sigset_t none;
    struct sigaction action = {0};

    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_DFL;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sigaction(all[i], &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void mask_to_wait_with(sigset_t *mask)
{
    sigprocmask(SIG_BLOCK, NULL, mask);
    sigdelset(mask, SIGCHLD);
    for (size_t i = 0; i < N_STOPPING; i++)
        sigdelset(mask, stopping[i]);
}

/* ---- progress -------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t width_of_terminal(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/* The names of the gradings that run, in at most n bytes. */
static void running_names(const struct class *class, char *text, size_t n)
{
    const char *between = ": ";
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < AT_ONCE && length < n; i++) {
        if (class->running[i].pid == 0)
            continue;
        const char *name = class->gradings[class->running[i].place].name;
        length += (size_t)snprintf(text + length, n - length, "%s%s", between, name);
        between = ", ";
    }
}

static void show_progress(const struct class *class)
{
    char names[400], line[500];
    size_t running = 0;

    if (!class->terminal)
        return;
    for (size_t i = 0; i < AT_ONCE; i++)
        running += class->running[i].pid != 0;
    running_names(class, names, sizeof names);
    snprintf(line, sizeof line, "%zu of %zu graded, %zu running%s", class->finished, class->n,
             running, names);
    putchar('\r');
    utf8_put_visible(stdout, line, width_of_terminal() - 1);
    fputs("\033[K", stdout);
    fflush(stdout);
}

static void end_progress(const struct class *class)
{
    if (class->terminal)
        fputs("\r\033[K", stdout);
}

static void put_padded(const char *s, size_t columns)
{
    size_t length = utf8_columns(s);

    utf8_put_visible(stdout, s, columns);
    for (; length < columns; length++)
        putchar(' ');
}

static void put_trouble(const char *trouble)
{
    char *line = trouble_line(trouble);

    utf8_put_visible(stdout, line, 200);
    free(line);
}

static void tell_finished(const struct class *class, const struct grading *g)
{
    if (class->terminal || class->stopped)
        return;
    put_padded(g->name, class->name_columns);
    if (g->trouble) {
        fputs("  trouble: ", stdout);
        put_trouble(g->trouble);
        putchar('\n');
    } else {
        printf("  %2d/%d  %s  %.0f s\n", score_of(g),
               points_in_all(g, CORE) + points_in_all(g, ROBUST) + points_in_all(g, ORDERLY),
               has_passed(g) ? "passed    " : "not passed", g->seconds);
    }
    fflush(stdout);
}

/* ---- one grading ----------------------------------------------------------------------------- */

static _Noreturn void be_child(const struct class *class, struct grading g, int to, int log,
                               pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1); /* it died before it could be watched */
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1 || dup2(log, STDOUT_FILENO) == -1 ||
        dup2(log, STDERR_FILENO) == -1)
        _exit(1);
    for (size_t i = 0; i < AT_ONCE; i++) {
        if (class->running[i].pid == 0)
            continue;
        if (class->running[i].pipe != -1)
            close(class->running[i].pipe);
        close(class->running[i].log);
    }
    FILE *out = fdopen(to, "w");
    if (!out)
        _exit(1);
    default_signals();
    class->grade_one(&g);
    fflush(stdout);
    wire_write(out, &g);
    _exit(fflush(out) == 0 && !ferror(out) ? 0 : 1);
}

/* Returns 0, or -1 with errno. */
static int start(struct class *class, struct running *r)
{
    int ends[2];
    pid_t parent = getpid();

    if (pipe2(ends, O_CLOEXEC) == -1)
        return -1;
    int log = memfd_create("grade-log", MFD_CLOEXEC);
    fflush(stdout);
    pid_t pid = log == -1 ? -1 : fork();
    if (pid == 0) {
        close(ends[0]);
        be_child(class, class->gradings[class->started], ends[1], log, parent);
    }
    int error = errno;
    close(ends[1]);
    if (pid == -1) {
        close(ends[0]);
        if (log != -1)
            close(log);
        errno = error;
        return -1;
    }
    setpgid(pid, pid); /* the child does the same; it is needed by the one that comes second */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *r = (struct running){.place = class->started++,
                          .pid = pid,
                          .pipe = ends[0],
                          .log = log,
                          .began = now(),
                          .deadline = now() + class_limit * look_patience()};
    return 0;
}

static void take_bytes(struct running *r)
{
    while (r->pipe != -1) {
        if (r->room - r->n < 4096) {
            r->room = r->room > 0 ? 2 * r->room : 65536;
            r->bytes = need(realloc(r->bytes, r->room));
        }
        ssize_t got = read(r->pipe, r->bytes + r->n, r->room - r->n);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1 && errno == EAGAIN)
            return;
        if (got > 0)
            r->n += (size_t)got;
        if (got <= 0 || r->n > RESULT_MAX) {
            close(r->pipe);
            r->pipe = -1;
        }
    }
}

static void send_signal(const struct running *r, int signal_number)
{
    kill(-r->pid, signal_number);
    kill(r->pid, signal_number); /* the group may not be there yet */
}

/* The last lines that a child has printed, before it died. */
static void add_log(FILE *out, int log)
{
    char text[2001];
    off_t end = lseek(log, 0, SEEK_END);
    off_t begin = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(log, text, sizeof text - 1, begin);
    size_t used = 0;

    while (n > 0 && used < (size_t)n && text[used] == '\0')
        used++;
    if (n <= 0 || used == (size_t)n)
        return;
    fputs("\nThe last that it said:\n", out);
    for (; used < (size_t)n; used++)
        putc(text[used] == '\0' ? '?' : text[used], out);
}

/* Why a child has not sent its results. To be freed. */
static char *trouble_of(const struct running *r, int status)
{
    char *text = NULL;
    size_t n;
    FILE *out = need(open_memstream(&text, &n));

    if (r->too_long) {
        fprintf(out, "the grading took more than %.0f s", class_limit);
    } else {
        if (WIFSIGNALED(status))
            fprintf(out, "the grading itself was killed by signal %d (%s)", WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
        else if (WEXITSTATUS(status) != 0)
            fprintf(out, "the grading itself ended with status %d", WEXITSTATUS(status));
        else
            fputs("the grading ended, and its results are not whole", out);
        add_log(out, r->log);
    }
    fclose(out);
    return need(text);
}

static void finish(struct class *class, struct running *r)
{
    struct grading *g = &class->gradings[r->place];
    int status = 0;

    take_bytes(r);
    kill(-r->pid, SIGKILL); /* who is still there; until we reap it the number stays its own */
    while (waitpid(r->pid, &status, 0) == -1 && errno == EINTR)
        ;
    take_bytes(r);
    if (r->n > 0 && wire_read(g, r->bytes, r->n)) {
        class->bytes[r->place] = r->bytes;
        if (!g->trouble && g->n == 0) {
            static char nothing[] = "the grading has found out nothing";
            g->trouble = nothing;
        }
    } else {
        free(r->bytes);
        class->bytes[r->place] = g->trouble = trouble_of(r, status);
        g->seconds = now() - r->began;
    }
    if (r->pipe != -1)
        close(r->pipe);
    close(r->log);
    r->pid = 0;
    class->finished++;
    tell_finished(class, g);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static size_t count_running(const struct class *class)
{
    size_t running = 0;

    for (size_t i = 0; i < AT_ONCE; i++)
        running += class->running[i].pid != 0;
    return running;
}

/* Starts as many as may run. One that cannot be started waits for another to end, if any runs. */
static void start_some(struct class *class)
{
    for (size_t i = 0; i < AT_ONCE && class->started < class->n; i++) {
        if (class->running[i].pid != 0 || start(class, &class->running[i]) == 0)
            continue;
        if (count_running(class) > 0)
            return;
        struct grading *g = &class->gradings[class->started];
        if (asprintf(&g->trouble, "the grading could not be started: %s", strerror(errno)) == -1)
            need(NULL);
        class->bytes[class->started++] = g->trouble;
        class->finished++;
        tell_finished(class, g);
    }
}

static void wait_for_some(struct class *class, const sigset_t *mask)
{
    struct pollfd fds[AT_ONCE];
    double until = now() + 3600;

    for (size_t i = 0; i < AT_ONCE; i++) {
        const struct running *r = &class->running[i];
        fds[i] = (struct pollfd){.fd = r->pid != 0 ? r->pipe : -1, .events = POLLIN};
        if (r->pid != 0 && !r->killed && r->deadline < until)
            until = r->deadline;
    }
    double left = until > now() ? until - now() : 0;
    struct timespec limit = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    if (ppoll(fds, AT_ONCE, &limit, mask) <= 0)
        return;
    for (size_t i = 0; i < AT_ONCE; i++)
        if (fds[i].revents)
            take_bytes(&class->running[i]);
}

static void finish_some(struct class *class)
{
    for (size_t i = 0; i < AT_ONCE; i++) {
        struct running *r = &class->running[i];
        siginfo_t info = {0};
        if (r->pid != 0 && waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == r->pid)
            finish(class, r);
    }
}

/* TERM to those that have had their time, KILL to those that have had their grace. */
static void end_late_ones(struct class *class)
{
    for (size_t i = 0; i < AT_ONCE; i++) {
        struct running *r = &class->running[i];
        if (r->pid == 0 || r->killed || now() < r->deadline)
            continue;
        r->killed = r->too_long;
        send_signal(r, r->too_long ? SIGKILL : SIGTERM);
        send_signal(r, SIGCONT);
        r->too_long = true;
        r->deadline = now() + class_grace;
    }
}

/* A signal has come: as if their time were over. After a second one their grace is, too. */
static void stop_all(struct class *class, const sigset_t *mask)
{
    printf("Stopped by a signal (%s): %zu of %zu were graded, and nothing is written.\n",
           strsignal(stopped_by), class->finished, class->n);
    fflush(stdout);
    class->stopped = true;
    for (int seen = 0; count_running(class) > 0; seen = stops) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            struct running *r = &class->running[i];
            if (stops > seen && (seen > 0 || !r->too_long))
                r->deadline = 0;
        }
        end_late_ones(class);
        wait_for_some(class, mask);
        finish_some(class);
    }
}

static void grade_all(struct class *class)
{
    sigset_t mask;

    mask_to_wait_with(&mask);
    while (class->finished < class->n && !stopped_by) {
        start_some(class);
        show_progress(class);
        if (count_running(class) > 0)
            wait_for_some(class, &mask);
        finish_some(class);
        end_late_ones(class);
    }
    end_progress(class);
    if (stopped_by && class->finished < class->n)
        stop_all(class, &mask);
}

/* ---- what came of it ------------------------------------------------------------------------- */

static void json(FILE *out, const struct class *class)
{
    write_json(out, class->gradings, class->n);
}

static void junit(FILE *out, const struct class *class)
{
    write_junit(out, class->gradings, class->n);
}

static void csv(FILE *out, const struct class *class)
{
    write_csv(out, class->gradings, class->n);
}

static void page(FILE *out, const struct class *class)
{
    write_page(out, class->gradings, class->n, time(NULL));
}

static const struct file {
    const char *name;
    void (*write)(FILE *out, const struct class *class);
} files[] = {
    {"results.csv", csv}, {"results.json", json}, {"results.xml", junit}, {"index.html", page}};
#define N_FILES (sizeof files / sizeof files[0])

static char *path_of(const char *dir, const char *name, const char *ending)
{
    char *path;

    if (asprintf(&path, "%s/%s%s", dir, name, ending) == -1)
        need(NULL);
    return path;
}

static int complain(const char *path)
{
    fprintf(stderr, "grade: cannot write %s: %s\n", path, strerror(errno));
    return -1;
}

/* Like mkdir -p. Returns 0, or -1 after a line on stderr. */
static int make_dir(const char *path)
{
    char *part = need(strdup(path));
    int result = 0;

    for (char *slash = part; result == 0 && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(part, 0777) == -1 && errno != EEXIST)
            result = -1;
        if (slash)
            *slash = '/';
    }
    free(part);
    char *inside = path_of(path, ".", "");
    if (result == 0)
        result = access(inside, W_OK | X_OK);
    free(inside);
    return result == 0 ? 0 : complain(path);
}

/* Writes a file beside the one it is to replace. Returns 0, or -1 after a line on stderr. */
static int write_file(const struct class *class, const char *path, const struct file *file)
{
    FILE *out = fopen(path, "we");

    if (!out)
        return complain(path);
    file->write(out, class);
    bool failed = fflush(out) != 0 || ferror(out);
    int error = errno;
    if (fclose(out) == 0 && !failed)
        return 0;
    errno = failed ? error : errno;
    complain(path);
    unlink(path);
    return -1;
}

/* All files are written before the first takes its place. */
static int write_files(const struct class *class, const char *dir)
{
    char *new[N_FILES], *path[N_FILES], ending[32];
    size_t written = 0;
    int result = 0;

    snprintf(ending, sizeof ending, ".new-%ld", (long)getpid());
    for (size_t i = 0; i < N_FILES; i++) {
        path[i] = path_of(dir, files[i].name, "");
        new[i] = path_of(dir, files[i].name, ending);
    }
    while (result == 0 && written < N_FILES) {
        result = write_file(class, new[written], &files[written]);
        written += result == 0;
    }
    for (size_t i = 0; i < written; i++) {
        if (result == 0 && rename(new[i], path[i]) == -1)
            result = complain(path[i]);
        if (result == -1)
            unlink(new[i]);
    }
    for (size_t i = 0; i < N_FILES; i++) {
        free(path[i]);
        free(new[i]);
    }
    return result;
}

static void put_summary_line(const struct class *class, const struct grading *g)
{
    const struct result *first = g->n > 0 ? first_to_mend(g) : NULL;

    put_padded(g->name, class->name_columns);
    if (g->n == 0) {
        fputs("      -      -  ", stdout);
        put_trouble(g->trouble ? g->trouble : "");
    } else {
        printf("  %2d/%-2d  %2d/%-2d  ", score_of(g),
               points_in_all(g, CORE) + points_in_all(g, ROBUST) + points_in_all(g, ORDERLY),
               points_of(g, CORE), points_in_all(g, CORE));
        fputs(first ? first->name : "nothing", stdout);
        if (first && first->hint_key)
            printf(" (%s)", first->hint_key);
    }
    putchar('\n');
}

static void tell_summary(const struct class *class, double seconds)
{
    struct columns columns = columns_of(class->gradings, class->n);
    size_t passed = 0, trouble = 0;

    columns_by_misses(&columns);
    putchar('\n');
    put_padded("name", class->name_columns);
    puts("  score   core  first to mend");
    for (size_t i = 0; i < class->n; i++) {
        put_summary_line(class, &class->gradings[i]);
        passed += has_passed(&class->gradings[i]);
        trouble += class->gradings[i].trouble != NULL;
    }
    printf("\n%zu graded in %.0f s: %zu passed, %zu did not, %zu could not be graded.", class->n,
           seconds, passed, class->n - passed - trouble, trouble);
    if (columns.n > 0)
        printf(" Mean score: %.1f of %d.", mean_score(class->gradings, class->n), max_of(&columns));
    putchar('\n');
    if (columns.n > 0 && columns.each[0].missed > 0)
        printf("Missed most often: %s, by %zu of the %zu that were tried.\n",
               columns.each[0].test->name, columns.each[0].missed, columns.each[0].asked);
    for (size_t i = 0; i < class->n; i++)
        if (class->gradings[i].confined) { /* it is the same for all, or nearly */
            printf("Each ran %s.\n", class->gradings[i].confined);
            break;
        }
    columns_free(&columns);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void set_up(struct class *class, const struct list *list, const struct grading *common)
{
    class->n = list->n;
    class->gradings = need(calloc(list->n, sizeof *class->gradings));
    class->bytes = need(calloc(list->n, sizeof *class->bytes));
    class->terminal = isatty(STDOUT_FILENO);
    class->name_columns = 4;
    for (size_t i = 0; i < list->n; i++) {
        class->gradings[i] = (struct grading){.name = list->each[i].name,
                                              .command = list->each[i].command,
                                              .step = common->step,
                                              .protocol = common->protocol,
                                              .seed = common->seed};
        size_t columns = utf8_columns(list->each[i].name);
        if (columns > class->name_columns)
            class->name_columns = columns < NAME_COLUMNS ? columns : NAME_COLUMNS;
    }
}

int class_run(const char *list_path, const char *out_dir, const struct grading *common,
              grade_one_fn *grade_one)
{
    struct list list;
    struct class class = {.grade_one = grade_one};
    struct signals before;
    double began = now();
    int status = 2;

    if (list_read(&list, list_path) == -1)
        return 2;
    set_up(&class, &list, common);
    if (make_dir(out_dir) == 0) {
        take_signals(&before);
        printf("Grading %zu servers as step %02d (seed %u).\n", class.n, common->step,
               common->seed);
        grade_all(&class);
        if (class.stopped) {
            status = 128 + stopped_by;
        } else {
            tell_summary(&class, now() - began);
            status = write_files(&class, out_dir) == 0 ? 0 : 2;
            if (status == 0)
                printf("The page: %s/index.html\n", out_dir);
        }
        fflush(stdout);
        give_signals_back(&before);
    }
    for (size_t i = 0; i < class.n; i++) {
        free(class.gradings[i].results);
        free(class.bytes[i]);
    }
    free(class.gradings);
    free(class.bytes);
    list_free(&list);
    return status;
}
