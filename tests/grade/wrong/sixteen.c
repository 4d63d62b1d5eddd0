// grade: wrong
// step: 03
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: gives-back
// hint: died
// Its table has room for 16 clients: the 17th that is there at the same time ends the server for
// all.
#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 16

static int clients[MAX_CLIENTS], n_clients;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void add(int client)
{
    pthread_mutex_lock(&lock);
    assert(n_clients < MAX_CLIENTS);
    clients[n_clients++] = client;
    pthread_mutex_unlock(&lock);
}

static void take_off(int client)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n_clients; i++)
        if (clients[i] == client)
            clients[i--] = clients[--n_clients];
    pthread_mutex_unlock(&lock);
}

static void *serve(void *arg)
{
    int client = (int)(intptr_t)arg;
    char buffer[4096];
    ssize_t n, sent, m = 0;

    add(client);
    while (m != -1 && (n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n && m != -1; sent += m)
            m = write(client, buffer + sent, (size_t)(n - sent));
    take_off(client);
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
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
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
