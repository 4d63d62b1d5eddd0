# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: echo
# hint: adds-bytes
# It writes "Echo: " before each answer.
import socket
import sys
import threading


def handle(conn):
    with conn:
        try:
            while data := conn.recv(1024):
                conn.sendall(b"Echo: " + data)
        except OSError as error:
            print("client:", error)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
