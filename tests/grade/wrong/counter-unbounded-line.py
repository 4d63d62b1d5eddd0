# grade: wrong
# step: 05
# run: python3 FILE {port}
# needs: python3
# loses: pressure
# hint: long-line
# A line is kept whole until its end, however long: an endless one takes all the memory.
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
        if line == b"read":
            return b"%d\n" % counter
        if line == b"inc":
            counter += 1
            return b"Counter has been incremented\n"
    return b"Unknown command\n"


def serve(conn):
    rest = bytearray()
    with conn:
        try:
            while data := conn.recv(4096):
                rest += data
                if b"\n" not in data:
                    continue
                *lines, rest = rest.split(b"\n")
                conn.sendall(b"".join(answer(line) for line in lines))
            if rest:
                conn.sendall(answer(rest))
        except OSError:
            pass  # this client has gone


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    try:
        conn, _ = listener.accept()
    except OSError:
        time.sleep(0.05)
        continue
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
