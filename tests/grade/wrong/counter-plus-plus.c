// grade: wrong
// step: 05
// run: PROGRAM {port}
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: count
// hint: counts-wrong
// Threads share a counter without a lock: now and then two add in the same moment, and one is lost.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long counter;

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

static void answer(FILE *out, const char *line, size_t n)
{
    if (n == 4 && memcmp(line, "read", 4) == 0) {
        fprintf(out, "%lu\n", counter);
    } else if (n == 3 && memcmp(line, "inc", 3) == 0) {
        counter++;
        fputs("Counter has been incremented\n", out);
    } else {
        fputs("Unknown command\n", out);
    }
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    char line[1026];
    size_t n = 0;
    int c;

    if (in && out) {
        while ((c = getc(in)) != EOF || n > 0) {
            if (c != EOF && c != '\n') {
                line[n] = (char)c;
                n += n < sizeof(line) - 1;
                continue;
            }
            n -= n > 0 && line[n - 1] == '\r';
            answer(out, line, n);
            if (fflush(out) == EOF)
                break;
            n = 0;
        }
    }
    if (out)
        fclose(out);
    if (in)
        fclose(in);
    else
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
            usleep(20000);
            continue;
        }
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0)
            pthread_detach(thread);
        else
            close(client);
    }
}
