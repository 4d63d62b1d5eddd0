# grade: wrong
# step: 02
# run: python3 FILE
# needs: python3
# loses: reset gone gives-back
# hint: died-on-reset
# Nothing catches ConnectionResetError: the server ends when one client resets its connection.
import socket
import sys

host, port = sys.argv[1].split(":")
with socket.create_server((host, int(port)), backlog=128) as listener:
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    while True:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(4096):
                conn.sendall(data)
