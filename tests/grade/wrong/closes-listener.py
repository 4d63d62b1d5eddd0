# grade: wrong
# step: 02
# run: python3 FILE {port}
# needs: python3
# loses: next half-close late reset gone gives-back
# hint: not-again
# After its first client it closes the wrong socket too, the one that listens: the next accept
# fails.
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    conn, _ = listener.accept()
    try:
        while data := conn.recv(4096):
            conn.sendall(data)
    except OSError as error:
        print("client:", error)
    finally:
        conn.close()
        listener.close()
