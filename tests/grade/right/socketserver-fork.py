# grade: right
# step: 03
# run: python3 FILE
# needs: python3
# full: core robust
# ForkingTCPServer of the library; TERM, INT and QUIT end the parent alone: it loses those tests.
import socketserver
import sys
import time


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while data := self.rfile.read1(16384):
                self.wfile.write(data)
        except OSError as error:
            print("client:", error, file=sys.stderr)


class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    max_children = 500  # at the 40 of the library it would wait until a client leaves

    def get_request(self):
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.1)
            raise


host, port = sys.argv[1].split(":")
with Server((host, int(port)), Echo) as server:
    print("listening on %s:%d" % server.server_address)
    sys.stdout.flush()
    server.serve_forever()
