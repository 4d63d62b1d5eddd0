# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: sizes
# hint: waits-for-more
# After a read that fills its buffer it reads again before it answers: of exactly 1,024 bytes there
# is nothing more to read.
import socket
import sys
import threading


def receive(conn):
    message = bytearray()
    while True:
        data = conn.recv(1024)
        message += data
        if len(data) < 1024:
            return message


def handle(conn):
    with conn:
        try:
            while message := receive(conn):
                conn.sendall(message)
        except OSError as error:
            print("client:", error)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
