# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: term int
# hint: term-status
# sys.exit with a text prints it, and gives the exit status 1.
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


def stop(*_):
    listener.close()
    sys.exit("server terminated")


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.05)
        continue
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
