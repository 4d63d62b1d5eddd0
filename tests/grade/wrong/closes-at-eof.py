# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: half-close late
# hint: loses-at-half-close
# It reads as long as there is something to read, closes at the end of it, and forgets what it still
# owes.
import selectors
import socket
import sys

host, port = sys.argv[1].split(":")
selector = selectors.DefaultSelector()
listener = socket.create_server((host, int(port)), backlog=128)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print("listening on %s:%d" % listener.getsockname(), flush=True)


def serve(conn, owed, mask):
    if mask & selectors.EVENT_READ:
        data = conn.recv(1024)
        if not data:
            return False
        owed += data
    elif mask & selectors.EVENT_WRITE and owed:
        sent = conn.send(owed)
        del owed[:sent]
    wanted = selectors.EVENT_READ if len(owed) < 1 << 20 else 0  # no more than 1 MiB for a client
    selector.modify(conn, wanted | (selectors.EVENT_WRITE if owed else 0), owed)
    return True


while True:
    for key, mask in selector.select():
        if key.fileobj is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ, bytearray())
            continue
        try:
            stays = serve(key.fileobj, key.data, mask)
        except OSError as error:
            print("client:", error, flush=True)
            stays = False
        if not stays:
            selector.unregister(key.fileobj)
            key.fileobj.close()
