// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: echo pieces address bytes sizes half-close next together private reset gone gives-back
// hint: waits-for-more
// MSG_WAITALL: it waits until its buffer of 1,024 bytes is full, or the client has half-closed,
// before it answers.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *arg)
{
    int client = (int)(intptr_t)arg;
    char buffer[1024];
    ssize_t n, sent, m = 0;

    while (m != -1 && (n = recv(client, buffer, sizeof buffer, MSG_WAITALL)) > 0)
        for (sent = 0; sent < n && m != -1; sent += m)
            m = send(client, buffer + sent, (size_t)(n - sent), 0);
    close(client);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
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
