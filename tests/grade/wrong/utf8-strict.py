# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: bytes large late
# hint: died
# It decodes what it reads, for its log: the first byte that is not UTF-8 raises UnicodeDecodeError,
# and all is over.
import selectors
import socket
import sys

host, port = sys.argv[1].split(":")
selector = selectors.DefaultSelector()
listener = socket.create_server((host, int(port)), backlog=128)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
owed = {}  # client: bytes that it has not taken
print("listening on %s:%d" % listener.getsockname(), file=sys.stderr, flush=True)


def leave(conn):
    selector.unregister(conn)
    del owed[conn]
    conn.close()


while True:
    for key, mask in selector.select():
        conn = key.fileobj
        try:
            if conn is listener:
                conn, _ = listener.accept()
                conn.setblocking(False)
                owed[conn] = b""
                selector.register(conn, selectors.EVENT_READ)
            elif mask & selectors.EVENT_READ:
                data = conn.recv(4096)
                if not data:
                    leave(conn)
                    continue
                text = data.decode()
                if text.strip() == "debug":
                    print("debug:", len(owed), "clients", file=sys.stderr)
                sent = conn.send(data)
                owed[conn] = data[sent:]
            else:
                sent = conn.send(owed[conn])
                owed[conn] = owed[conn][sent:]
        except BlockingIOError:
            if conn is not listener:
                owed[conn] = owed[conn] or data
        except OSError as error:
            print("client:", error, file=sys.stderr)
            if conn is not listener:
                leave(conn)
        if conn in owed:
            selector.modify(conn, selectors.EVENT_WRITE if owed[conn] else selectors.EVENT_READ)
