# grade: wrong
# step: 03
# run: python3 FILE
# needs: python3
# loses: echo address pieces bytes half-close large next together private reset gone gives-back
# hint: changes-bytes
# It strips what it has read: blanks and newlines at the end of each read do not come back.
import asyncio
import sys


async def handle(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data.rstrip())
            await writer.drain()
    except ConnectionError as error:
        print("client:", error)
    finally:
        writer.close()


async def main():
    host, port = sys.argv[1].split(":")
    server = await asyncio.start_server(handle, host, int(port))
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


asyncio.run(main())
