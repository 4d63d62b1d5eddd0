# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: any
# hint: any
# hostile: yes
# Nine processes open all the sockets they may, and fill each with bytes that nobody reads.
import os
import resource
import socket
import sys
import time

if os.getpid() > 300:
    sys.exit("this runs in a PID namespace of its own only")
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
print("listening on %s:%d" % listener.getsockname(), flush=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
for _ in range(8):
    if os.fork() == 0:
        break
sockets = []
while True:
    try:
        pair = socket.socketpair()
        sockets.extend(pair)
        pair[0].setblocking(False)
        while True:
            pair[0].send(b"x" * 65536)
    except BlockingIOError:
        pass  # this one is full
    except OSError:
        time.sleep(0.1)
