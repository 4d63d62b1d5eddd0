# grade: right
# step: 03
# run: python3 FILE {port}
# needs: python3
# full: core robust
# ThreadingTCPServer of the library; TERM, INT and QUIT kill it, so it loses the orderly tests of
# these.
import socketserver
import sys
import time


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while True:
                data = self.request.recv(8192)
                if not data:
                    break
                self.request.sendall(data)
        except OSError:
            pass  # the client has gone, and nobody else needs to know


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        try:
            return super().get_request()
        except OSError:  # too many open files: the library would try again at once, for ever
            time.sleep(0.1)
            raise


with Server(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
