# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: large private
# hint: short-write
# send may take a part only: what is left is forgotten, because what send returns is not looked at.
import select
import socket
import sys

host, port = sys.argv[1].split(":")
listener = socket.create_server((host, int(port)), backlog=128)
clients = []
print("listening on %s:%d" % listener.getsockname(), flush=True)

while True:
    ready, _, _ = select.select([listener] + clients, [], [])
    for conn in ready:
        try:
            if conn is listener:
                client, _ = listener.accept()
                client.setblocking(False)
                clients.append(client)
                continue
            data = conn.recv(65536)
            if data:
                conn.send(data)
                continue
        except BlockingIOError:
            continue
        except OSError as error:
            print("client:", error, flush=True)
        clients.remove(conn)
        conn.close()
