# grade: wrong
# step: 01
# run: python3 FILE {port}
# needs: python3
# loses: echo
# hint: closes-early
# The loop is missing: it answers one read, closes, and ends.
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
conn, _ = listener.accept()
data = conn.recv(1024)
conn.sendall(data)
conn.close()
