# grade: wrong
# step: 04
# run: python3 FILE {port}
# needs: python3
# loses: term
# hint: term-reset
# To be rid of TIME_WAIT, TERM closes each client with SO_LINGER 0: they all get a reset.
import selectors
import signal
import socket
import struct
import sys
import time

selector = selectors.DefaultSelector()
owed = {}  # what each client has not taken yet


def accept(listener):
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.02)
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


def stop(*_):
    for conn in list(owed):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        close(conn)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
