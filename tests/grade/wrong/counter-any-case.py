# grade: wrong
# step: 05
# run: python3 FILE
# needs: python3
# loses: exact
# hint: wrong-reply
# Commands are compared in lower case, so READ and Inc are commands too.
import signal
import socket
import sys
import threading
import time

counter = 0
lock = threading.Lock()


def answer(line):
    global counter
    if line.endswith(b"\r"):
        line = line[:-1]
    with lock:
        if line.lower() == b"read":
            return b"%d\n" % counter
        if line.lower() == b"inc":
            counter += 1
            return b"Counter has been incremented\n"
    return b"Unknown command\n"


def serve(conn):
    rest = b""
    with conn:
        try:
            while data := conn.recv(4096):
                *lines, rest = (rest + data).split(b"\n")
                rest = rest[:1026]
                conn.sendall(b"".join(answer(line) for line in lines))
            if rest:
                conn.sendall(answer(rest))
        except OSError:
            pass  # this client has gone


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
print("listening on %s:%d" % listener.getsockname(), flush=True)
while True:
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.05)
        continue
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
