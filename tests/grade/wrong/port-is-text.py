# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: starts
# hint: not-started
# It ends at once with a traceback: the port is still text when it is given to bind.
import socket
import sys
import threading

host, port = sys.argv[1].split(":")


def handle(conn):
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as error:
            print("client:", error)


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, port))
listener.listen(128)
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    client, _ = listener.accept()
    threading.Thread(target=handle, args=(client,), daemon=True).start()
