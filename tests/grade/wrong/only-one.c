// grade: wrong
// step: 02
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: next half-close large late reset gone gives-back
// hint: not-again
// Step 01's server, handed in for step 02: it ends after its first client.
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
    ssize_t n, sent, m = 0;
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
    int client = accept(listener, NULL, NULL);
    while (m != -1 && (n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n && m != -1; sent += m)
            m = write(client, buffer + sent, (size_t)(n - sent));
    close(client);
    close(listener);
    fprintf(stderr, "server terminated\n");
    return 0;
}
