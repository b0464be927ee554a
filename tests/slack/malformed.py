"""Requests as Slack never sends them, for its door; by hand: ``python -m tests.slack.malformed``.

Each says what is wrong with it first: too large, then not signed, then not understood.
"""

import asyncio
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import new

from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.types import Message, Receive, Scope, Send

from channels.slack.door import LONGEST, Door

SECRET = "a-signing-secret"
NOW = 1_795_000_000
EVENT = json.dumps(
    {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "text": "Hello?"}}
).encode()

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A POST to the door, and with which status it must be refused."""

    headers: Headers
    body: bytes
    refused: int


def signed(
    body: bytes, *, at: int | str = NOW, kind: str = "application/json", secret: str = SECRET
) -> Headers:
    """Return the headers that Slack sends with ``body``."""
    stamp = str(at).encode()
    mark = new(secret.encode(), b"v0:" + stamp + b":" + body, sha256).hexdigest()
    return (
        (b"content-type", kind.encode()),
        (b"x-slack-request-timestamp", stamp),
        (b"x-slack-signature", b"v0=" + mark.encode()),
    )


def malformed(luck: random.Random) -> Request:
    """Return some request that must be refused."""
    return luck.choice((_unsigned, _nonsense, _large))(luck)


def _unsigned(luck: random.Random) -> Request:
    good = signed(EVENT)
    stamps = (b"", b"abc", b"-5", b"1e9", "١٢٣".encode(), b"9" * 400, b"%d.0" % NOW)
    changed = luck.choice(
        [
            good[:1],
            good[:2],
            (good[0], good[2]),
            (*good, good[2]),
            (*good, good[1]),
            (*good[:2], (good[2][0], _noise(luck, 80))),
            (*good[:2], (good[2][0], "v0=ünïcode".encode())),
            (*good[:2], (good[2][0], good[2][1].upper())),
            (good[0], (good[1][0], luck.choice(stamps)), good[2]),
            signed(EVENT, at=NOW - luck.randint(301, 10**6)),
            signed(EVENT, at=NOW + luck.randint(301, 10**6)),
            signed(EVENT, secret="another"),
            signed(EVENT + b" "),
        ]
    )
    body = luck.choice([EVENT, EVENT, _noise(luck, 300), b""])
    return Request(headers=changed, body=body, refused=401)


def _nonsense(luck: random.Random) -> Request:
    bodies: Sequence[bytes] = (
        b"",
        b"\xff\xfe" + _noise(luck, 200),
        b"[]",
        b"null",
        b'"text"',
        b"{" + _noise(luck, 50),
        b'{"a":' * 100_000,
        b"[" * 300_000,
        b'{"n": ' + b"9" * 5000 + b"}",
        EVENT[: luck.randint(0, len(EVENT) - 1)],
        b'{"type": "url_verification", "challenge": 5}',
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"payload=%FF%FE",
        b"payload={}&payload={}",
        b"&" * luck.randint(1, 5000) + b"a=1",
        b"&".join(b"k%d=v" % n for n in range(500)),
        b"payload=" + b'{"a":' * 100_000,
    )
    kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain", "", "äöü")
    body = luck.choice(bodies)
    return Request(headers=signed(body, kind=luck.choice(kinds)), body=body, refused=400)


def _large(luck: random.Random) -> Request:
    body = b"x" * (LONGEST + luck.randint(1, 4096))
    said = (b"content-length", str(luck.choice([len(body), 10**30])).encode())
    headers = luck.choice([signed(EVENT), (*signed(EVENT), said), (said,)])
    return Request(headers=headers, body=body, refused=413)


def _noise(luck: random.Random, longest: int) -> bytes:
    return luck.randbytes(luck.randint(1, longest))


def many(number: int, *, seed: int) -> Iterator[Request]:
    """Return ``number`` requests, always the same for one ``seed``."""
    luck = random.Random(seed)
    return (malformed(luck) for _ in range(number))


# --- A door to knock at ------------------------------------------------------------------------


async def elsewhere(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Stand for what is behind the door."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"elsewhere"})


def listening() -> AsyncApp:
    """Return a Bolt app that is authorized everywhere."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UB", bot_id="B1")

    silent = logging.getLogger("tests.slack.bolt")
    silent.setLevel(logging.CRITICAL)
    return AsyncApp(authorize=authorize, request_verification_enabled=False, logger=silent)


def door(bolt: AsyncApp | None = None, *, clock: Callable[[], float] = lambda: float(NOW)) -> Door:
    return Door(bolt=bolt or listening(), secret=SecretStr(SECRET), clock=clock, beyond=elsewhere)


async def knock(
    at: Door, request: Request, *, path: str = "/slack/events", method: str = "POST", step: int = 0
) -> tuple[int, bytes]:
    """Return the status and the body of the answer; the request comes in pieces of ``step``."""
    size = step or max(len(request.body), 1)
    pieces = [request.body[n : n + size] for n in range(0, len(request.body), size)] or [b""]
    sent: list[Message] = []

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": list(request.headers),
    }
    await at(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


async def main(number: int) -> None:
    """Knock ``number`` times and print what was answered."""
    seen: Counter[tuple[int, int]] = Counter()
    at = door()
    for request in many(number, seed=1):
        status, _ = await knock(at, request)
        seen[request.refused, status] += 1
    for (must, status), times in sorted(seen.items()):
        print(f"{times:6} × {status} where it must be {must}")  # noqa: T201 - a program
    if any(must != status for must, status in seen):
        sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 10_000))
