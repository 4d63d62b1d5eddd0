# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: any
# hint: any
# hostile: yes
# To each client it sends without an end, and takes more memory with each answer.
import os
import socket
import sys
import threading

if os.getpid() > 300:
    sys.exit("this runs in a PID namespace of its own only")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
taken = []


def serve(conn):
    try:
        while True:
            conn.sendall(b"hello\n")
            taken.append(b"x" * (1 << 18))
    except OSError:
        pass


while True:
    client, _ = listener.accept()
    threading.Thread(target=serve, args=(client,), daemon=True).start()
