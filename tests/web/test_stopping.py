"""A server that is told to stop lets nobody wait, and leaves nothing unanswered."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections import deque
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreUnavailable
from tests.house import until
from tests.servers.ports import free_port
from tests.servers.process import ROOT
from tests.web.doors import Person, Told, door

_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
_SETTINGS = """
[backends.one]
kind = "scripted"
answers = ["Within 3 working days."]

[engine]
lease_seconds = 1.0
sweep_seconds = 0.2
"""


async def heard(visitor: Person, told: list[Told], text: str = "") -> bool:
    """Listen until the stream ends; of an answer to ``text``, or the standing one."""
    body = {"id": "message-1", "text": text}
    events = visitor.events("POST", "/messages", json=body) if text else visitor.events()
    async for each in events:
        told.append(each)  # noqa: PERF401 - read while it grows
    return True


async def test_standing_streams_end_at_once_and_running_answers_in_their_time(
    tmp_path: Path,
) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([Text("One, "), held.wait, Text("two.")])
    async with door(tmp_path, backend, grace=30) as place:
        visitor = await place.visitor()
        answer: list[Told] = []
        standing: list[Told] = []
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(heard(visitor, answer, "Count."))
            await until(lambda: [each for each in answer if each.name == "piece"])
            following = tasks.create_task(heard(visitor, standing))
            await until(lambda: [each for each in standing if each.name == "piece"])
            place.stop.set()
            assert await asyncio.wait_for(following, 20)
            assert not answering.done()
            held.set()
            assert await asyncio.wait_for(answering, 20)
        assert await asyncio.wait_for(place.serving, 20) is True
        [reply] = [each.data for each in answer if each.name == "message"]
        assert reply["blocks"] == [["p", "One, two."]]
        with pytest.raises(httpx2.ConnectError):
            await place.http.get("/readyz")


async def test_who_comes_at_the_very_end_is_not_left_waiting(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("Hello."), grace=5) as place:
        host, _, port = place.url.removeprefix("http://").partition(":")
        place.stop.set()
        with ExitStack() as lines:
            late: deque[socket.socket] = deque(maxlen=20)
            with suppress(ConnectionRefusedError):
                while True:  # one in each turn of the loop, and so in that in which it ends
                    line = socket.create_connection((host, int(port)))
                    lines.callback(line.close)
                    if len(late) == late.maxlen:
                        late.popleft().close()
                    late.append(line)
                    await asyncio.sleep(0)
            assert await asyncio.wait_for(place.serving, 30) is True
            assert [await _hung_up(line) for line in late] == [True] * len(late)


async def _hung_up(line: socket.socket) -> bool:
    line.setblocking(False)  # noqa: FBT003 - a name of the library's
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(line, 1), 20) == b""
    except ConnectionError:
        return True


async def test_what_takes_longer_than_its_grace_is_cut_off(tmp_path: Path) -> None:
    backend = ScriptedBackend([Text("One, "), asyncio.Event().wait])
    async with door(tmp_path, backend, engine={"grace_seconds": 0.1}, grace=0.5) as place:
        visitor = await place.visitor()
        told: list[Told] = []
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(heard(visitor, told, "Count."))
            await until(lambda: [each for each in told if each.name == "piece"])
            place.stop.set()
            assert await asyncio.wait_for(place.serving, 30) is False
            assert await answering
        assert not [each for each in told if each.name == "message"]
    async with door(tmp_path, ScriptedBackend("Mine now.")) as place:
        again = Person(http=place.http, session=visitor.session, key=visitor.key)
        told = [
            each
            async for each in again.events(
                "POST", "/messages", json={"id": "message-1", "text": "Count."}
            )
        ]
    assert [each.data["blocks"] for each in told if each.name == "message"] == [
        [["p", "Mine now."]]
    ]


async def test_a_server_that_stops_is_not_ready(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        assert (await place.http.get("/readyz")).json() == {"status": "ok"}
        place.streams.stop()
        refusal = await place.http.get("/readyz")
        assert refusal.status_code == 503
        assert refusal.headers["content-type"] == "application/problem+json"
        assert (await place.http.get("/healthz")).status_code == 200


async def test_a_database_that_hangs_is_told_before_whoever_asks_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: object) -> bool:
        return await asyncio.Event().wait()

    async with door(tmp_path, ScriptedBackend("So.")) as place:
        monkeypatch.setattr(type(place.app.database), "fits", hangs)
        refusal = await place.http.get("/readyz", timeout=15)
        assert refusal.status_code == 503
        assert refusal.json()["type"] == "urn:frontdesk:unready"


async def test_a_database_that_is_away_is_told_and_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("The database does not answer.")

    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        for method in ("read", "glance"):
            monkeypatch.setattr(type(place.app.database), method, away)
        for path in ("/readyz", "/v1/conversations"):
            refusal = await visitor.ask("GET", path)
            assert (refusal.status_code, refusal.json()["status"]) == (503, 503)
        assert (await place.http.get("/healthz")).status_code == 200
        monkeypatch.undo()


# --- As a process --------------------------------------------------------------------------------


@asynccontextmanager
async def running(
    folder: Path, *, port: int, **options: Any
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``bot serve`` in ``folder`` until the block ends at the latest."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", "serve", "--port", str(port)),
        cwd=folder,
        stdout=PIPE,
        **options,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def is_served(process: asyncio.subprocess.Process, *, port: int) -> None:
    """Wait until it says where it is to be found."""
    assert process.stdout
    where = f"The chat is served on http://127.0.0.1:{port} ".encode()
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if line.startswith(where):
                return
    raise AssertionError("It ended.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_ends_in_good_order_with_streams_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "bot.toml").write_text(_SETTINGS)
    with free_port() as port:
        async with running(tmp_path, port=port, env=_ENVIRONMENT, stderr=PIPE) as process:
            await is_served(process, port=port)
            await end_with_streams_open(process, port=port, number=number)
        assert process.stderr
        log = (await process.stderr.read()).decode()
    assert "Traceback" not in log
    assert "GET /v1/conversations/{id}/events 200" in log


async def end_with_streams_open(
    process: asyncio.subprocess.Process, *, port: int, number: signal.Signals
) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        session = (await http.post("/v1/sessions", json={})).json()
        visitor = Person(http=http, session=session)
        answer = await visitor.answered("Hello?")
        assert answer[-1].name == "state"
        told: list[Told] = []
        async with asyncio.TaskGroup() as tasks:
            standing = [tasks.create_task(heard(visitor, told)) for _ in range(3)]
            await until(lambda: len([each for each in told if each.name == "state"]) == 3)
            process.send_signal(number)
            assert await asyncio.wait_for(process.wait(), 20) == 0
            assert all([await each for each in standing])


async def test_a_port_that_is_taken_is_told_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running(tmp_path, port=port, env=_ENVIRONMENT, stderr=PIPE) as process:
            _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert b"--port" in told
    assert b"Traceback" not in told


async def test_a_server_that_still_waits_for_a_model_stops_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot.toml").write_text('[tasks.sentiment]\nby = "model"\nmodel = "a/b"\n')
    with socket.create_server(("127.0.0.1", 0)) as hub:  # it hears, and never answers
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.getsockname()[1]}")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        async with running(tmp_path, port=0) as process:
            hub.settimeout(60)
            line, _ = await asyncio.to_thread(hub.accept)
            with line:
                process.send_signal(signal.SIGTERM)
                said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert b"Stopping: the bot was still opening." in said
    assert process.returncode == 0
