# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: half-close large late next
# hint: resets-instead
# SO_LINGER with 0 seconds, to have no TIME_WAIT: close resets the connection, and what is not yet
# read is lost.
import socket
import struct
import sys
import threading


def handle(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as error:
            print("client:", error)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
