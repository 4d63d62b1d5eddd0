// SPDX-License-Identifier: MIT
/*
 * swarm: many clients at once. Tells which of them were served, how fast, and how many together.
 *
 * Run:      build/swarm 9000 --clients 3 --rounds 3 --pause 150 --timeline
 *           build/swarm 9000 --clients 2000 --rounds 10
 *           build/swarm 9000 --clients 64 --idle 10000 --seconds 1 --server PID
 *
 * Each client sends a message, takes the whole answer, compares every byte, pauses, and begins
 * again. After its last round it half-closes, and expects the end and not one byte more. Like say,
 * it sends and receives at once. With --churn it does so in every round, and connects again. With
 * --discard it only counts the bytes and the kernel throws them away: a client costs less then.
 *
 * The --timeout is for the look-up of the server's name and for the whole run. Only the server's
 * time counts, though: while clients pause, and while the swarm measures for --seconds, the
 * clock of the timeout stands still.
 *
 * What is measured with --seconds begins when the idle clients are connected and each of the others
 * has had an answer, and waits for the last. It ends when time is up and the last answer has come.
 * What it took to come and to leave is not in it.
 *
 * One thread with epoll, as in step 05. No client has a buffer: what it sends and what it must get
 * back are computed from its number, its round and the place in the message.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this program in a Linux container"
#endif
#include "../common/address.h"
#include "../common/descriptors.h"
#include "../common/io.h"
#include "../common/options.h"
#include "../common/standard.h"
#include "connecting.h"
#include "process.h"
#include "timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define NAP_MS 250    /* waited at a time, so that a longer wait is known to be a suspension */
#define BATCH 64      /* events taken, and clients connected, at a time */
#define PERIOD 65521U /* of a message's bytes: a prime, so that no buffer's size divides it */
#define PIECE (256U * 1024) /* bytes sent or received at a time, at most */
#define AT_ONE_ADDRESS 4000 /* connections; with more, connect must search for a free port */

struct client {
    int fd;
    enum { CONNECTING, TALKING, PAUSING, ENDING, IDLE, GONE } phase;
    enum outcome outcome;                    /* once it has gone */
    bool waits_to_send;                      /* EPOLLOUT is asked for */
    bool has_come;                           /* it has had an answer, or is idle, or has gone */
    int64_t began, first_got, last_got, end; /* moments; 0: not yet */
    int64_t asked; /* when it began to send this round's message; with --churn, to connect */
    int64_t due;   /* when its pause is over */
    uint64_t sent, received; /* of this round's message and of its answer */
    long round;
    struct client *next;       /* the one whose pause is over next */
    const struct addrinfo *at; /* which of the server's addresses it tries */
    int error;                 /* the most telling errno of those that it has tried; 0: none */
};

static const char inc[] = "inc\n", incremented[] = "Counter has been incremented\n";

static long n_clients = 3, n_idle, rounds = 1, seconds, size = 64, depth = 1, pause_ms;
static long churn, counter, discard, timeline, figures, server, timeout = 60000;
static long n_all;                         /* n_clients and n_idle */
static uint64_t message_size, answer_size; /* of a round: depth messages, so 16 GiB at most */
/* What is sent and answered; so long that a piece begins anywhere in a period. */
static char questions[PERIOD + PIECE], answers[PERIOD + PIECE];

static int epoll;
static struct client *clients, *pausing, *last_pausing; /* all; those who pause, a queue */
static long n_begun, n_come, n_gone, n_ended[OUTCOMES]; /* n_gone: without the idle ones */
static long n_talking;                                  /* clients in the middle of a round */
static bool time_is_up;                                 /* of --seconds */
static uint64_t n_sockets;
static int64_t start, ended;  /* moments of the whole */
static int64_t connect_again; /* the moment when the next client may connect */
static int64_t next_progress; /* the moment when a line of progress is due; INT64_MAX: never */
static uint64_t n_answers;

/* What is measured: the whole, or with --seconds so much of it. */
static struct {
    int64_t begin, end;                  /* moments; 0: not yet */
    int64_t cpu;                         /* the server's, in nanoseconds */
    int64_t memory_before, memory_after; /* the server's, in bytes */
    int cpu_error, memory_error;         /* an errno where that could not be read */
} measured;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 * MS + t.tv_nsec;
}

/* How many answers took how long. A bucket is 2 to 3 % wide, so they fit in 16 KiB, however many.
 */
