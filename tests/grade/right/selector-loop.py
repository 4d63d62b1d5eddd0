# grade: right
# step: 04 03
# run: python3 FILE
# needs: python3
# full: core robust
# One thread with selectors, which reads from a client only when it owes it nothing; TERM and the
# like kill it.
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.owed = b""
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ, self)

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_READ:
                self.owed = self.sock.recv(16384)
                if not self.owed:
                    return self.close()
            self.owed = self.owed[self.sock.send(self.owed):]
        except BlockingIOError:
            pass
        except OSError:
            return self.close()
        wanted = selectors.EVENT_WRITE if self.owed else selectors.EVENT_READ
        selector.modify(self.sock, wanted, self)

    def close(self):
        selector.unregister(self.sock)
        self.sock.close()


def accept(listener):
    """False: there is no descriptor for a client."""
    try:
        sock, _ = listener.accept()
    except (BlockingIOError, ConnectionAbortedError):
        return True
    except OSError as error:
        print("accept:", error, file=sys.stderr)
        return False
    Client(sock)
    return True


host, _, port = sys.argv[1].rpartition(":")
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(128)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print("listening on %s:%d" % listener.getsockname(), flush=True)

accepting = True
while True:
    events = selector.select(None if accepting else 0.1)
    if not accepting:
        selector.register(listener, selectors.EVENT_READ)
        accepting = True
    for key, mask in events:
        if key.fileobj is not listener:
            key.data.ready(mask)
        elif not accept(listener):
            selector.unregister(listener)
            accepting = False
