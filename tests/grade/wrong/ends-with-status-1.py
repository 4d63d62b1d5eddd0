# grade: wrong
# step: 01
# run: python3 FILE
# needs: python3
# loses: ends
# hint: end-status
# All is answered, and then it trips: the loop has no end, and asks a socket that is closed. It ends
# with status 1.
import socket
import sys

host, port = sys.argv[1].split(":")
listener = socket.create_server((host, int(port)))
print("listening on %s:%d" % listener.getsockname(), flush=True)
conn, _ = listener.accept()
while True:
    try:
        data = conn.recv(4096)
        if data:
            conn.sendall(data)
            continue
    except ConnectionError as error:
        print("client:", error)
        break
    conn.close()
