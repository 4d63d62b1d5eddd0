# grade: right
# step: 03 06
# run: python3 FILE
# needs: python3
# full: core robust orderly
# A thread for each client, while the main thread waits for signals and ends the server.
import errno
import os
import signal
import socket
import sys
import threading
import time

STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def echo(client):
    with client:
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except OSError as error:
            print("client:", error, file=sys.stderr)


def accept_clients(listener):
    while True:
        try:
            client, _ = listener.accept()
        except OSError as error:
            if error.errno == errno.EINVAL:  # the main thread has shut the listener down
                return
            print("accept:", error, file=sys.stderr)
            time.sleep(0.1)  # perhaps a client leaves, and a descriptor is free
            continue
        try:
            threading.Thread(target=echo, args=(client,), daemon=True).start()
        except RuntimeError as error:  # no more threads
            print("thread:", error, file=sys.stderr)
            client.close()


def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    listener = socket.create_server((host, int(port)), backlog=128)
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    acceptor = threading.Thread(target=accept_clients, args=(listener,), daemon=True)
    acceptor.start()

    if signal.sigwait(STOPS) == signal.SIGQUIT:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGINT, lambda *_: os._exit(0))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS - {signal.SIGQUIT})
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()
    os._exit(0)


main()
