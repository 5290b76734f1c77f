"""The second peer: ministack, on a free port of this machine. Says `READY <url>` when it listens, and ends when its standard
input does, so that it never outlives a test that died.

It works what moto only keeps: alarms are evaluated, services start their tasks, writers move. A key of twelve digits is an
account of its own, with a world of its own.
"""

import asyncio
import os
import socket
import sys
import threading
import time

# Before ministack is imported. Where it finds Docker it runs containers, and removes those it takes for its own.
sys.dont_write_bytecode = True
os.environ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
os.environ["LOG_LEVEL"] = "ERROR"
os.environ["TZ"] = "UTC"
time.tzset()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402


async def alone(scope, receive, send) -> None:
    """Without what ministack does when it starts: it sweeps Docker, runs scripts it finds, and opens more ports."""
    if scope["type"] != "lifespan":
        await app(scope, receive, send)
        return
    while True:
        said = (await receive())["type"]
        await send({"type": f"{said}.complete"})
        if said == "lifespan.shutdown":
            return


def end_with_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    # Of its own address ministack knows only this.
    os.environ["GATEWAY_PORT"] = str(port)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "ERROR"
    if "--stay" not in sys.argv:
        threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"READY http://127.0.0.1:{port}", flush=True)
    asyncio.run(serve(alone, config))


if __name__ == "__main__":
    main()
