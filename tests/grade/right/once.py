# grade: right
# step: 01
# run: python3 FILE {port}
# needs: python3
# full: core robust orderly
# Serves one client, then ends.
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(5)
print("waiting for a client on port", sys.argv[1], flush=True)

while True:
    try:
        client, address = listener.accept()
        break
    except ConnectionAbortedError:
        pass  # it has gone already: the next one, then

try:
    while data := client.recv(4096):
        client.sendall(data)
except OSError as error:
    print("client:", error)
client.close()
listener.close()
print("done", flush=True)
