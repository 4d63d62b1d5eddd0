# grade: wrong
# step: 04
# run: python3 FILE {port}
# needs: python3
# loses: unread
# hint: held-up-by-reader
# sendall in the loop waits for a client that does not read, and everybody waits with it.
import selectors
import signal
import socket
import sys
import time

selector = selectors.DefaultSelector()


def accept(listener):
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.02)
        return
    selector.register(conn, selectors.EVENT_READ, serve)


def serve(conn):
    try:
        data = conn.recv(4096)
        conn.sendall(data)
    except OSError:
        data = b""
    if not data:
        selector.unregister(conn)
        conn.close()


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
selector.register(listener, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
