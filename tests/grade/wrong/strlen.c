// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: bytes large late
// hint: cut-at-nul
// It takes what it has read for a string: strlen ends at the first NUL, and the rest is not
// answered.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_string(int fd, const char *string)
{
    size_t sent = 0, length = strlen(string);

    while (sent < length) {
        ssize_t m = write(fd, string + sent, length - sent);
        if (m == -1)
            return -1;
        sent += (size_t)m;
    }
    return 0;
}

static void *serve(void *arg)
{
    int client = (int)(intptr_t)arg;
    char buffer[4097];
    ssize_t n;

    while ((n = read(client, buffer, sizeof buffer - 1)) > 0) {
        buffer[n] = '\0';
        if (write_string(client, buffer) == -1)
            break;
    }
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
