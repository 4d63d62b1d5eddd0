# grade: wrong
# step: 05
# run: python3 FILE
# needs: python3
# loses: last-line
# hint: died
# A last line without its LF cannot be unpacked into two: the exception ends the whole server.
import selectors
import signal
import socket
import sys
import time

counter = 0
selector = selectors.DefaultSelector()


def answer(line):
    global counter
    if line.endswith(b"\r"):
        line = line[:-1]
    if line == b"read":
        return b"%d\n" % counter
    if line == b"inc":
        counter += 1
        return b"Counter has been incremented\n"
    return b"Unknown command\n"


class Client:
    def __init__(self, conn):
        self.conn, self.rest, self.owed, self.ended = conn, b"", b"", False
        selector.register(conn, selectors.EVENT_READ, self)

    def receive(self):
        data = self.conn.recv(4096)
        self.ended = not data
        self.rest += data
        while b"\n" in self.rest or (self.ended and self.rest):
            line, self.rest = self.rest.split(b"\n", 1)
            self.owed += answer(line)
        self.rest = self.rest[:1026]

    def serve(self):
        try:
            if not self.owed:
                self.receive()
            self.owed = self.owed[self.conn.send(self.owed):]
        except BlockingIOError:
            pass
        except OSError:
            self.ended, self.owed = True, b""
        if self.ended and not self.owed:
            selector.unregister(self.conn)
            self.conn.close()
            return
        events = selectors.EVENT_WRITE if self.owed else selectors.EVENT_READ
        selector.modify(self.conn, events, self)


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    for key, _ in selector.select():
        try:
            if key.data:
                key.data.serve()
                continue
            conn, _ = listener.accept()
            conn.setblocking(False)
            Client(conn)
        except OSError:
            time.sleep(0.02)
