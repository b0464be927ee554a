"""Ports for servers that run in processes of their own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def free_port() -> Iterator[int]:
    """Keep a port of this machine for one server, which may start again, until the block ends.

    It is bound and not listened on: nobody else is given it meanwhile, and a server that sets
    SO_REUSEADDR, as asyncio and ours do, can listen there.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
