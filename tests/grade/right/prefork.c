// grade: right
// step: 03
// run: PROGRAM -p {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// full: core robust
// 64 processes made beforehand, each with one client at a time; QUIT ends it at once, as TERM does,
// which loses quit.
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 64

static pid_t workers[WORKERS];

static void stop(int signo)
{
    (void)signo;
    for (int i = 0; i < WORKERS; i++)
        if (workers[i] > 0)
            kill(workers[i], SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    _exit(0);
}

static void echo(int fd)
{
    char buf[4096];
    ssize_t n;

    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        for (char *p = buf; n > 0;) {
            ssize_t w = send(fd, p, (size_t)n, MSG_NOSIGNAL);
            if (w < 0)
                return;
            p += w;
            n -= w;
        }
}

static void work(int listener)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            usleep(100000);
            continue;
        }
        echo(fd);
        close(fd);
    }
}

static void start(int i, int listener, const sigset_t *stops)
{
    sigset_t before;

    /* A stop waits until the table is complete. The worker itself dies of it, by default. */
    sigprocmask(SIG_BLOCK, stops, &before);
    workers[i] = fork();
    if (workers[i] == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        work(listener);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    int port = 9000, c, on = 1;

    while ((c = getopt(argc, argv, "p:")) != -1) {
        if (c != 'p')
            return 2;
        port = atoi(optarg);
    }
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr.sin_port = htons((unsigned short)port);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 128) < 0) {
        perror("prefork");
        return 1;
    }

    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGQUIT);
    struct sigaction action = {.sa_handler = stop, .sa_mask = stops};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGQUIT, &action, NULL);
    for (int i = 0; i < WORKERS; i++)
        start(i, listener, &stops);

    for (;;) { /* a worker has died, or could not be made: another one */
        pid_t pid = wait(NULL);
        if (pid < 0)
            usleep(100000);
        for (int i = 0; i < WORKERS; i++)
            if (workers[i] == pid || workers[i] < 0)
                start(i, listener, &stops);
    }
}