static uint64_t buckets[64 * 32];

static void note_latency(int64_t latency)
{
    int shift = 0;
    for (; latency >= 64; latency >>= 1)
        shift++;
    buckets[shift * 32 + (int)latency] += (uint64_t)depth;
    n_answers += (uint64_t)depth;
}

/* What so many in a thousand of the latencies did not exceed: the middle of that bucket. */
static int64_t latency_of(unsigned per_mille)
{
    uint64_t wanted = (n_answers * per_mille + 999) / 1000, seen = buckets[0];
    int i = 0;

    while (seen < wanted)
        seen += buckets[++i];
    if (i < 64)
        return i;
    int shift = i / 32 - 1;
    return ((int64_t)(i % 32 + 32) << shift) + ((int64_t)1 << shift) / 2;
}

static void make_messages(void)
{
    uint32_t random = 1;

    message_size = (uint64_t)depth * (counter ? sizeof inc - 1 : (uint64_t)size);
    answer_size = (uint64_t)depth * (counter ? sizeof incremented - 1 : (uint64_t)size);
    for (size_t i = 0; i < PERIOD + PIECE; i++) {
        if (i % PERIOD == 0)
            random = 1;
        random = random * 1664525 + 1013904223; /* Numerical Recipes; its high bits are the best */
        questions[i] = counter ? inc[i % (sizeof inc - 1)] : (char)(random >> 24);
        answers[i] = counter ? incremented[i % (sizeof incremented - 1)] : questions[i];
    }
}

static uint64_t origin(const struct client *client)
{
    return (uint64_t)(client - clients) * 7919 + (uint64_t)client->round * 104729;
}

/* What a client sends in a round, from a place on: a piece, or what is left of it. */
static const char *message(const struct client *client, uint64_t place)
{
    return questions + (counter ? place % (sizeof inc - 1) : (origin(client) + place) % PERIOD);
}

static const char *answer(const struct client *client, uint64_t place)
{
    return answers +
           (counter ? place % (sizeof incremented - 1) : (origin(client) + place) % PERIOD);
}

static int64_t server_cpu(void)
{
    int64_t used = server ? process_cpu((pid_t)server) : 0;
    if (used == -1)
        measured.cpu_error = errno;
    return used;
}

static int64_t server_memory(void)
{
    int64_t bytes = server ? process_memory((pid_t)server) : 0;
    if (bytes == -1)
        measured.memory_error = errno;
    return bytes;
}

/* From now on we measure. */
static void begin_measuring(void)
{
    memset(buckets, 0, sizeof buckets);
    n_answers = 0;
    measured.memory_after = server_memory();
    measured.cpu = -server_cpu();
    measured.begin = now();
}

static void end_measuring(void)
{
    measured.end = now();
    measured.cpu += server_cpu();
}

/* With --seconds nobody begins a round before all have come, nor when time is up: who is through
 * waits for the others. So all that is measured is done for the messages that are counted. */
static bool nobody_begins(void)
{
    return seconds > 0 && measured.end == 0 && (measured.begin == 0 || time_is_up);
}

static void has_come(struct client *client)
{
    if (client->has_come)
        return;
    client->has_come = true;
    if (++n_come == n_all && seconds > 0)
        begin_measuring();
}

static bool is_idle(const struct client *client)
{
    return client - clients >= n_clients;
}

/* Closes a client's socket, if it has one. close(2) alone would end the watch only if no other
 * process had the socket open as well: epoll(7). Then its events would go on coming, for a client
 * that has another socket by now, or none. */
static void close_socket(struct client *client)
{
    if (client->fd == -1)
        return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, client->fd, NULL); /* fails if it is not watched yet */
    close(client->fd);
    client->fd = -1;
}

/* Notes how a client has ended, and says why where that is not clear; once is enough. */
static void leave(struct client *client, enum outcome outcome, const char *why)
{
    if (why && n_ended[outcome] == 0)
        log_line("client %ld: %s", (long)(client - clients) + 1, why);
    n_ended[outcome]++;
    n_gone += !is_idle(client);
    n_talking -= client->phase == TALKING;
    client->phase = GONE;
    client->outcome = outcome;
    client->end = now();
    if (client->began == 0) /* its turn to connect never came */
        client->began = start;
    close_socket(client);
    has_come(client);
}

