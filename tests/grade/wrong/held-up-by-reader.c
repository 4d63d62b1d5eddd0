// grade: wrong
// step: 04
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: unread
// hint: held-up-by-reader
// poll says who can be read, but write waits for a client that does not read: so do all others.
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX 1024

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

static int serve(int fd)
{
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    for (ssize_t sent = 0; sent < n;) {
        ssize_t m = write(fd, buffer + sent, (size_t)(n - sent));
        if (m < 0)
            return 0;
        sent += m;
    }
    return n > 0;
}

int main(int argc, char *argv[])
{
    static struct pollfd fds[MAX];
    nfds_t n = 1;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    fds[0].fd = listen_on(argc > 1 ? argv[1] : "9000");
    fds[0].events = POLLIN;

    for (;;) {
        poll(fds, n, -1);
        for (nfds_t i = n - 1; i > 0; i--) {
            if (fds[i].revents != 0 && !serve(fds[i].fd)) {
                close(fds[i].fd);
                fds[i] = fds[--n];
            }
        }
        if (fds[0].revents & POLLIN) {
            int fd = n < MAX ? accept(fds[0].fd, NULL, NULL) : -1;
            if (fd < 0)
                usleep(20000);
            else
                fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
}
