// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O0 -w -pthread FILE -o PROGRAM
// needs: cc
// loses: sizes large late private reset gone
// hint: died
// It copies what it has read, up to 64 KiB, to the 1,024 bytes of a buffer on its stack: a big
// message kills it.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int echo(int client)
{
    static _Thread_local char input[65536];
    char answer[1024];
    ssize_t n = read(client, input, sizeof input), sent, m;

    if (n <= 0)
        return -1;
    memcpy(answer, input, (size_t)n);
    for (sent = 0; sent < n; sent += m)
        if ((m = write(client, answer + sent, (size_t)(n - sent))) == -1)
            return -1;
    return 0;
}

static void *serve(void *arg)
{
    int client = (int)(intptr_t)arg;

    while (echo(client) == 0)
        ;
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
