# grade: wrong
# step: 04
# run: python3 FILE {port}
# needs: python3
# loses: emfile
# hint: emfile-spin
# Without descriptors accept fails, the listener stays ready, and the loop goes round and round.
import selectors
import signal
import socket
import sys

selector = selectors.DefaultSelector()
owed = {}  # what each client has not taken yet


def accept(listener):
    try:
        conn, _ = listener.accept()
    except OSError:
        return
    conn.setblocking(False)
    owed[conn] = b""
    selector.register(conn, selectors.EVENT_READ, serve)


def serve(conn):
    try:
        if not owed[conn]:
            owed[conn] = conn.recv(16384)
            if not owed[conn]:
                return close(conn)
        owed[conn] = owed[conn][conn.send(owed[conn]):]
    except BlockingIOError:
        pass
    except OSError:
        return close(conn)
    events = selectors.EVENT_WRITE if owed[conn] else selectors.EVENT_READ
    selector.modify(conn, events, serve)


def close(conn):
    selector.unregister(conn)
    del owed[conn]
    conn.close()


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
