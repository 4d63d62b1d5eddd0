// SPDX-License-Identifier: MIT
/*
 * million: as many clients at once as this machine holds, on one port, with our own programs alone.
 *
 * Run:      build/bench/million                     as many as fit, a million at most
 *           build/bench/million --clients 20000
 *
 * A process may have only so many descriptors. So several servers share one listener, passed on as
 * fd:N, and the clients are divided among as many processes, crowds. This process starts them all,
 * tells a few crowds at a time to connect, then each to have an echo for a random 1 % of its
 * clients; says what all of it costs; and ends it in order.
 *
 * Servers:  06-parallel --threads 1, an echo. It watches a shared listener with EPOLLEXCLUSIVE, so
 *           that a client wakes one server and not all, and not at all when it is full: they become
 *           full one after another. SIGUSR1 has it tell how many clients it has.
 * Sources:  clients are bound to 127.1.x.y, 4,000 to an address: the more there are at one, the
 *           longer connect(2) looks for a free port.
 * The end:  clients close with a reset (SO_LINGER, 0 s), which leaves no TIME_WAIT. The servers see
 *           everybody leave, and get TERM. If this process is killed, the system ends the others:
 *           prctl(2).
 *
 * Exit status: 0 all clients were held and the sample answered; 2 wrong words, or the limits or the
 * memory of this machine do not suffice, which is looked at first; 1 anything else.
 */
#ifndef __linux__
#error "the figures come from Linux's /proc: on another system compile this in a Linux container"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2 */
#endif
#define _FILE_OFFSET_BITS 64 /* glob(3): inode numbers of 64 bits, on 32 bits as well */
#include "../common/descriptors.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 1000000 /* unless more are asked for */
#define PROCESSES_MAX 2000  /* servers, and as many crowds */
#define SPARE 100           /* descriptors of a process that are not for clients */
#define A_SOURCE 4000       /* clients at one source address */
#define A_CLIENT 12000      /* bytes that a client costs, both ends, with some margin */
#define A_PROCESS 32e6      /* bytes of address space of an empty server, with a thread's stack */
#define A_PLACE 256         /* bytes of it for a client */
#define MESSAGE 64          /* bytes of an echo */
#define ECHOES 2000         /* measured at a time, REPEATS times */
#define REPEATS 9
#define PORTS "/proc/sys/net/ipv4/ip_local_port_range" /* 32768<tab>60999 */
#define PATIENCE 30                                    /* seconds for one answer */

static struct server {
    pid_t pid; /* 0: not started, or waited for */
    FILE *log;
} servers[PROCESSES_MAX];

/* What a crowd tells after each batch, and at the end of what it was told to do. */
struct report {
    long connected, answered; /* of its clients */
    bool done;
};

static struct crowd {
    pid_t pid;
    int control; /* a socket, for our commands and its reports */
    struct report report;
} crowds[PROCESSES_MAX];

static long n_clients, per_process, timeout = 600000;
static long n_processes; /* servers, and crowds */
static long at_once;     /* crowds that connect at a time */
static long batch;       /* clients of a crowd that may wait to be accepted */
static long a_source;    /* clients at one source address */
static struct sockaddr_in server_at;
static pid_t controller;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long smaller(long a, long b)
{
    return a < b ? a : b;
}

/* ---- what the system says -------------------------------------------------------------------- */

/* The number that follows a word in a file of /proc or /sys, which are small. Returns -1 if there
 * is none. */
static double number_in(const char *path, const char *word)
{
    char text[8192];
    double number = -1;
    FILE *file = fopen(path, "re");

    if (!file)
        return -1;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *at = strstr(text, word);
    if (at)
        sscanf(at + strlen(word), " %lf", &number);
    return number;
}

struct sample {
    double servers; /* bytes of memory; of what is shared, their share */
    double slab;    /* bytes of the kernel's objects */
    double cpu;     /* of the servers, in seconds */
    double sleeps;  /* of the servers' threads: how often they went to sleep */
    double sockets; /* TCP, in use */
};

static double cpu_of_servers(void)
{
    double sum = 0;

    for (long i = 0; i < n_processes; i++) {
        struct timespec t = {0};
        clockid_t clock;
        if (clock_getcpuclockid(servers[i].pid, &clock) == 0)
            clock_gettime(clock, &t);
        sum += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    }
    return sum;
}

