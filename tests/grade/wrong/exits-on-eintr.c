// grade: wrong
// step: 04
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: rude
// hint: eintr
// It takes EINTR of epoll_wait, after SIGSTOP and SIGCONT, for the end.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct client {
    int fd;
    size_t start, end; /* what it has not taken yet */
    char buffer[16384];
};

static int epoll;

static int listen_on(const char *where)
{
    const char *colon = strrchr(where, ':');
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(colon ? colon + 1 : where)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 128) < 0) {
        perror("cannot listen");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void stop(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static void watch(int how, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    epoll_ctl(epoll, how, fd, &event);
}

static void take(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        if (errno == EMFILE)
            usleep(20000);
        return;
    }
    struct client *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    c->fd = fd;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
}

static void serve(struct client *c)
{
    ssize_t n;

    if (c->start == c->end) {
        n = read(c->fd, c->buffer, sizeof(c->buffer));
        if (n <= 0) {
            if (n < 0 && errno == EAGAIN)
                return;
            close(c->fd);
            free(c);
            return;
        }
        c->start = 0;
        c->end = (size_t)n;
    }
    n = write(c->fd, c->buffer + c->start, c->end - c->start);
    if (n < 0 && errno != EAGAIN) {
        close(c->fd);
        free(c);
        return;
    }
    c->start += n > 0 ? (size_t)n : 0;
    watch(EPOLL_CTL_MOD, c->fd, c->start < c->end ? EPOLLOUT : EPOLLIN, c);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    int listener = listen_on(argc > 1 ? argv[1] : "9000");
    fcntl(listener, F_SETFL, O_NONBLOCK);
    epoll = epoll_create1(0);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);

    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) < 0) {
            perror("epoll_wait");
            exit(1);
        }
        if (event.data.ptr)
            serve(event.data.ptr);
        else
            take(listener);
    }
}
