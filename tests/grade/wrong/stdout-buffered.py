# grade: wrong
# step: 03
# run: env -u PYTHONUNBUFFERED python3 FILE
# needs: python3
# loses: starts
# hint: stdout-buffered
# The line that says where it listens stays in stdout's buffer: print without flush=True.
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


with socket.create_server((host, int(port)), backlog=128) as listener:
    print("listening on %s:%d" % listener.getsockname())
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
