// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: together
// hint: forgotten
// Each thread gets the address of the accept loop's variable: by the time it looks, a later
// client's socket may be there.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *arg)
{
    int client = *(int *)arg;
    char buffer[4096];
    ssize_t n, sent, m = 0;

    while (m != -1 && (n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n && m != -1; sent += m)
            m = write(client, buffer + sent, (size_t)(n - sent));
    close(client);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    for (;;) {
        pthread_t thread;
        client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            sleep(1);
        } else if (pthread_create(&thread, NULL, serve, &client) == 0) {
            pthread_detach(thread);
        } else {
            close(client);
        }
    }
}
