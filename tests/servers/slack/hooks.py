"""The Events API over HTTP: signed requests to the app's public address."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import aiohttp

from tests.servers.slack.clock import Clock
from tests.servers.slack.delivering import Ack, Delivery, NotTaken
from tests.servers.slack.moods import Rules
from tests.servers.slack.rooms import Json


def signature(secret: str, *, timestamp: str, body: bytes) -> str:
    """Return Slack's signature, version 0, of a request."""
    signed = f"v0:{timestamp}:".encode() + body
    return f"v0={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class Hook:
    """Posts to one address, and takes a 2xx in time for an acknowledgement."""

    def __init__(self, url: str, *, secret: str, clock: Clock, rules: Rules) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self._rules = rules
        self.acks: list[float] = []
        self.session = aiohttp.ClientSession()

    async def carry(self, delivery: Delivery) -> Ack:
        """Post it, signed now."""
        body, headers = self._request(delivery)
        began = self._clock.now()
        limit = aiohttp.ClientTimeout(total=self._rules.seconds(self._rules.ack_seconds))
        try:
            async with self.session.post(
                self._url, data=body, headers=headers, timeout=limit
            ) as response:
                said = await response.read()
        except TimeoutError as error:
            raise NotTaken("http_timeout") from error
        except aiohttp.ClientError as error:
            raise NotTaken("connection_failed") from error
        if not 200 <= response.status < 300:
            again = response.headers.get("x-slack-no-retry") != "1"
            raise NotTaken("http_error", again=again)
        seconds = self._clock.now() - began
        self.acks.append(seconds)
        return Ack(seconds=seconds, payload=_payload(said))

    def _request(self, delivery: Delivery) -> tuple[bytes, dict[str, str]]:
        kind = "application/x-www-form-urlencoded"
        if delivery.kind == "events_api":
            kind, body = "application/json", json.dumps(delivery.payload).encode()
        elif delivery.kind == "slash_commands":
            body = urlencode(delivery.payload).encode()
        else:
            body = urlencode({"payload": json.dumps(delivery.payload)}).encode()
        timestamp = str(self._clock.epoch())
        headers = {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp=timestamp, body=body),
        }
        if delivery.number:
            headers["X-Slack-Retry-Num"] = str(delivery.number)
            headers["X-Slack-Retry-Reason"] = delivery.reason
        return body, headers

    async def close(self) -> None:
        """Let go of its connections."""
        await self.session.close()


def _payload(said: bytes) -> Json | None:
    try:
        value = json.loads(said)
    except ValueError:
        return {"text": said.decode(errors="replace")} if said else None
    return value if isinstance(value, dict) and value else None
