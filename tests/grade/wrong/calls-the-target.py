# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: together private reset
# hint: one-at-a-time
# target=handle(client) calls handle at once, in the main thread, and gives what it returns to a
# thread.
import socket
import sys
import threading


def handle(conn):
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as error:
            print("client:", error)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle(client), daemon=True).start()
