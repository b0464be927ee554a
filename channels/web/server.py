"""Serves the web chat on a socket until it is told to stop."""

import asyncio
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from bot.errors import SettingsError
from bot.settings import WebSettings
from channels.web.streams import Streams

_BACKLOG = 2048
# Seconds: proxies keep an idle line for a minute. Who asks on one that is just being closed gets
# nothing, and no proxy asks a POST again.
_IDLE = 75
_TURNS = 2  # of the loop: a connection that was taken is made, and uvicorn knows of it
_LAST_WORDS = 2.0  # seconds in which what was cut off says so
_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - what may stand in the settings


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever opened the bot."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let who was taken in this very turn of the loop in first, to be told with the others.

        asyncio would lose their connections: nobody closes them, and they wait in vain.
        """
        loop = asyncio.get_running_loop()
        for each in sockets or []:
            loop.remove_reader(each)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket on which connections are taken.

    Raises:
        SettingsError: the address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"Nothing can be served on {host} port {port}: {error.strerror}. Name another with "
            "--host and --port, or under [web] in bot.toml."
        ) from error


def address(taken: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = taken.getsockname()[:2]
    if host in _EVERYWHERE:
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def serve(
    web: ASGIApp,
    *,
    on: socket.socket,
    streams: Streams,
    settings: WebSettings,
    stop: asyncio.Event,
    grace: float,
) -> bool:
    """Serve until ``stop`` is set: then standing streams end, and answers get their ``grace``.

    Returns whether all of them came to their end within these seconds.
    """
    config = uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=math.ceil(grace + _LAST_WORDS),
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[on]))
        stopped = tasks.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        streams.stop()
        server.should_exit = True
        await asyncio.wait({serving}, timeout=grace)
        in_time = serving.done()
        streams.cut_off()
    return in_time