static void leave_errno(struct client *client, int error)
{
    if (error == ECONNREFUSED)
        leave(client, REFUSED, NULL);
    else if (error == ECONNRESET || error == EPIPE)
        leave(client, RESET, NULL);
    else if (error == EADDRNOTAVAIL)
        leave(client, FAILED,
              "Cannot assign requested address (perhaps no port is free to connect from: "
              "net.ipv4.ip_local_port_range)");
    else
        leave(client, FAILED, strerror(error));
}

static void watch(struct client *client, int operation, bool waits_to_send)
{
    struct epoll_event event = {.events = waits_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.ptr = client};

    if (epoll_ctl(epoll, operation, client->fd, &event) == -1)
        die("cannot watch a socket: %s",
            errno == ENOSPC ? "raise fs.epoll.max_user_watches with sysctl" : strerror(errno));
    client->waits_to_send = waits_to_send;
}

/* A loopback address for every so many connections: 127.0.0.1, which is the default, and so on. */
static void choose_source(int fd, const struct addrinfo *at)
{
    uint32_t block = (uint32_t)(n_sockets++ / AT_ONE_ADDRESS % 60000);
    struct sockaddr_in source = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK + block)};
    struct sockaddr_in to;
    const int on = 1;

    if (block == 0 || at->ai_family != AF_INET)
        return;
    memcpy(&to, at->ai_addr, sizeof to);
    if (ntohl(to.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
        return;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&source, sizeof source) == -1)
        die("cannot use another loopback address: %s", strerror(errno));
}

/* Opens a socket for the first address of the list that is of a kind this system has. Returns 0, or
 * an errno. */
static int open_socket(struct client *client, const struct addrinfo *list)
{
    const int on = 1;
    int error = 0;

    for (client->at = list; client->at; client->at = client->at->ai_next) {
        client->fd = socket(client->at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (client->fd == -1) {
            error = more_telling_error(error, errno);
            continue;
        }
        if (client->at->ai_family !=
            AF_UNIX) /* or a message's last bytes wait for an ACK: tcp(7) */
            setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        choose_source(client->fd, client->at);
        return 0;
    }
    return error;
}

/* One address has failed with this errno, but a host may have several. Returns whether there is one
 * more to try. */
static bool next_address(struct client *client, int error)
{
    const struct addrinfo *next = client->at->ai_next;

    client->error = more_telling_error(client->error, error);
    if (!next)
        return false;
    close_socket(client);
    error = open_socket(client, next);
    client->error = more_telling_error(client->error, error);
    return error == 0;
}

/* Begins to connect to the first address that does not refuse at once. Returns false if the server
 * has no room now for one more client (only a unix socket says so). */
static bool begin_connecting(struct client *client)
{
    int error;

    do {
        if (connect(client->fd, client->at->ai_addr, client->at->ai_addrlen) == 0 ||
            errno == EINPROGRESS) {
            watch(client, EPOLL_CTL_ADD, true);
            return true;
        }
        error = errno;
        if (error == EAGAIN)
            return false;
    } while (next_address(client, error));
    leave_errno(client, client->error);
    return true;
}

/* In order, the idle ones first, and between the turns of those who are connected already. */
static void connect_batch(void)
{
    for (int i = 0; i < BATCH && n_begun < n_all; i++) {
        struct client *client = &clients[(n_clients + n_begun) % n_all];
        if (client->began == 0)
            client->began = client->asked = now();
        if (!begin_connecting(client)) {
            connect_again = now() + 5 * MS;
            return;
        }
        n_begun++;
    }
}

static void send_some(struct client *client)
{
    uint64_t left = message_size - client->sent;
    ssize_t n =
        write(client->fd, message(client, client->sent), (size_t)(left < PIECE ? left : PIECE));

    if (n == -1 && !would_block(errno)) {
        leave_errno(client, errno);
        return;
    }
    client->sent += n > 0 ? (uint64_t)n : 0;
    bool unsent = client->sent < message_size;
    if (unsent != client->waits_to_send)
        watch(client, EPOLL_CTL_MOD, unsent);
}

static void begin_round(struct client *client)
{
    n_talking++;
    client->phase = TALKING;
    client->sent = 0;
    client->received = 0;
    if (!churn)
        client->asked = now();
    send_some(client);
}

static void finish_connecting(struct client *client)
{
    int error = 0;
    socklen_t length = sizeof error;

    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error == 0 && is_connected_to_itself(client->fd))
        error = ECONNREFUSED;
    if (error == 0 && is_idle(client)) {
        client->phase = IDLE;
        watch(client, EPOLL_CTL_MOD, false);
        has_come(client);
    } else if (error == 0)
        begin_round(client);
    else if (!next_address(client, error))
        leave_errno(client, client->error);
    else if (!begin_connecting(client))
        leave_errno(client, EAGAIN);
}

