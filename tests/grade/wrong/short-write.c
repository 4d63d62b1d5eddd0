// grade: wrong
// step: 04
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: large sizes late private
// hint: short-write
// The sockets do not block, so that write may take a part only, or nothing: what it returns is not
// looked at.
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static char buffer[65536];
    const int send_buffer = 16384; /* saves memory when there are many clients */
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    fd_set all;

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
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
                if (client >= 0 && client < FD_SETSIZE) {
                    setsockopt(client, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
                    fcntl(client, F_SETFL, O_NONBLOCK);
                    FD_SET(client, &all);
                }
                continue;
            }
            ssize_t n = read(fd, buffer, sizeof buffer);
            if (n > 0) {
                write(fd, buffer, (size_t)n);
            } else {
                FD_CLR(fd, &all);
                close(fd);
            }
        }
    }
}
