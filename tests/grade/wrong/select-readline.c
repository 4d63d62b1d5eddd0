// grade: wrong
// step: 04
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: pieces bytes sizes large together private
// hint: waits-for-newline
// select says that something can be read, and the server then reads a whole line: half a line stops
// everything.
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    ssize_t got = 0;

    while (n < size && (got = read(fd, line + n, 1)) == 1)
        if (line[n++] == '\n')
            break;
    return n > 0 ? (ssize_t)n : got;
}

static bool write_all(int fd, const char *data, ssize_t n)
{
    ssize_t m;

    for (ssize_t sent = 0; sent < n; sent += m)
        if ((m = write(fd, data + sent, (size_t)(n - sent))) == -1)
            return false;
    return true;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof addr;
    char line[4096], *colon = argc > 1 ? strchr(argv[1], ':') : NULL;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    fd_set all;

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(colon ? colon + 1 : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    FD_ZERO(&all);
    FD_SET(listener, &all);
    for (;;) {
        fd_set ready = all;
        if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) == -1)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                if (client >= 0 && client < FD_SETSIZE)
                    FD_SET(client, &all);
                continue;
            }
            ssize_t n = read_line(fd, line, sizeof line);
            if (n <= 0 || !write_all(fd, line, n)) {
                FD_CLR(fd, &all);
                close(fd);
            }
        }
    }
}