/* Has the client no more rounds to begin? */
static bool is_over(const struct client *client)
{
    if (seconds > 0)
        return churn ? time_is_up : measured.end != 0;
    return client->round == rounds;
}

static void begin_pause(struct client *client)
{
    client->phase = PAUSING;
    client->due = client->last_got + pause_ms * MS;
    client->next = NULL;
    if (pausing)
        last_pausing->next = client;
    else
        pausing = client;
    last_pausing = client;
}

static void begin_end(struct client *client)
{
    client->phase = ENDING;
    shutdown(client->fd, SHUT_WR); /* if it fails, the next read says why */
}

static void finish_round(struct client *client)
{
    n_talking--;
    client->phase = PAUSING;
    client->round++;
    if (!churn) {
        note_latency(client->last_got - client->asked);
        has_come(client);
    }
    if (churn || is_over(client))
        begin_end(client);
    else if (pause_ms == 0 && !nobody_begins())
        begin_round(client);
    else
        begin_pause(client);
}

/* With --churn: connects again. */
static void come_again(struct client *client)
{
    int error = open_socket(client, client->at);
    client->phase = CONNECTING;
    client->error = 0;
    client->asked = now();
    if (error != 0)
        leave_errno(client, error);
    else if (!begin_connecting(client))
        leave_errno(client, EAGAIN);
}

/* All pause for the same time, so their pauses end in the order in which they began. */
static void end_pauses(void)
{
    while (pausing && (pausing->phase == GONE ||
                       (!nobody_begins() && (is_over(pausing) || pausing->due <= now())))) {
        struct client *client = pausing;
        pausing = client->next;
        if (client->phase == GONE)
            continue;
        if (churn)
            come_again(client);
        else if (is_over(client))
            begin_end(client);
        else
            begin_round(client);
    }
}

/* The server has closed the connection. */
static void finish(struct client *client)
{
    if (client->phase != ENDING) {
        leave(client, CUT_SHORT, NULL);
        return;
    }
    if (churn) {
        note_latency(now() - client->asked);
        has_come(client);
    }
    if (!churn || is_over(client)) {
        leave(client, SERVED, NULL);
        return;
    }
    close_socket(client);
    if (nobody_begins())
        begin_pause(client);
    else
        come_again(client);
}

static void receive(struct client *client)
{
    static char bytes[PIECE];
    char why[80];

    /* MSG_TRUNC: TCP throws them away instead of copying them, tcp(7) */
    ssize_t n = recv(client->fd, bytes, sizeof bytes, discard ? MSG_TRUNC : 0);
    if (n == -1 && would_block(errno))
        return;
    if (n == -1) {
        leave_errno(client, errno);
        return;
    }
    if (n == 0) {
        finish(client);
        return;
    }
    size_t length = (size_t)n;
    uint64_t owed = client->phase == TALKING ? answer_size - client->received : 0;
    if (length > owed ||
        (!discard && memcmp(bytes, answer(client, client->received), length) != 0)) {
        snprintf(why, sizeof why,
                 length > owed ? "more than the answer to message %ld"
                               : "wrong bytes in the answer to message %ld",
                 client->phase == TALKING ? client->round + 1 : client->round);
        leave(client, WRONG, why);
        return;
    }
    client->received += length;
    client->last_got = now();
    if (client->first_got == 0)
        client->first_got = client->last_got;
    if (length < owed)
        return;
    if (client->sent == message_size)
        finish_round(client);
    else
        leave(client, WRONG, "answered before it was asked");
}

