// grade: right
// step: 04 06
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust orderly
// One process with poll and non-blocking sockets; TERM and INT stop it, QUIT lets its clients
// finish.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX 1024

/* The clients are 1 to n - 1, without a gap; 0 is the listener. */
struct client {
    size_t begin, end; /* of what is owed, in buf */
    char buf[16384];
};
static struct client *clients[MAX];
static struct pollfd fds[MAX];
static nfds_t n = 1;
static volatile sig_atomic_t stop, quit;

static void on_signal(int signo)
{
    if (signo == SIGQUIT)
        quit = 1;
    else
        stop = 1;
}

/* The last client takes its place. */
static void drop(nfds_t i)
{
    close(fds[i].fd);
    free(clients[i]);
    n--;
    fds[i] = fds[n];
    clients[i] = clients[n];
}

/* Reads only what it can keep: nothing, as long as an answer is owed. */
static void serve(nfds_t i)
{
    struct client *c = clients[i];

    if (c->begin == c->end) {
        ssize_t got = read(fds[i].fd, c->buf, sizeof c->buf);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            drop(i);
            return;
        }
        c->begin = 0;
        c->end = got < 0 ? 0 : (size_t)got;
    }
    ssize_t sent = send(fds[i].fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        drop(i);
        return;
    }
    c->begin += sent < 0 ? 0 : (size_t)sent;
    fds[i].events = c->begin < c->end ? POLLOUT : POLLIN;
}

/* False: there is no room for a client now. */
static int accept_client(void)
{
    if (n == MAX)
        return 0;
    int fd = accept4(fds[0].fd, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    clients[n] = calloc(1, sizeof *clients[n]);
    if (!clients[n]) {
        close(fd);
        return 0;
    }
    fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return 1;
}

static int listen_on(char *address)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t size = sizeof addr;
    char *colon = strchr(address, ':');

    if (colon)
        *colon = '\0';
    if (!colon || inet_pton(AF_INET, address, &addr.sin_addr) != 1)
        return -1;
    addr.sin_port = htons((unsigned short)atoi(colon + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 128) < 0)
        return -1;
    getsockname(fd, (struct sockaddr *)&addr, &size);
    fprintf(stderr, "poll: listening on %s:%d\n", inet_ntoa(addr.sin_addr), ntohs(addr.sin_port));
    return fd;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked, open;

    sigemptyset(&blocked);
    for (int i = 0, s[] = {SIGTERM, SIGINT, SIGQUIT}; i < 3; i++) {
        sigaction(s[i], &action, NULL);
        sigaddset(&blocked, s[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &open); /* but in ppoll */
    int listener = argc > 1 ? listen_on(argv[argc - 1]) : -1;
    if (listener < 0) {
        fprintf(stderr, "poll: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};

    while (!stop && !(quit && n == 1)) {
        struct timespec soon = {.tv_nsec = 100000000};
        int ready = ppoll(fds, n, fds[0].events == 0 ? &soon : NULL, &open);
        if (quit && fds[0].fd >= 0) {
            close(listener);
            fds[0] = (struct pollfd){.fd = -1, .events = POLLIN};
        }
        if (ready < 0)
            continue;
        for (nfds_t i = n; --i > 0;)
            if (fds[i].revents)
                serve(i);
        fds[0].events = POLLIN;
        if (fds[0].fd >= 0 && fds[0].revents && !accept_client())
            fds[0].events = 0;
    }
    return 0;
}
