# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: second
# hint: second-start
# When the port is taken it tries again and again, and so it hangs beside the first server.
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
host, port = sys.argv[1].rsplit(":", 1)
while True:
    try:
        listener = socket.create_server((host, int(port)))
        break
    except OSError as error:
        print(error, file=sys.stderr)
        time.sleep(1)
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.05)
        continue
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
