// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: half-close large late next gives-back
// hint: never-closes
// The parent does not close its copy of the client's descriptor, so that the client never sees the
// end.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo(int client)
{
    char buffer[4096];
    ssize_t n, sent, m;

    while ((n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n; sent += m)
            if ((m = write(client, buffer + sent, (size_t)(n - sent))) == -1)
                return;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps the children */
    addr.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            sleep(1);
            continue;
        }
        if (fork() == 0) {
            close(listener);
            echo(client);
            close(client);
            _exit(0);
        }
    }
}
