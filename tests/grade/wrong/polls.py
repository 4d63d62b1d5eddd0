# grade: wrong
# step: 04
# run: python3 FILE {port}
# needs: python3
# loses: idle emfile
# hint: spins-idle
# All sockets are non-blocking, and it tries each of them again and again instead of waiting.
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
listener.setblocking(False)
owed = {}

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
                owed[conn] = conn.recv(4096)
            if owed[conn]:
                owed[conn] = owed[conn][conn.send(owed[conn]):]
                continue
        except BlockingIOError:
            continue
        except OSError as error:
            print("client:", error)
        del owed[conn]
        conn.close()
