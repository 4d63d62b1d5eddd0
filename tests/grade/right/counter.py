# grade: right
# step: 05
# run: python3 FILE
# needs: python3
# full: core robust
# The counter with asyncio streams: one thread, so no lock; TERM, INT and QUIT kill it.
import asyncio
import sys

LONGEST = 1026  # longer than any command: what follows in the line changes nothing

counter = 0


def answer(line):
    global counter
    if line == b"read":
        return b"%d\n" % counter
    if line == b"inc":
        counter += 1
        return b"Counter has been incremented\n"
    return b"Unknown command\n"


def without_cr(line):
    return line[:-1] if line.endswith(b"\r") else line


async def serve(reader, writer):
    rest = b""
    try:
        while data := await reader.read(4096):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[:LONGEST]
            writer.write(b"".join(answer(without_cr(line)) for line in lines))
            await writer.drain()
        if rest:
            writer.write(answer(rest))
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        print("client:", error, file=sys.stderr)
    finally:
        writer.close()


async def main():
    host, port = sys.argv[1].split(":")
    server = await asyncio.start_server(serve, host, int(port))
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


asyncio.run(main())
