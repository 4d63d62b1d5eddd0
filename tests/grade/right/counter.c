// grade: right
// step: 05
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// full: core robust
// The counter with a thread for each client and a mutex; TERM, INT and QUIT kill it.
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE 1024

static unsigned long long counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t s = send(fd, p, n, MSG_NOSIGNAL);
        if (s < 0)
            return -1;
        p += s;
        n -= (size_t)s;
    }
    return 0;
}

/* Returns how long the reply is. */
static size_t answer(const char *line, size_t n, char *reply)
{
    if (n == 4 && memcmp(line, "read", 4) == 0) {
        pthread_mutex_lock(&lock);
        unsigned long long now = counter;
        pthread_mutex_unlock(&lock);
        return (size_t)sprintf(reply, "%llu\n", now);
    }
    if (n == 3 && memcmp(line, "inc", 3) == 0) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
        return (size_t)sprintf(reply, "Counter has been incremented\n");
    }
    return (size_t)sprintf(reply, "Unknown command\n");
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char in[1024], line[LINE], out[sizeof in * 32];
    size_t length = 0;
    ssize_t n;

    while ((n = recv(fd, in, sizeof in, 0)) > 0) {
        size_t owed = 0;
        for (ssize_t i = 0; i < n; i++) {
            if (in[i] == '\n') {
                if (length > 0 && line[length - 1] == '\r')
                    length--;
                owed += answer(line, length, out + owed);
                length = 0;
            } else if (length < LINE) {
                line[length++] = in[i];
            }
        }
        if (send_all(fd, out, owed) < 0)
            break;
    }
    if (n == 0 && length > 0)
        send_all(fd, out, answer(line, length, out));
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    char *colon = argc > 1 ? strchr(argv[1], ':') : NULL;

    if (!colon) {
        fprintf(stderr, "usage: counter HOST:PORT\n");
        return 2;
    }
    *colon = '\0';
    addr.sin_addr.s_addr = inet_addr(argv[1]);
    addr.sin_port = htons((unsigned short)atoi(colon + 1));
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 128) < 0) {
        perror("counter");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &(socklen_t){sizeof addr});
    printf("counter: listening on %s:%d\n", argv[1], ntohs(addr.sin_port));
    fflush(stdout);

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0) {
            if (errno != EINTR && errno != ECONNABORTED)
                usleep(100000);
        } else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0) {
            close(fd);
        } else {
            pthread_detach(thread);
        }
    }
}
