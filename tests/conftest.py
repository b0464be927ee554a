"""What every test may ask for, and what none may do: reach out to the network."""

import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ("tests.databases", "tests.tiny.fixtures")

# No test depends on what the machine happens to have.
for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "FRONTDESK_CONFIG"):
    os.environ.pop(name, None)

# A shell that starts a job in the background has it ignore Ctrl-C, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("thorough", max_examples=10_000)


@pytest.fixture
def recordings() -> Path | None:
    """Return the folder of recorded exchanges that FRONTDESK_RECORDINGS names, if it does."""
    folder = os.environ.get("FRONTDESK_RECORDINGS")
    return Path(folder) if folder else None


@pytest.fixture
def slack_events() -> Path | None:
    """Return the file of real payloads that FRONTDESK_SLACK_EVENTS names, if it does."""
    file = os.environ.get("FRONTDESK_SLACK_EVENTS")
    return Path(file) if file else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the program does."""
    return "asyncio"


def _is_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_here(address):
            pytest.fail(f"A test tried to reach {address!r}; only loopback is allowed.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
