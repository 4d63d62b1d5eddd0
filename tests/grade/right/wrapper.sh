#!/bin/sh
# grade: right
# step: 03
# run: sh FILE {port}
# needs: python3
# full: core
# A script that takes its time, and stays there while the server runs as its child. That loses other
# tests: it ends when no descriptor or thread is left, and TERM ends the script alone.
echo "Starting server..."
sleep 1
python3 - "$1" <<'END'
import socket
import sys
import threading


def echo(conn):
    with conn:
        while data := conn.recv(4096):
            conn.sendall(data)


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    client, _ = listener.accept()
    threading.Thread(target=echo, args=(client,), daemon=True).start()
END
