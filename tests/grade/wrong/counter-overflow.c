// grade: wrong
// step: 05
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: long-line
// hint: died
// Nothing stops a long line at the end of its array: it overwrites what follows, and then crashes.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong counter;

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
        fprintf(out, "%lu\n", atomic_load(&counter));
    } else if (n == 3 && memcmp(line, "inc", 3) == 0) {
        atomic_fetch_add(&counter, 1);
        fputs("Counter has been incremented\n", out);
    } else {
        fputs("Unknown command\n", out);
    }
}

struct client {
    char line[1024];
    FILE *in, *out;
};

static void *serve(void *arg)
{
    struct client client = {.in = fdopen((int)(intptr_t)arg, "r")};
    size_t n = 0;
    int c;

    client.out = client.in ? fdopen(dup(fileno(client.in)), "w") : NULL;
    if (client.out) {
        while ((c = getc(client.in)) != EOF || n > 0) {
            if (c != EOF && c != '\n') {
                client.line[n++] = (char)c;
                continue;
            }
            n -= n > 0 && client.line[n - 1] == '\r';
            answer(client.out, client.line, n);
            if (fflush(client.out) == EOF)
                break;
            n = 0;
        }
    }
    if (client.out)
        fclose(client.out);
    if (client.in)
        fclose(client.in);
    else
        close((int)(intptr_t)arg);
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
