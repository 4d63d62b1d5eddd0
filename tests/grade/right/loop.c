// grade: right
// step: 02
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust orderly
// One client after the other, with nothing but read and write. Of step 02 TERM is not asked, so it
// gets full marks.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static void handle(int fd)
{
    char buf[1024];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0)
        if (write_all(fd, buf, (size_t)n) < 0)
            break;
    if (n < 0)
        perror("read");
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;

    addr.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 9000));
    signal(SIGPIPE, SIG_IGN);
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(sock, (struct sockaddr *)&addr, sizeof addr) == -1) {
        perror("bind");
        return 1;
    }
    if (listen(sock, 10) == -1) {
        perror("listen");
        return 1;
    }
    while (1) {
        int fd = accept(sock, NULL, NULL);
        if (fd == -1) {
            perror("accept");
            usleep(100000);
            continue;
        }
        handle(fd);
    }
}