static void turn(struct client *client, uint32_t events)
{
    if (client->phase == CONNECTING) {
        finish_connecting(client);
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive(client);
    if (client->phase == TALKING && client->waits_to_send && events & EPOLLOUT)
        send_some(client);
}

/* Says how far we are if somebody looks, and it takes longer than a second. */
static void show_progress(void)
{
    if (now() < next_progress)
        return;
    char text[100];
    snprintf(text, sizeof text, "%5.1f s: %ld of %ld clients done, %llu messages ",
             (double)(now() - start) / 1e9, n_gone, n_clients, (unsigned long long)n_answers);
    fprintf(stderr, "\r%.*s", columns_of(STDERR_FILENO) - 1, text);
    next_progress = now() + 200 * MS;
}

static void erase_progress(void)
{
    static const char blanks[] =
        "                                                                      ";

    if (next_progress > start + 1000 * MS && next_progress < INT64_MAX)
        fprintf(stderr, "\r%.*s\r", columns_of(STDERR_FILENO) - 1, blanks);
}

/* With --seconds: it has begun, and time is not up. */
static bool is_measuring(void)
{
    return seconds > 0 && measured.begin != 0 && !time_is_up;
}

/* Until when there is nothing to do but what sockets ask for, in ms from now, rounded up. */
static int idle_ms(int64_t deadline)
{
    int64_t until = deadline;

    if (n_begun < n_all && connect_again < until)
        until = connect_again;
    if (is_measuring() && measured.begin + seconds * MS < until)
        until = measured.begin + seconds * MS;
    if (pausing && !nobody_begins() && pausing->due < until)
        until = pausing->due;
    if (next_progress < until)
        until = next_progress;
    int64_t left = (until - now() + MS - 1) / MS;
    return left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/* Until when it is the swarm that takes its time, and not the server: because its clients pause, or
 * for --seconds. A moment that is over if it does not. */
static int64_t own_time(void)
{
    if (is_measuring())
        return measured.begin + seconds * MS;
    return pausing && !nobody_begins() ? pausing->due : 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* All who are still there end so. */
static void end_all(enum outcome outcome)
{
    for (long i = 0; i < n_all; i++)
        if (clients[i].phase != GONE)
            leave(&clients[i], clients[i].phase == IDLE ? SERVED : outcome, NULL);
}

/* Its own time is not counted into the --timeout: the deadline moves on by it. */
static void run(int64_t deadline)
{
    struct epoll_event events[BATCH];

    if (seconds == 0)
        begin_measuring();
    while (n_gone < n_clients) {
        int64_t from = now(), own = later(own_time(), from);
        int wait = idle_ms(deadline + own - from);
        int n = epoll_wait(epoll, events, BATCH, wait < NAP_MS ? wait : NAP_MS);
        if (now() - from > 2 * NAP_MS * MS) /* so we were suspended: Ctrl-Z */
            deadline += now() - from;
        if (n == -1 && errno != EINTR)
            die("cannot wait: %s", strerror(errno));
        for (int i = 0; i < n; i++)
            turn(events[i].data.ptr, events[i].events);
        if (is_measuring() && now() >= measured.begin + seconds * MS)
            time_is_up = true;
        if (time_is_up && !churn && n_talking == 0 && measured.end == 0)
            end_measuring();
        end_pauses();
        if (now() >= connect_again)
            connect_batch();
        show_progress();
        deadline += sooner(own, now()) - from;
        if (now() >= deadline)
            end_all(TIMED_OUT);
    }
    if (measured.end == 0)
        end_measuring();
    end_all(SERVED);
    erase_progress();
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* See struct life. A client that was not served to its end had the server until that end, also if
 * it was in a pause then. */
static struct life life_of(long i)
{
    const struct client *client = &clients[i];
    int64_t last_served = client->outcome == SERVED ? client->last_got : client->end;

    return (struct life){client->began, client->first_got, client->first_got == 0 ? 0 : last_served,
                         client->end, client->outcome};
}

/* How many clients were being served at once, at most. One that was served until a moment is no
 * longer served when another's first byte comes at that very moment; one that got all in one piece
 * was served for a nanosecond. */
static long most_at_once(void)
{
    int64_t *firsts = calloc((size_t)n_clients, sizeof *firsts);
    int64_t *lasts = calloc((size_t)n_clients, sizeof *lasts);
    long n = 0, over = 0, most = 0;

    if (!firsts || !lasts)
        die("cannot count who was served at once: %s", strerror(errno));
    for (long i = 0; i < n_clients; i++) {
        const struct life life = life_of(i);
        if (life.first_got == 0)
            continue;
        firsts[n] = life.first_got;
        lasts[n++] = life.last_served + (life.last_served == life.first_got);
    }
    qsort(firsts, (size_t)n, sizeof *firsts, compare);
    qsort(lasts, (size_t)n, sizeof *lasts, compare);
    for (long begun = 1; begun <= n; begun++) {
        while (lasts[over] <= firsts[begun - 1])
            over++;
        if (begun - over > most)
            most = begun - over;
    }
    free(firsts);
    free(lasts);
    return most;
}

/* For programs: a line of NAME=VALUE. */
static void print_figures(void)
{
    printf("messages=%" PRIu64 " seconds=%.6f", n_answers,
           (double)(measured.end - measured.begin) / 1e9);
    if (n_answers > 0)
        printf(" p50_us=%.2f p99_us=%.2f p999_us=%.2f", (double)latency_of(500) / 1e3,
               (double)latency_of(990) / 1e3, (double)latency_of(999) / 1e3);
    if (server && measured.cpu_error == 0)
        printf(" cpu_us=%.0f", (double)measured.cpu / 1e3);
    if (server && measured.memory_error == 0)
        printf(" memory_before=%" PRId64 " memory_after=%" PRId64, measured.memory_before,
               measured.memory_after);
    printf(" clients=%ld served=%ld\n", n_all, n_ended[SERVED]);
}

static void summarize_server(FILE *out)
{
    char text[24];

    if (measured.cpu_error != 0)
        fprintf(out, "server    CPU time: unknown (%s)", strerror(measured.cpu_error));
    else
        fprintf(out, "server    %s of CPU time", duration(measured.cpu, text));
    if (measured.cpu_error == 0 && n_answers > 0)
        fprintf(out, ", %.2f us a message", (double)measured.cpu / 1e3 / (double)n_answers);
    if (measured.memory_error != 0)
        fprintf(out, "; memory: unknown (%s)", strerror(measured.memory_error));
    else
        fprintf(out, "; memory: %" PRId64 " kB", measured.memory_before / 1024);
    if (measured.memory_error == 0 && seconds > 0)
        fprintf(out, ", with the clients %" PRId64 " kB", measured.memory_after / 1024);
    putc('\n', out);
}

static void summarize(void)
{
    double rate = (double)n_answers / ((double)(measured.end - measured.begin) / 1e9);
    char text[24], *summary;
    size_t length;
    FILE *out = open_memstream(&summary, &length);

    if (!out)
        die("cannot sum up: %s", strerror(errno));
    // cppcheck-suppress nullPointerRedundantCheck ; die() does not return
    fprintf(out, "clients   %ld", n_clients);
    if (n_idle > 0)
        fprintf(out, " and %ld idle", n_idle);
    fprintf(out, ": %ld served", n_ended[SERVED]);
    for (int i = SERVED + 1; i < OUTCOMES; i++)
        if (n_ended[i] > 0)
            fprintf(out, ", %ld %s", n_ended[i], outcome_names[i]);
    fprintf(out, "; at most %ld at once\n", most_at_once());

    fprintf(out, "messages  %" PRIu64 " in %s", n_answers,
            duration(measured.end - measured.begin, text));
    if (n_answers > 0) {
        fprintf(out, ", %.*f/s", rate < 100 ? 1 : 0, rate);
        fprintf(out, "; answered in %s (p50)", duration(latency_of(500), text));
        fprintf(out, ", %s (p99)", duration(latency_of(990), text));
    }
    putc('\n', out);
    if (server)
        summarize_server(out);
    if (fclose(out) == EOF)
        die("cannot sum up: %s", strerror(errno));
    print_folded(summary);
    free(summary);
}

/* There are descriptors for so many clients only; so many more were needed. */
_Noreturn static void refuse(long fit, long more, int error)
{
    if (error == ENFILE)
        log_line("%ld clients do not fit, only %ld: %s: raise fs.file-max with sysctl", n_all, fit,
                 strerror(error));
    else
        log_line("%ld clients do not fit, only %ld: %s: `ulimit -n %ld` would do", n_all, fit,
                 strerror(error), raise_descriptor_limit() + more);
    exit(2);
}

static void set_up(const struct addrinfo *list)
{
    int spare[10], n_spare = 0; /* for what is read in /proc */

    n_all = n_clients + n_idle;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)n_all, sizeof *clients);
    if (epoll != -1)
        while (server && n_spare < 10 && (spare[n_spare] = dup(epoll)) != -1)
            n_spare++;
    if (epoll == -1 || (server && n_spare < 10)) {
        if (errno == EMFILE || errno == ENFILE)
            refuse(0, n_all + (server ? 10 : 0) - n_spare + (epoll == -1), errno);
        die("cannot set up: %s", strerror(errno));
    }
    if (!clients)
        die("cannot set up: %s", strerror(errno));
    for (long i = 0; i < n_all; i++) {
        int error = open_socket(&clients[i], list);
        if (error == EMFILE || error == ENFILE)
            refuse(i, n_all - i, error);
        if (error != 0)
            die("cannot make a socket: %s", strerror(error));
    }
    while (n_spare > 0)
        close(spare[--n_spare]);
}

/* Reads the command line. Returns the server's address. */
static struct address take_options(int argc, char *argv[])
{
    const struct option options[] = {
        {"clients", "N", &n_clients, 1, 1000000, "how many"},
        {"idle", "N", &n_idle, 0, 1000000, "and how many more who connect and are silent"},
        {"rounds", "N", &rounds, 1, 1000000000, "messages that each client sends"},
        {"seconds", "SECONDS", &seconds, 1, 1000000000, "instead of rounds: for so long"},
        {"size", "BYTES", &size, 1, 16 << 20, "of a message"},
        {"depth", "N", &depth, 1, 1024, "messages sent at once, before their answers"},
        {"churn", NULL, &churn, 0, 0, "a new connection for each round"},
        {"pause", "MS", &pause_ms, 0, 86400000, "between an answer and the next message"},
        {"protocol", "echo|counter", &counter, 0, 0, "what the server answers"},
        {"discard", NULL, &discard, 0, 0, "count what comes back, do not compare it"},
        {"timeline", NULL, &timeline, 0, 0, "draw who was served when"},
        {"server", "PID", &server, 1, INT_MAX, "measure it: CPU time and memory"},
        {"figures", NULL, &figures, 0, 0, "print NAME=VALUE, for programs"},
        {"timeout", "SECONDS", &timeout, 1, 1000000000, "for the whole run, pauses not counted"},
        {0}};
    const struct command command = {
        .words = "ADDRESS",
        .addresses = "PORT, HOST:PORT, [IPV6]:PORT or unix:PATH",
        .about = "Lets many clients talk to a server at once, compares every byte that comes\n"
                 "back, and tells how many were served. Exit status: 0 all of them, 2 wrong\n"
                 "words or more clients than may have a descriptor, 1 anything else.\n",
        .options = options};
    struct address address;
    const char *why;

    int words = options_parse(argc, argv, &command);
    if (words == 0)
        usage_error("to which server?", "ADDRESS");
    if (words > 1)
        usage_error("one address is enough", argv[2]);
    if (address_parse(&address, argv[1], &why) == -1)
        usage_error(why, argv[1]);
    if (address.kind == ADDRESS_FD)
        usage_error("a client needs an address to connect to, not", argv[1]);
    if (counter && option_given("size"))
        usage_error("the counter's message is always the line inc, without", "--size");
    if (seconds > 0 && option_given("rounds"))
        usage_error("how long is given by --seconds, not by", "--rounds");
    if (churn && pause_ms > 0)
        usage_error("nobody pauses with --churn, so leave out", "--pause");
    return address;
}

int main(int argc, char *argv[])
{
    const char *why;

    signal(SIGPIPE, SIG_IGN); /* a server that has gone: EPIPE, and the others go on */
    struct address address = take_options(argc, argv);
    int64_t deadline = now() + timeout * MS;
    connecting_begins(timeout, address.text, 1);
    struct addrinfo *list = address_resolve(&address, &why);
    if (!list)
        die("cannot connect to %s: %s", address.text, why);
    connecting_ends();
    raise_descriptor_limit();
    make_messages();
    if (server) {
        char text[24];
        snprintf(text, sizeof text, "%ld", server);
        measured.memory_before = server_memory();
        if (server_cpu() == -1 && measured.cpu_error == ESRCH)
            usage_error("there is no such process", text);
    }
    set_up(list);

    start = now();
    next_progress = isatty(STDERR_FILENO) ? start + 1000 * MS : INT64_MAX;
    run(deadline);
    ended = now();
    address_free(list);

    standard_blocking(STDOUT_FILENO); /* what finds no room must wait: it may be non-blocking */
    if (timeline)
        timeline_draw(n_clients, life_of, start, ended);
    if (figures)
        print_figures();
    else
        summarize();
    free(clients);
    if (fflush(stdout) == EOF)
        die("cannot print: %s", strerror(errno));
    return n_ended[SERVED] == n_all ? 0 : 1;
}
