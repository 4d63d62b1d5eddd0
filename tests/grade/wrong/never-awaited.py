# grade: wrong
# step: 03
# run: python3 FILE {port}
# needs: python3
# loses: starts
# hint: not-started
# It runs, and listens nowhere: start_server is a coroutine, and the await is missing.
import asyncio
import sys


async def handle(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except ConnectionError as error:
        print("client:", error)
    finally:
        writer.close()


async def main():
    server = asyncio.start_server(handle, "127.0.0.1", int(sys.argv[1]))
    print("server is running", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
