// grade: wrong
// step: 05
// run: PROGRAM
// build: cc -O2 -pthread FILE -o PROGRAM
// needs: cc
// loses: exact
// hint: wrong-reply
// strncmp looks at the beginning only: "incr" counts, and "reader" is answered as "read".
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

static void answer(FILE *out, const char *line)
{
    if (strncmp(line, "read", 4) == 0) {
        fprintf(out, "%lu\n", atomic_load(&counter));
    } else if (strncmp(line, "inc", 3) == 0) {
        atomic_fetch_add(&counter, 1);
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
            line[n] = '\0';
            answer(out, line);
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
