# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: any
# hint: any
# hostile: yes
# It fills every place it can write to with files, and tries again when there is no more room.
import itertools
import os
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
print("listening on %s:%d" % listener.getsockname(), flush=True)
if os.getpid() > 300:
    sys.exit("this runs in a PID namespace of its own only")
places = {os.environ.get("TMPDIR", "/tmp"), "/tmp", "/var/tmp", "/dev/shm", os.getcwd()}
for number in itertools.count():
    for place in places:
        try:
            with open("%s/hostile-%d-%d" % (place, os.getpid(), number), "wb") as file:
                for _ in range(64):
                    file.write(b"x" * (1 << 20))
        except OSError:
            pass
