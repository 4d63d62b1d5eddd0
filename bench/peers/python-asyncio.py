# SPDX-License-Identifier: MIT
"""asyncio: echo with Python's asyncio, the way its documentation does it: a Protocol per client.

Run:      python3 bench/peers/python-asyncio.py PORT

Beyond the documentation's example: a client that does not take its answer is not read from. The
transport closes after the end of file when all is written. asyncio sets TCP_NODELAY.
"""
import asyncio
import resource
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):  # more than 64 KiB are owed
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port = int(sys.argv[-1].split(":")[-1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port, backlog=4096)
    host, port = server.sockets[0].getsockname()
    print(f"asyncio: listening on {host}:{port}", file=sys.stderr, flush=True)
    await server.serve_forever()


try:
    asyncio.run(main())
except OSError as error:
    sys.exit(f"asyncio: {error}")
