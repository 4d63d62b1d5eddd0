# grade: right
# step: 03
# run: python3 FILE --port {port}
# needs: python3
# full: core robust
# A pool of 100 threads from concurrent.futures; TERM, INT and QUIT kill it, so it loses the orderly
# tests of these.
import argparse
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor


def echo(conn, addr):
    with conn:
        try:
            while True:
                data = conn.recv(65536)
                if not data:
                    return
                conn.sendall(data)
        except OSError as error:
            logging.warning("%s:%d: %s", *addr, error)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((args.host, args.port))
    listener.listen(100)
    logging.info("serving on %s:%d", args.host, args.port)

    with ThreadPoolExecutor(max_workers=100) as pool:
        while True:
            try:
                conn, addr = listener.accept()
            except OSError as error:
                logging.error("accept: %s", error)
                time.sleep(0.1)
                continue
            try:
                pool.submit(echo, conn, addr)
            except RuntimeError as error:  # a thread cannot be made; those there are will serve it
                logging.error("pool: %s", error)


main()
