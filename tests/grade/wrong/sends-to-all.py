# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: together private reset gone unread
# hint: shared-buffer
# It sends what one client says to all clients, as a chat server would.
import socket
import sys
import threading

clients = []


def handle(conn):
    try:
        while data := conn.recv(1024):
            for client in list(clients):
                try:
                    client.sendall(data)
                except OSError:
                    pass  # it has gone
    except OSError as error:
        print("client:", error)
    clients.remove(conn)
    conn.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        clients.append(client)
        threading.Thread(target=handle, args=(client,), daemon=True).start()
