// grade: right
// step: 04
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust
// One process with select and a buffer for each client; TERM, INT and QUIT kill it, so it loses
// those tests.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int used;
    size_t length; /* of what is in the buffer and has to be sent */
    char buffer[8192];
};

static struct client clients[FD_SETSIZE];

static void close_client(int fd)
{
    close(fd);
    clients[fd].used = 0;
}

static void read_client(int fd)
{
    struct client *c = &clients[fd];
    ssize_t n = read(fd, c->buffer, sizeof c->buffer);

    if (n > 0)
        c->length = (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_client(fd);
}

static void write_client(int fd)
{
    struct client *c = &clients[fd];
    ssize_t n = write(fd, c->buffer, c->length);

    if (n > 0) {
        c->length -= (size_t)n;
        memmove(c->buffer, c->buffer + n, c->length);
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_client(fd);
    }
}

static int accept_client(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -1;
    if (fd >= FD_SETSIZE) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    clients[fd].used = 1;
    clients[fd].length = 0;
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    char host[32] = "127.0.0.1";
    int port = 9000, on = 1, resting = 0;

    if (argc > 1 && sscanf(argv[1], "%31[^:]:%d", host, &port) != 2)
        return 2;
    addr.sin_port = htons((unsigned short)port);
    addr.sin_addr.s_addr = inet_addr(host);
    signal(SIGPIPE, SIG_IGN);

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(listener, 100) != 0) {
        perror("bind");
        exit(EXIT_FAILURE);
    }
    fcntl(listener, F_SETFL, O_NONBLOCK);
    getsockname(listener, (struct sockaddr *)&addr, &(socklen_t){sizeof addr});
    printf("select server listening on %s:%d\n", host, ntohs(addr.sin_port));
    fflush(stdout);

    for (;;) {
        fd_set reading, writing;
        struct timeval tenth = {.tv_usec = 100000};
        FD_ZERO(&reading);
        FD_ZERO(&writing);
        if (!resting)
            FD_SET(listener, &reading);
        for (int fd = 0; fd < FD_SETSIZE; fd++)
            if (clients[fd].used)
                FD_SET(fd, clients[fd].length > 0 ? &writing : &reading);
        if (select(FD_SETSIZE, &reading, &writing, NULL, resting ? &tenth : NULL) < 0)
            continue;

        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (clients[fd].used && FD_ISSET(fd, &reading))
                read_client(fd);
            else if (clients[fd].used && FD_ISSET(fd, &writing))
                write_client(fd);
        }
        resting = !resting && FD_ISSET(listener, &reading) && accept_client(listener) < 0;
    }
}
