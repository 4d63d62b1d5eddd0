# grade: wrong
# step: 05
# run: python3 FILE {port}
# needs: python3
# loses: batches
# hint: line-lost
# Of two lines that come in one segment the first is answered, and the second thrown away.
import signal
import socket
import sys
import threading
import time

counter = 0
lock = threading.Lock()


def answer(line):
    global counter
    with lock:
        if line == b"read":
            return b"%d\n" % counter
        if line == b"inc":
            counter += 1
            return b"Counter has been incremented\n"
    return b"Unknown command\n"


def serve(conn):
    buffer = b""
    with conn:
        try:
            while data := conn.recv(4096):
                line, end, _ = (buffer + data).partition(b"\n")
                if end:
                    conn.sendall(answer(line[:-1] if line.endswith(b"\r") else line))
                    buffer = b""
                else:
                    buffer = line[:1026]
            if buffer:
                conn.sendall(answer(buffer))
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
