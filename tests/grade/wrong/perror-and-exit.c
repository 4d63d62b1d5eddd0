// grade: wrong
// step: 03
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: reset gone gives-back
// hint: died-on-reset
// Every failure ends the program, also that of a read: one client resets, and all clients lose
// their server.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *serve(void *arg)
{
    int client = (int)(intptr_t)arg;
    char buffer[4096];
    ssize_t n, sent, m;

    while ((n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n; sent += m)
            if ((m = write(client, buffer + sent, (size_t)(n - sent))) == -1)
                die("write");
    if (n == -1)
        die("read");
    close(client);
    return NULL;
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
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1)
        die("cannot listen");
    getsockname(listener, (struct sockaddr *)&addr, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            sleep(1);
        } else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0) {
            pthread_detach(thread);
        } else {
            close(client);
        }
    }
}