static double sleeps_of(pid_t pid)
{
    char pattern[64];
    glob_t threads = {0};
    double sum = 0;

    snprintf(pattern, sizeof pattern, "/proc/%ld/task/*/status", (long)pid);
    glob(pattern, GLOB_NOSORT, NULL, &threads);
    for (size_t i = 0; i < threads.gl_pathc; i++)
        sum += number_in(threads.gl_pathv[i], "\nvoluntary_ctxt_switches:");
    globfree(&threads);
    return sum;
}

static struct sample take_sample(void)
{
    struct sample sample = {.slab = 1024 * number_in("/proc/meminfo", "Slab:"),
                            .sockets = number_in("/proc/net/sockstat", "TCP: inuse"),
                            .cpu = cpu_of_servers()};

    for (long i = 0; i < n_processes; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)servers[i].pid);
        sample.servers += 1024 * number_in(path, "\nPss:");
        sample.sleeps += sleeps_of(servers[i].pid);
    }
    return sample;
}

/* ---- does it fit? ---------------------------------------------------------------------------- */

/* What a control group, of either version, has left of something; below 0: all. Page cache, which
 * the kernel gives back, does not count. */
static double left_in_group(const char *directory, const char *maximum, const char *usage)
{
    char path[1200];

    snprintf(path, sizeof path, "%s/%s", directory, maximum);
    double left = number_in(path, "");
    if (left < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s", directory, usage);
    left -= number_in(path, "");
    if (strncmp(usage, "memory.", 7) == 0) {
        snprintf(path, sizeof path, "%s/memory.stat", directory);
        left += number_in(path, "\nactive_file ") + number_in(path, "\ninactive_file ");
    }
    return left < 0 ? 0 : left;
}

/* The same of all control groups that we are in: each has its limits and those of the groups around
 * it. A line of the file is "0::PATH", or of version 1 "8:pids:PATH". */
static double left_in_groups(const char *kind, const char *maximum, const char *usage)
{
    char line[1024], directory[1100];
    double least = -1;
    FILE *file = fopen("/proc/self/cgroup", "re");

    while (file && fgets(line, sizeof line, file)) {
        char *kinds = strchr(line, ':'), *path = kinds ? strchr(kinds + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (kinds[1] != '\0' && strcmp(kinds + 1, kind) != 0)
            continue;
        for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
            *end = '\0';
            snprintf(directory, sizeof directory, "/sys/fs/cgroup/%s%s", kinds + 1, path);
            double left = left_in_group(directory, maximum, usage);
            if (left >= 0 && (least < 0 || left < least))
                least = left;
        }
    }
    if (file)
        fclose(file);
    return least;
}

/* How many processes and threads our user may still start; below 0: any number, as root may, whom a
 * container takes that power from: getrlimit(2), RLIMIT_NPROC. */
static double left_to_user(void)
{
    const unsigned long long powers = 1ULL << 24 | 1ULL << 21; /* CAP_SYS_RESOURCE, CAP_SYS_ADMIN */
    unsigned long long effective = 0;
    unsigned long users = 0;
    double used = 0;
    struct rlimit limit;
    glob_t all = {0};

    FILE *map = fopen("/proc/self/uid_map", "re");
    if (!map || fscanf(map, "%*u %*u %lu", &users) != 1)
        users = 0;
    if (map)
        fclose(map);
    FILE *status = fopen("/proc/self/status", "re");
    for (char line[200]; status && fgets(line, sizeof line, status);)
        sscanf(line, "CapEff: %llx", &effective);
    if (status)
        fclose(status);
    if (getrlimit(RLIMIT_NPROC, &limit) == -1 || limit.rlim_cur == RLIM_INFINITY ||
        (users == UINT32_MAX && (getuid() == 0 || effective & powers)))
        return -1;
    glob("/proc/[0-9]*/status", GLOB_NOSORT, NULL, &all);
    for (size_t i = 0; i < all.gl_pathc; i++)
        if (number_in(all.gl_pathv[i], "\nUid:") == getuid())
            used += number_in(all.gl_pathv[i], "\nThreads:");
    globfree(&all);
    return (double)limit.rlim_cur > used ? (double)limit.rlim_cur - used : 0;
}

/* How much memory a process may have: getrlimit(2). */
static double memory_of_process(void)
{
    struct rlimit space, data;

    if (getrlimit(RLIMIT_AS, &space) == -1 || getrlimit(RLIMIT_DATA, &data) == -1)
        return HUGE_VAL;
    rlim_t least = space.rlim_cur < data.rlim_cur ? space.rlim_cur : data.rlim_cur;
    return least == RLIM_INFINITY ? HUGE_VAL : (double)least;
}

/* Chooses how many clients a process has if nobody has, and refuses what it has no room for. */
static long look_at_process(void)
{
    long descriptors = raise_descriptor_limit();
    double memory = memory_of_process(), by_memory = (memory - A_PROCESS) / A_PLACE;
    long places = smaller(descriptors - SPARE, CONNECTIONS_MAX);

    if (by_memory < (double)places)
        places = (long)by_memory;
    if (per_process == 0)
        per_process = places < 1 ? 1000 : places;
    if (per_process <= places)
        return descriptors;
    if (per_process > descriptors - SPARE)
        log_line("a process may have %ld descriptors, %d of them for other things: `ulimit -n %ld`"
                 " would do",
                 descriptors, SPARE, per_process + SPARE);
    if ((double)per_process > by_memory)
        log_line("a process may have %.0f bytes of memory: `ulimit -v %.0f -d %.0f` would do",
                 memory, (A_PROCESS + (double)per_process * A_PLACE) / 1024,
                 (A_PROCESS + (double)per_process * A_PLACE) / 1024);
    if (places > 0)
        log_line("as it is, --per-process %ld would do", places);
    exit(2);
}

struct limit {
    const char *what;
    double have;      /* there is so much of it; below 0: it has no limit, or is unknown */
    double reserve;   /* that is for others */
    double each;      /* that a client takes */
    const char *cure; /* what to do where it does not suffice */
};

static long most_by(const struct limit *limit)
{
    double most = (limit->have - limit->reserve) / limit->each;
    if (limit->have < 0 || most >= (double)LONG_MAX)
        return LONG_MAX;
    return most < 0 ? 0 : (long)most;
}

/* Chooses how many clients if nobody has, and refuses what would not fit. Not looked at: tcp_mem,
 * as an idle socket has no buffers; tcp_max_orphans and tcp_max_tw_buckets, as a reset leaves
 * nothing; tcp_max_syn_backlog, as on loopback a handshake is done within connect(2). */
static void look_at_limits(long descriptors)
{
    /* A server has two threads and a crowd one; this process has two descriptors for them. Besides,
     * the last server may have few clients. */
    const double threads = 3.0 / (double)per_process, ours = 2.0 / (double)per_process;
    const double low = number_in(PORTS, "");
    const double tracked = number_in("/proc/sys/net/netfilter/nf_conntrack_count", "");
    const struct limit limits[] = {
        {"bytes of memory (MemAvailable)", 1024 * number_in("/proc/meminfo", "MemAvailable:"),
         102.4 * number_in("/proc/meminfo", "MemTotal:"), A_CLIENT,
         "end other programs, or take a larger machine"},
        {"bytes of memory (memory.max of this control group)",
         left_in_groups("memory", "memory.max", "memory.current"), 2e8, A_CLIENT,
         "raise memory.max"},
        {"bytes of memory (memory.limit_in_bytes of this control group)",
         left_in_groups("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"), 2e8, A_CLIENT,
         "raise it"},
        {"open files in the system (fs.file-max)", number_in("/proc/sys/fs/file-max", ""),
         number_in("/proc/sys/fs/file-nr", "") + 10000, 2, "raise it with sysctl"},
        {"watched descriptors (fs.epoll.max_user_watches)",
         number_in("/proc/sys/fs/epoll/max_user_watches", ""), 10000, 1, "raise it with sysctl"},
        {"tracked connections (net.netfilter.nf_conntrack_max)",
         tracked > 0 ? number_in("/proc/sys/net/netfilter/nf_conntrack_max", "") : -1,
         tracked + 1000, 1, "raise it with sysctl"},
        {"ports (net.ipv4.ip_local_port_range)", low < 0 ? -1 : number_in(PORTS, "\t") + 1 - low, 2,
         1e-6, "widen it with sysctl"},
        {"descriptors of the process that starts all", (double)descriptors, SPARE + 2, ours,
         "raise ulimit -n, or give a larger --per-process"},
        {"processes and threads of this user", left_to_user(), 4, threads,
         "raise ulimit -u, or give a larger --per-process"},
        {"processes and threads (pids.max of this control group)",
         left_in_groups("pids", "pids.max", "pids.current"), 4, threads,
         "raise it, or give a larger --per-process"},
        {"processes and threads (kernel.pid_max, half of it)",
         number_in("/proc/sys/kernel/pid_max", "") / 2, 4, threads, "raise it with sysctl"},
        {"places in all servers together", (double)per_process * PROCESSES_MAX, 0, 1,
         "raise ulimit -n, or give a larger --per-process"}};
    const struct limit *end = limits + sizeof limits / sizeof limits[0];
    const bool chosen = n_clients != 0;
    long most = LONG_MAX;

    for (const struct limit *limit = limits; limit < end; limit++)
        most = smaller(most, most_by(limit));
    if (!chosen)
        n_clients = smaller(CLIENTS_MAX, most > 2 ? most : 2);
    if (n_clients <= most)
        return;
    for (const struct limit *limit = limits; limit < end; limit++)
        if (most_by(limit) < n_clients)
            log_line("%ld clients do not fit: they need %.0f %s, and there are %.0f: %s", n_clients,
                     limit->reserve + limit->each * (double)n_clients + 0.49, limit->what,
                     limit->have, limit->cure);
    if (most >= 2)
        log_line("as it is, --clients %ld would do", most);
    exit(2);
}

/* How many processes it takes; and how many clients may connect at a time: if all crowds did, the
 * servers would not get the time to accept, and the queue of a listener is bounded. */
static void make_plan(void)
{
    n_processes = (n_clients + per_process - 1) / per_process;
    at_once = sysconf(_SC_NPROCESSORS_ONLN);
    batch = smaller(500, (long)number_in("/proc/sys/net/core/somaxconn", "") / (2 * at_once) + 1);
    a_source = smaller(A_SOURCE, (long)(number_in(PORTS, "\t") - number_in(PORTS, "")) / 4 + 1);
}

/* ---- a client -------------------------------------------------------------------------------- */

/* Connects client number so-and-so, or ends this process. Returns a blocking descriptor. */
static int connect_client(long number)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    const struct timeval patience = {.tv_sec = PATIENCE};
    const int on = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};

    source.sin_addr.s_addr = htonl(0x7f010001 + (uint32_t)(number / a_source));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* NO_PORT, or bind would take a port for itself alone, whatever it is connected to: ip(7). */
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == -1 ||
        bind(fd, (struct sockaddr *)&source, sizeof source) == -1 ||
        connect(fd, (struct sockaddr *)&server_at, sizeof server_at) == -1)
        die("client %ld cannot connect: %s", number, strerror(errno));
    return fd;
}

