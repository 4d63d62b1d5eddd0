# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: emfile
# hint: emfile-exit
# Nobody catches the OSError of accept, so want of descriptors ends the server.
import signal
import socket
import sys
import threading


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
listener = socket.create_server((host, int(port)))
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    conn, _ = listener.accept()
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
