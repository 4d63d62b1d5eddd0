// grade: wrong
// step: 02
// run: PROGRAM {port}
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: address
// hint: fixed-port
// The port is a macro: what the command line says is never looked at.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 9000

static void echo(int client)
{
    char buffer[4096];
    ssize_t n, sent, m;

    while ((n = read(client, buffer, sizeof buffer)) > 0)
        for (sent = 0; sent < n; sent += m)
            if ((m = write(client, buffer + sent, (size_t)(n - sent))) == -1)
                return;
}

int main(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    addr.sin_port = htons(PORT);
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
        echo(client);
        close(client);
    }
}
