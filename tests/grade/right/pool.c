// grade: right
// step: 03
// run: PROGRAM {host} {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// full: core robust
// 64 threads that take clients from a queue; TERM, INT and QUIT kill it, so it loses the orderly
// tests of these.
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS 64
#define QUEUE 256

static int queue[QUEUE];
static size_t head, tail; /* taken from, put to */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;

static void put(int fd)
{
    pthread_mutex_lock(&lock);
    while (tail - head == QUEUE)
        pthread_cond_wait(&not_full, &lock);
    queue[tail++ % QUEUE] = fd;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
}

static int take(void)
{
    pthread_mutex_lock(&lock);
    while (tail == head)
        pthread_cond_wait(&not_empty, &lock);
    int fd = queue[head++ % QUEUE];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&lock);
    return fd;
}

static void *worker(void *arg)
{
    char *buf = arg;

    for (;;) {
        int fd = take();
        ssize_t n;
        while ((n = recv(fd, buf, 65536, 0)) > 0) {
            ssize_t sent = 0;
            while (sent < n) {
                ssize_t s = send(fd, buf + sent, (size_t)(n - sent), 0);
                if (s < 0)
                    break;
                sent += s;
            }
            if (sent < n)
                break;
        }
        close(fd);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;

    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(found->ai_family, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, found->ai_addr, found->ai_addrlen) < 0 || listen(listener, 64) < 0) {
        perror(argv[2]);
        return 1;
    }

    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, malloc(65536)) != 0) {
            fprintf(stderr, "only %d threads\n", i);
            if (i == 0)
                return 1;
            break;
        }
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            put(fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            usleep(100 * 1000);
    }
}
