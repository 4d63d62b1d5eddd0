# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: echo pieces bytes sizes large late together private reset gone
# hint: closes-early
# The loop is missing: it answers one read of 1,024 bytes, and closes.
import socket
import sys
import threading


def handle(conn):
    with conn:
        try:
            data = conn.recv(1024)
            conn.sendall(data)
        except OSError as error:
            print("client:", error)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
