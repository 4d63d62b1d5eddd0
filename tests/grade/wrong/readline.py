# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: pieces bytes sizes large private
# hint: waits-for-newline
# It answers line by line: bytes without a newline wait for one, or for the end.
import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while line := self.rfile.readline():
                self.wfile.write(line)
        except OSError as error:
            print("client:", error)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
    server.serve_forever()
