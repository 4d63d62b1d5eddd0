// grade: right
// step: 03
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust
// A process for each client, reaped at SIGCHLD; TERM, INT and QUIT kill the parent alone, so it
// loses orderly tests.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int signo)
{
    int saved = errno;
    (void)signo;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

static int echo(int fd)
{
    char buf[8192];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0)
        for (ssize_t done = 0; done < n;) {
            ssize_t w = write(fd, buf + done, (size_t)(n - done));
            if (w < 0)
                return 1;
            done += w;
        }
    return n < 0;
}

static int listen_on(char *address)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t size = sizeof addr;
    char *colon = strrchr(address, ':');

    if (!colon) {
        fprintf(stderr, "usage: fork HOST:PORT\n");
        exit(2);
    }
    *colon = '\0';
    inet_pton(AF_INET, address, &addr.sin_addr);
    addr.sin_port = htons((unsigned short)atoi(colon + 1));

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, SOMAXCONN) < 0) {
        perror("fork: cannot listen");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&addr, &size);
    printf("listening on %s:%d\n", address, ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    int listener = listen_on(argc > 1 ? argv[argc - 1] : strdup("127.0.0.1:9000"));
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            if (errno != EINTR && errno != ECONNABORTED)
                usleep(100000); /* or until a child ends */
            continue;
        }
        pid_t pid = fork();
        if (pid == 0) {
            close(listener);
            _exit(echo(client));
        }
        if (pid < 0) {
            perror("fork");
            usleep(100000);
        }
        close(client);
    }
}
