# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: idle
# hint: spins-idle
# No select at all: every non-blocking socket is asked in turn, for ever, at full speed.
import signal
import socket
import sys

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
listener.setblocking(False)
print("listening on %s:%d" % listener.getsockname(), flush=True)
owed = {}  # of each client, what it has not taken yet
while True:
    try:
        conn, _ = listener.accept()
        conn.setblocking(False)
        owed[conn] = b""
    except OSError:
        pass
    for conn in list(owed):
        try:
            if not owed[conn]:
                owed[conn] = conn.recv(16384)
            sent = conn.send(owed[conn])
            if sent == 0:
                del owed[conn]
                conn.close()
            else:
                owed[conn] = owed[conn][sent:]
        except BlockingIOError:
            pass
        except OSError:
            del owed[conn]
            conn.close()
