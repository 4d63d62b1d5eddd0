// grade: wrong
// step: 04
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: large private
// hint: repeats-bytes
// After a short write it goes on, but from the beginning of the buffer: bytes come twice, and
// others not at all.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static struct client {
    char buffer[256 * 1024];
    size_t owed; /* bytes of buffer that are still to be written */
} * clients[FD_SETSIZE];
static fd_set readers, writers;

static bool serve(int fd, struct client *client)
{
    if (client->owed == 0) {
        ssize_t n = read(fd, client->buffer, sizeof client->buffer);
        if (n <= 0)
            return n == -1 && errno == EAGAIN;
        client->owed = (size_t)n;
    }
    ssize_t written = write(fd, client->buffer, client->owed);
    if (written == -1 && errno != EAGAIN)
        return false;
    if (written > 0)
        client->owed -= (size_t)written;
    return true;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof addr;
    char *colon = argc > 1 ? strchr(argv[1], ':') : NULL;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(colon ? colon + 1 : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    FD_SET(listener, &readers);
    for (;;) {
        fd_set in = readers, out = writers;
        if (select(FD_SETSIZE, &in, &out, NULL, NULL) == -1)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (!FD_ISSET(fd, &in) && !FD_ISSET(fd, &out))
                continue;
            if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                if (client >= 0 && client < FD_SETSIZE) {
                    fcntl(client, F_SETFL, O_NONBLOCK);
                    clients[client] = calloc(1, sizeof *clients[client]);
                    FD_SET(client, &readers);
                }
                continue;
            }
            bool stays = serve(fd, clients[fd]), owes = clients[fd]->owed > 0;
            FD_CLR(fd, &readers);
            FD_CLR(fd, &writers);
            if (stays) {
                FD_SET(fd, owes ? &writers : &readers);
            } else {
                free(clients[fd]);
                close(fd);
            }
        }
    }
}
