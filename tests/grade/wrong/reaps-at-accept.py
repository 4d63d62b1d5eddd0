# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: gives-back
# hint: zombies
# It reaps one child whenever a client comes: when many have left and nobody comes, they all stay as
# zombies.
import os
import socket
import sys

host, port = sys.argv[1].split(":")
listener = socket.create_server((host, int(port)), backlog=128)
print("listening on %s:%d" % listener.getsockname(), file=sys.stderr, flush=True)
while True:
    conn, _ = listener.accept()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        pass
    if os.fork() == 0:
        listener.close()
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as error:
            print("client:", error, file=sys.stderr)
        os._exit(0)
    conn.close()
