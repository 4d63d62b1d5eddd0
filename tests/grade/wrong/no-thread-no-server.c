// grade: wrong
// step: 03
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: room
// hint: room-exit
// When no more threads can be had, the server ends, and takes the clients it has with it.
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int listen_on(const char *where)
{
    const char *colon = strrchr(where, ':');
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(colon ? colon + 1 : where)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 128) < 0) {
        perror("cannot listen");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void stop(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buffer[4096];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        ssize_t sent = 0;
        while (sent < n) {
            ssize_t m = write(fd, buffer + sent, (size_t)(n - sent));
            if (m < 0) {
                close(fd);
                return NULL;
            }
            sent += m;
        }
    }
    close(fd);
    return NULL;
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    int listener = listen_on(argc > 1 ? argv[1] : "9000");

    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            usleep(100000);
            continue;
        }
        errno = pthread_create(&thread, NULL, serve, (void *)(intptr_t)client);
        if (errno != 0) {
            perror("pthread_create");
            exit(1);
        }
        pthread_detach(thread);
    }
}
