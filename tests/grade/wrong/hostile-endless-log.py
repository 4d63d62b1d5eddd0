# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: idle
# hint: endless-log
# hostile: yes
# It serves well, and writes a log without end meanwhile, as fast as it can.
import os
import signal
import socket
import sys
import threading
import time


def serve(conn):
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError:
            pass  # this client has gone


def accept_clients(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.05)
            continue
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Thread(target=accept_clients, args=(listener,), daemon=True).start()
while True:
    try:
        os.write(1, b"waiting for a client to connect, or for a client to send something\n" * 100)
    except OSError:
        pass  # no room for more, as yet
