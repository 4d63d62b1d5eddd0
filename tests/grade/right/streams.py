# grade: right
# step: 04 06
# run: python3 FILE {port}
# needs: python3
# full: core robust orderly
# asyncio streams: a coroutine for each client; TERM and INT end it, QUIT ends it with its last
# client.
import asyncio
import signal
import sys


class Server:
    def __init__(self):
        self.clients = 0
        self.finishing = False
        self.done = asyncio.Event()

    async def echo(self, reader, writer):
        self.clients += 1
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        except OSError as error:
            print("client:", error, file=sys.stderr)
        finally:
            writer.close()
            self.clients -= 1
            if self.finishing and self.clients == 0:
                self.done.set()

    def finish(self):
        self.listener.close()
        self.finishing = True
        if self.clients == 0:
            self.done.set()

    async def run(self, host, port):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.done.set)
        loop.add_signal_handler(signal.SIGINT, self.done.set)
        loop.add_signal_handler(signal.SIGQUIT, self.finish)
        self.listener = await asyncio.start_server(self.echo, host, port)
        print(f"Serving on {host} port {port}", flush=True)
        await self.done.wait()


async def main():
    await Server().run("127.0.0.1", int(sys.argv[1]))


asyncio.run(main())
