// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: gives-back
// hint: zombies
// One wait for each SIGCHLD: signals that come together are one, so of children that end together
// all but one stay.
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int signal)
{
    int saved = errno;

    (void)signal;
    waitpid(-1, NULL, WNOHANG);
    errno = saved;
}

static void echo(int client)
{
    char buffer[4096];
    ssize_t n, sent, m;

    while ((n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n; sent += m)
            if ((m = write(client, buffer + sent, (size_t)(n - sent))) == -1)
                return;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGCHLD, &action, NULL);
    addr.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            sleep(1);
            continue;
        }
        if (fork() == 0) {
            close(listener);
            echo(client);
            _exit(0);
        }
        close(client);
    }
}
