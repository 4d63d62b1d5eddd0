# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: restart
# hint: no-reuseaddr
# A bare bind, without SO_REUSEADDR: it cannot start again while the port is in TIME_WAIT.
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


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(128)
while True:
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.05)
        continue
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
