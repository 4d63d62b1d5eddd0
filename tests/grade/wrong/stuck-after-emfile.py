# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: emfile
# hint: emfile-stuck
# A thread accepts; the first EMFILE ends that thread, and the program lives on without it.
import signal
import socket
import sys
import threading


def serve(conn):
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError:
            pass  # this client has gone


def accept_clients(listener):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


stops = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, stops)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Thread(target=accept_clients, args=(listener,), daemon=True).start()
signal.sigwait(stops)