/* Reads n bytes. Returns 0, or -1 with errno: 0 at the end, EAGAIN when SO_RCVTIMEO is over. With
 * that option set, a Ctrl-Z interrupts recv(2), which is no failure: signal(7). */
static int read_all(int fd, char *bytes, size_t n)
{
    for (size_t got = 0; got < n;) {
        errno = 0;
        ssize_t more = recv(fd, bytes + got, n - got, MSG_WAITALL);
        if (more > 0)
            got += (size_t)more;
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

/* Sends a message that no other client sends, and takes the answer; or ends this process. */
static void ask(int fd, long number)
{
    char message[MESSAGE + 1], answer[MESSAGE];

    snprintf(message, sizeof message, "client %-*ld\n", MESSAGE - 8, number);
    if (write_all(fd, message, MESSAGE) == -1 || read_all(fd, answer, MESSAGE) == -1)
        die("client %ld has no answer: %s", number, errno ? strerror(errno) : "cut short");
    if (memcmp(message, answer, MESSAGE) != 0)
        die("client %ld has a wrong answer", number);
}

/* ---- a crowd: a process of clients ----------------------------------------------------------- */

static struct {
    long first, n; /* its clients' numbers */
    int *fds, control;
    struct report report;
} own;

static void tell(bool done)
{
    own.report.done = done;
    if (send(own.control, &own.report, sizeof own.report, 0) == -1)
        _exit(1);
}

/* When the last of a batch is answered, it and all who have come before it have been accepted. */
static void connect_all(void)
{
    for (long i = 0; i < own.n;) {
        for (long end = smaller(i + batch, own.n); i < end; i++)
            own.fds[i] = connect_client(own.first + i);
        ask(own.fds[i - 1], own.first + i - 1);
        own.report.connected = i;
        tell(false);
    }
}

/* Asks 1 % of the clients, rounded up, each set of so many as likely as any other. */
static void ask_some(void)
{
    long wanted = (own.n + 99) / 100;

    for (long i = 0; i < own.n; i++)
        if (random() % (own.n - i) < wanted - own.report.answered) {
            ask(own.fds[i], own.first + i);
            own.report.answered++;
        }
}

static void leave_all(void)
{
    for (; own.report.connected > 0; own.report.connected--)
        close(own.fds[own.report.connected - 1]);
}

_Noreturn static void be_a_crowd(void)
{
    char command;

    own.fds = calloc((size_t)own.n + 1, sizeof *own.fds);
    if (!own.fds)
        die("no memory for a client process");
    srandom((unsigned)getpid() ^ (unsigned)time(NULL));
    while (recv(own.control, &command, 1, 0) == 1) {
        if (command == 'c')
            connect_all();
        else if (command == 'a')
            ask_some();
        else
            leave_all();
        tell(true);
    }
    _exit(0);
}

/* ---- starting and ending the others ---------------------------------------------------------- */

/* However we end, nobody stays; one that was forked a moment ago and is not in our lists ends with
 * us. Async-signal-safe. */
static void kill_all(void)
{
    if (getpid() != controller)
        return;
    for (long i = 0; i < n_processes; i++) {
        if (crowds[i].pid != 0)
            kill(crowds[i].pid, SIGKILL);
        if (servers[i].pid != 0)
            kill(servers[i].pid, SIGKILL);
    }
    for (long i = 0; i < n_processes; i++) {
        if (crowds[i].pid != 0)
            waitpid(crowds[i].pid, NULL, 0);
        if (servers[i].pid != 0)
            waitpid(servers[i].pid, NULL, 0);
    }
}

static void on_signal(int signal)
{
    log_line(signal == SIGALRM ? "--timeout is over" : "interrupted");
    kill_all();
    _exit(1);
}

/* Forks a process that ends when we do. A Ctrl-C does not reach it: to end it is for us. */
static pid_t fork_ours(int signal_at_our_death)
{
    pid_t pid = fork();

    if (pid == -1 && errno == EAGAIN) { /* others have started some, since we looked */
        log_line("cannot start one more process: raise ulimit -u, pids.max or kernel.pid_max");
        exit(2);
    }
    if (pid == -1)
        die("cannot start one more process: %s", strerror(errno));
    if (pid != 0)
        return pid;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, signal_at_our_death);
    if (getppid() != controller)
        _exit(1);
    return 0;
}

/* --on-handler-error ignore: a reset, by which all clients leave, is not worth a line each. */
static void start_server(long i, const char *program, int listener)
{
    char address[24], clients[24];
    int log[2];

    if (pipe2(log, O_CLOEXEC) == -1)
        die("cannot make a pipe: %s", strerror(errno));
    snprintf(address, sizeof address, "fd:%d", listener);
    snprintf(clients, sizeof clients, "%ld", per_process);
    servers[i].pid = fork_ours(SIGTERM);
    if (servers[i].pid == 0) {
        dup2(log[1], STDERR_FILENO);
        execl(program, "06-parallel", "--threads", "1", "--on-handler-error", "ignore",
              "--max-connections", clients, address, (char *)NULL);
        log_line("cannot run %s: %s", program, strerror(errno));
        _exit(1);
    }
    close(log[1]);
    servers[i].log = fdopen(log[0], "r");
}

/* How many clients the crowds before number i have. */
static long share(long i)
{
    return (long)((int64_t)i * n_clients / n_processes);
}

static void start_crowd(long i)
{
    int control[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == -1)
        die("cannot make a pair of sockets: %s", strerror(errno));
    own.first = share(i) + (i == 0); /* number 0 is the controller's */
    own.n = share(i + 1) - own.first;
    own.control = control[1];
    crowds[i].control = control[0];
    crowds[i].pid = fork_ours(SIGKILL);
    if (crowds[i].pid == 0) {
        for (int fd = STDERR_FILENO + 1; fd < control[1]; fd++) /* what is not its own */
            close(fd);
        be_a_crowd();
    }
    close(control[1]);
}

/* Reads a server's lines up to one with this word in it; others go to our stderr. Returns the
 * number that follows it. */
static long server_says(const struct server *server, const char *word)
{
    char line[1024];

    while (server->log && fgets(line, sizeof line, server->log)) {
        const char *at = strstr(line, word);
        if (at)
            return atol(at + strlen(word));
        fputs(line, stderr);
    }
    die("server %ld has ended", (long)server->pid);
}

/* The listener and the servers' program: 06-parallel, in the directory above ours. */
static void start_all(void)
{
    char program[PATH_MAX + 20] = "";
    struct address address;
    const char *why;
    socklen_t size = sizeof server_at;

    if (readlink("/proc/self/exe", program, PATH_MAX) == -1 || !strrchr(program, '/'))
        die("cannot find out where I am");
    strcpy(strrchr(program, '/'), "/../06-parallel");
    address_parse(&address, "127.0.0.1:0", &why);
    int listener = listener_open_nonblocking(&address, 65535);
    getsockname(listener, (struct sockaddr *)&server_at, &size);
    fcntl(listener, F_SETFD, 0);
    for (long i = 0; i < n_processes; i++)
        start_server(i, program, listener);
    for (long i = 0; i < n_processes; i++)
        server_says(&servers[i], "listening on");
    close(listener);
    for (long i = 0; i < n_processes; i++)
        start_crowd(i);
    fprintf(stderr, "%ld servers at 127.0.0.1:%d, %ld crowds, %ld clients\n", n_processes,
            ntohs(server_at.sin_port), n_processes, n_clients);
}

/* All end by themselves. */
static void end_all(void)
{
    for (long i = 0; i < n_processes; i++) {
        int crowd = -1, server = -1;
        close(crowds[i].control);
        waitpid(crowds[i].pid, &crowd, 0);
        crowds[i].pid = 0;
        kill(servers[i].pid, SIGTERM);
        server_says(&servers[i], "server terminated");
        waitpid(servers[i].pid, &server, 0);
        servers[i].pid = 0;
        if (crowd != 0 || server != 0)
            die("processes have not ended as they should: status %#x, %#x", crowd, server);
    }
}

/* ---- the run --------------------------------------------------------------------------------- */

/* On a terminal one line, written again and again; else a line now and then. */
static void show_progress(const char *what, double seconds, bool last)
{
    static double shown;
    const bool terminal = isatty(STDERR_FILENO);
    long n = 1;

    if (!last && now() - shown < (terminal ? 0.2 : 5))
        return;
    shown = now();
    for (long i = 0; i < n_processes; i++)
        n += crowds[i].report.connected;
    fprintf(stderr, "%s%7.1f s: %s, %ld of %ld connected%s", terminal ? "\r" : "", seconds, what, n,
            n_clients, last || !terminal ? "\n" : "  ");
}

static bool is_done(struct crowd *crowd)
{
    if (recv(crowd->control, &crowd->report, sizeof crowd->report, 0) != sizeof crowd->report)
        die("client process %ld has ended", (long)crowd->pid);
    return crowd->report.done;
}

/* Has every crowd do something, a few at a time. */
static void all_crowds(char command, const char *what)
{
    struct pollfd ready[PROCESSES_MAX];
    const double start = now();
    long begun = 0, done = 0;

    while (done < n_processes) {
        for (; begun < n_processes && begun - done < at_once; begun++) {
            ready[begun] = (struct pollfd){.fd = crowds[begun].control, .events = POLLIN};
            send(crowds[begun].control, &command, 1, 0);
        }
        if (poll(ready, (nfds_t)begun, -1) == -1)
            die("cannot wait: %s", strerror(errno));
        for (long i = 0; i < begun; i++)
            if (ready[i].revents && is_done(&crowds[i])) {
                ready[i] = (struct pollfd){.fd = -1};
                done++;
            }
        show_progress(what, now() - start, done == n_processes);
    }
}

/* Waits until so many are accepted and have not left. */
static void servers_have(long wanted)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000};

    for (int tries = PATIENCE * 50;; tries--) {
        long n = 0;
        for (long i = 0; i < n_processes; i++) {
            kill(servers[i].pid, SIGUSR1);
            n += server_says(&servers[i], "connections=");
        }
        if (n == wanted)
            return;
        if (tries == 0)
            die("the servers count %ld clients, not %ld", n, wanted);
        nanosleep(&pause, NULL);
    }
}

