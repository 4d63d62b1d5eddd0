# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: idle
# hint: spins-on-half-close
# At EOF it still owes something, goes on asking for EVENT_READ, and gets the EOF again and again.
import selectors
import signal
import socket
import sys
import time

LIMIT = 1 << 20  # so much may be owed to a client before we stop reading from it
selector = selectors.DefaultSelector()


class Client:
    def __init__(self, conn):
        self.conn = conn
        self.owed = bytearray()
        self.ended = False
        selector.register(conn, selectors.EVENT_READ, self)

    def serve(self, events):
        try:
            if events & selectors.EVENT_READ:
                data = self.conn.recv(65536)
                self.owed += data
                self.ended = not data
            if self.owed:
                del self.owed[:self.conn.send(self.owed)]
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
            self.owed.clear()
        if self.ended and not self.owed:
            selector.unregister(self.conn)
            self.conn.close()
            return
        events = selectors.EVENT_READ if len(self.owed) < LIMIT else 0
        events |= selectors.EVENT_WRITE if self.owed else 0
        selector.modify(self.conn, events, self)


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    for key, events in selector.select():
        if key.data:
            key.data.serve(events)
            continue
        try:
            conn, _ = listener.accept()
            conn.setblocking(False)
            Client(conn)
        except OSError:
            time.sleep(0.02)
