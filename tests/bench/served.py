"""A server that is measured: a process of its own, on the bench's core."""

import asyncio
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import psutil


@asynccontextmanager
async def served(
    command: Sequence[str], port: int, *, environment: Mapping[str, str]
) -> AsyncIterator[psutil.Process]:
    """Run a server, on this process's core, until the block ends; by then it is ready."""
    server = await asyncio.create_subprocess_exec(
        *command, "--port", str(port), stdout=DEVNULL, stderr=DEVNULL, env=environment
    )
    try:
        while not await _is_ready(port):
            if server.returncode is not None:
                raise RuntimeError(f"It does not run by itself either: {' '.join(command)}")
            await asyncio.sleep(0.05)
        yield psutil.Process(server.pid)
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def cpu(process: psutil.Process) -> float:
    """Return the seconds of CPU that it took by now."""
    times = process.cpu_times()
    return times.user + times.system


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.write(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")