struct cost {
    double cpu, time; /* of an echo, in us: the servers' CPU; there and back */
};

/* What an echo of the first client costs all servers together: the least of several turns. */
static struct cost measure_echo(int first)
{
    struct cost least = {1e9, 1e9};

    for (int i = 0; i < REPEATS; i++) {
        double cpu = cpu_of_servers(), time = now();
        for (int j = 0; j < ECHOES; j++)
            ask(first, 0);
        time = (now() - time) * 1e6 / ECHOES;
        cpu = (cpu_of_servers() - cpu) * 1e6 / ECHOES;
        least.time = time < least.time ? time : least.time;
        least.cpu = cpu < least.cpu ? cpu : least.cpu;
    }
    return least;
}

static void figure(const char *name, double value, int decimals, const char *unit)
{
    printf("%-44s %12.*f %s\n", name, decimals, value, unit);
}

static void run(void)
{
    double answered = 0, added = (double)n_clients - 1;

    start_all();
    int first = connect_client(0);
    struct cost alone = measure_echo(first);
    struct sample before = take_sample();

    double began = now();
    all_crowds('c', "connecting");
    servers_have(n_clients);
    double setup = now() - began;
    struct sample after = take_sample();

    all_crowds('a', "asking 1 %");
    for (long i = 0; i < n_processes; i++)
        answered += (double)crowds[i].report.answered;
    struct cost among = measure_echo(first);
    servers_have(n_clients);

    began = now();
    all_crowds('l', "leaving");
    close(first);
    servers_have(0);
    end_all();
    double teardown = now() - began;

    figure("clients held at once", (double)n_clients, 0, "");
    figure("servers, and client processes", (double)n_processes, 0, "");
    figure("TCP sockets in the kernel, added", after.sockets - before.sockets, 0, "");
    figure("set-up", setup, 2, "s");
    figure("  clients a second", added / setup, 0, "1/s");
    figure("  the servers' CPU, a client", (after.cpu - before.cpu) * 1e6 / added, 2, "us");
    figure("  the servers' wake-ups, a client", (after.sleeps - before.sleeps) / added, 2, "");
    figure("clients asked at random, all answered", answered, 0, "");
    figure("memory of the servers, a client", (after.servers - before.servers) / added, 0, "bytes");
    figure("memory of the kernel, a client, both ends", (after.slab - before.slab) / added, 0,
           "bytes");
    figure("an echo, the first client alone: CPU", alone.cpu, 2, "us");
    figure("  there and back", alone.time, 2, "us");
    figure("an echo, all others idle: CPU", among.cpu, 2, "us");
    figure("  there and back", among.time, 2, "us");
    figure("tear-down", teardown, 2, "s");
}

int main(int argc, char *argv[])
{
    const struct option options[] = {
        {"clients", "N", &n_clients, 2, 100000000, "else as many as fit, at most 1000000"},
        {"per-process", "N", &per_process, 1, CONNECTIONS_MAX,
         "clients; else as many as its limits allow"},
        {"timeout", "SECONDS", &timeout, 1000, 1000000000, "for the whole run"},
        {0}};
    const struct command command = {
        .words = "",
        .about = "Holds as many clients at once as this machine can, on one port, and tells what\n"
                 "they cost. The servers are 06-parallel, of the directory above this program's.\n"
                 "As few processes share the clients as their limits allow.\n\n"
                 "Exit status: 0 all clients were held and the sample was answered, 2 wrong words\n"
                 "or too little room on this machine (and what would do), 1 anything else.\n",
        .options = options};

    if (options_parse(argc, argv, &command) > 0)
        usage_error("there is nothing to be told but options", argv[1]);
    look_at_limits(look_at_process());
    make_plan();

    controller = getpid();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGALRM, on_signal);
    alarm((unsigned)(timeout / 1000));
    atexit(kill_all);
    run();
    return fflush(stdout) == EOF ? 1 : 0;
}
