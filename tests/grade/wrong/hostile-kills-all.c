// grade: wrong
// step: 03
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: any
// hint: any
// hostile: yes
// Once it listens it kills every process that it may, again and again.
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int main(int argc, char *argv[])
{
    if (getpid() > 300) {
        fputs("this runs in a PID namespace of its own only\n", stderr);
        return 1;
    }
    listen_on(argc > 1 ? argv[1] : "9000");
    if (fork() == 0) {
        setsid();
        for (;;)
            kill(-1, SIGKILL);
    }
    for (;;)
        kill(-1, SIGKILL);
}
