// grade: right
// step: 03
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust
// A process for each client, reaped by the kernel, and a queue of one for those not accepted yet.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int echo(int fd)
{
    char buf[1024];
    ssize_t n, w;

    while ((n = read(fd, buf, sizeof buf)) > 0)
        for (ssize_t done = 0; done < n; done += w)
            if ((w = write(fd, buf + done, (size_t)(n - done))) < 0)
                return 1;
    return n < 0;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGCHLD, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    addr.sin_port = htons((unsigned short)atoi(argv[1]));
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("bind");
    if (listen(listener, 1) < 0)
        die("listen");
    printf("waiting for clients\n");
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            perror("accept");
            sleep(1);
            continue;
        }
        pid_t pid = fork();
        if (pid == 0) {
            close(listener);
            _exit(echo(client));
        }
        if (pid < 0)
            perror("fork");
        close(client);
    }
}
