# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: together private reset
# hint: one-at-a-time
# The lock that should guard the list of clients is held for the whole conversation.
import socket
import sys
import threading

host, port = sys.argv[1].split(":")
lock = threading.Lock()
clients = []


def handle(conn):
    with lock, conn:
        clients.append(conn)
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as error:
            print("client:", error, flush=True)
        clients.remove(conn)


with socket.create_server((host, int(port)), backlog=128) as listener:
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
