# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: gives-back
# hint: leaks-descriptors
# It ends the connection by shutdown, and never closes the socket, which its list of clients keeps.
import socket
import sys
import threading

host, port = sys.argv[1].split(":")
clients = []


def handle(conn):
    clients.append(conn)
    try:
        while data := conn.recv(4096):
            conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)
    except OSError as error:
        print("client:", error, flush=True)


with socket.create_server((host, int(port)), backlog=128) as listener:
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()
