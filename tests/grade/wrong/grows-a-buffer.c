// grade: wrong
// step: 04
// run: PROGRAM {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: pressure
// hint: no-back-pressure
// The buffer of a client grows for as long as the client sends, whether it reads or not.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static struct client {
    bool here, ended;
    char *owed; /* what it has not taken yet */
    size_t start, end, room;
} clients[FD_SETSIZE];

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

static void leave(int fd)
{
    free(clients[fd].owed);
    clients[fd] = (struct client){.here = false};
    close(fd);
}

static void serve(int fd, bool readable)
{
    struct client *c = &clients[fd];
    ssize_t n;

    if (readable) {
        if (c->room - c->end < 16384)
            c->owed = realloc(c->owed, c->room = 2 * c->room + 16384);
        n = read(fd, c->owed + c->end, 16384);
        if (n < 0 && errno != EAGAIN) {
            leave(fd);
            return;
        }
        c->ended = n == 0;
        c->end += n > 0 ? (size_t)n : 0;
    }
    n = c->start < c->end ? write(fd, c->owed + c->start, c->end - c->start) : 0;
    if (n < 0 && errno != EAGAIN) {
        leave(fd);
        return;
    }
    c->start += n > 0 ? (size_t)n : 0;
    if (c->start == c->end)
        c->start = c->end = 0;
    if (c->ended && c->end == 0)
        leave(fd);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    int listener = listen_on(argc > 1 ? argv[1] : "9000");

    for (;;) {
        fd_set readable, writable;
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_SET(listener, &readable);
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (clients[fd].here && !clients[fd].ended)
                FD_SET(fd, &readable);
            if (clients[fd].end > 0)
                FD_SET(fd, &writable);
        }
        if (select(FD_SETSIZE, &readable, &writable, NULL, NULL) < 0)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (clients[fd].here && (FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)))
                serve(fd, FD_ISSET(fd, &readable));
        }
        if (FD_ISSET(listener, &readable)) {
            int fd = accept(listener, NULL, NULL);
            if (fd < 0) {
                usleep(20000);
            } else if (fd >= FD_SETSIZE) {
                close(fd);
            } else {
                fcntl(fd, F_SETFL, O_NONBLOCK);
                clients[fd].here = true;
            }
        }
    }
}
