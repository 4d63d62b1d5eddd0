# grade: wrong
# step: 02
# run: pyhton3 FILE {port}
# needs: python3
# loses: starts
# hint: not-found
# The program is right; the command that should start it is misspelt.
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            try:
                while data := conn.recv(4096):
                    conn.sendall(data)
            except OSError as error:
                print("client:", error)
