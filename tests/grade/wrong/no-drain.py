# grade: wrong
# step: 04
# run: python3 FILE
# needs: python3
# loses: pressure
# hint: no-back-pressure
# write without drain: asyncio keeps in memory whatever a client does not read.
import asyncio
import signal
import sys


async def serve(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
        await writer.drain()
    except OSError:
        pass  # this client has gone
    writer.close()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    await stopped.wait()


asyncio.run(main())
