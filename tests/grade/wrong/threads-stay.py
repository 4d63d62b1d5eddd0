# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: gives-back
# hint: leaks-threads
# Each client has a thread that writes; nobody tells that thread to end, and it waits at its queue
# forever.
import queue
import socket
import sys
import threading


def write(conn, answers):
    while True:
        data = answers.get()
        try:
            conn.sendall(data)
        except OSError as error:
            print("client:", error)
        answers.task_done()


def read(conn):
    answers = queue.Queue(maxsize=16)
    threading.Thread(target=write, args=(conn, answers), daemon=True).start()
    try:
        while data := conn.recv(4096):
            answers.put(data)
    except OSError as error:
        print("client:", error)
    answers.join()
    conn.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=read, args=(client,), daemon=True).start()
