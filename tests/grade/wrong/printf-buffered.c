// grade: wrong
// step: 01
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: starts
// hint: stdout-buffered
// The line that says where it listens stays in stdout's buffer, which printf fills when stdout is
// no terminal.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof addr;
    char buffer[4096], *colon = argc > 1 ? strchr(argv[1], ':') : NULL;
    ssize_t n, sent, m;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(colon ? colon + 1 : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 5) == -1) {
        perror("cannot listen");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &length);
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    int client = accept(listener, NULL, NULL);
    while ((n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n; sent += m)
            if ((m = write(client, buffer + sent, (size_t)(n - sent))) == -1)
                return 0;
    close(client);
    return 0;
}
