"""A fake Slack to try the bot on, in a terminal."""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers.slack.control import DEEDS, ControlledSlack, books
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.people import Credentials
from tests.servers.slack.rooms import Message
from tests.servers.slack.screen import line

_HELP = f"""\
It prints what the bot needs to know. In another terminal, in a folder whose bot.toml has

    [slack]
    api_url = "http://127.0.0.1:3055/api/"

paste the export lines and run: bot slack

Then type here. A line is a new direct message of U1, or:
    > text        another message in the last thread
    # text        a message in the channel C1 that mentions the bot
    /ask text     the slash command
    stop          Slack's own stop button, in the last thread
    click NAME    a button of the last message

The same and more by HTTP: POST /_control/<deed> with its arguments as a JSON object, such as
    curl -d '{{"text": "Hello", "user": "U2", "channel": "D2"}}' http://127.0.0.1:3055/_control/say
Deeds: {", ".join(DEEDS)}
(their arguments stand in tests/servers/slack/acting.py). GET /_control/threads is every thread
as text, GET /_control/books everything that was noted.
"""


class Terminal:
    """Types for U1, and prints what changes."""

    def __init__(self, slack: ControlledSlack) -> None:
        self._slack = slack
        self._seen: dict[str, str] = {}
        self._place = ("D1", "")

    async def watch(self) -> None:
        """Print each message when it is new, finished or different."""
        while True:
            for message in self._slack.messages:
                self._show(message)
            await asyncio.sleep(0.1)

    def _show(self, message: Message) -> None:
        text = line(message) if not message.deleted else f"    (deleted: {message.ts})"
        if message.streaming or self._seen.get(message.ts) == text:
            return
        self._seen[message.ts] = text
        _print(f"{message.channel} {message.ts}\n{text}")

    async def read(self) -> None:
        """Do what is typed."""
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_typed, args=(loop, lines), daemon=True).start()
        while True:
            try:
                await self._do(await lines.get())
            except LookupError as error:
                _print(f"    ({error})")

    async def _do(self, typed: str) -> None:
        channel, thread = self._place
        word, _, rest = typed.partition(" ")
        match word:
            case "":
                return
            case ">":
                await self._slack.say(rest, channel=channel, thread=thread or None)
            case "#":
                self._place = "C1", await self._slack.say(rest, channel="C1", mention=True)
            case "/ask":
                await self._slack.command(rest)
            case "stop":
                await self._slack.stop(thread, channel=channel)
            case "click":
                await self._slack.click(self._slack.messages[-1].ts, rest)
            case _:
                self._place = "D1", await self._slack.say(typed)


def _typed(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Read in a thread of its own: nobody waits for it when the program ends."""
    for typed in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, typed.strip())


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program for a person in a terminal


async def _serve(options: Any) -> None:
    kept = _read(options.state)
    slack = ControlledSlack(
        rules=Rules(speed=options.speed, tiers=options.tiers),
        moods=Moods(deliveries=options.deliveries, limited=options.limited, late=options.late),
        port=options.port,
        credentials=Credentials(**kept["credentials"]) if kept else None,
    )
    async with slack:
        if kept:
            slack.installed().token = kept["bot_token"]
        _print(_introduction(slack))
        terminal = Terminal(slack)
        async with asyncio.TaskGroup() as group:
            group.create_task(terminal.watch())
            group.create_task(terminal.read())
            if options.state:
                group.create_task(_keep(slack, options.state))


def _introduction(slack: ControlledSlack) -> str:
    exports = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_CLIENT_SECRET": slack.client_secret,
    }
    lines = [f"export {name}={value}" for name, value in exports.items()]
    address = f'api_url = "{slack.api_url}"  # in [slack] of bot.toml'
    return "\n".join([*lines, address, f"# OAuth: client_id {slack.client_id}", ""])


def _read(file: Path | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(file.read_text()) if file and file.exists() else {}
    return found


async def _keep(slack: ControlledSlack, file: Path) -> None:
    secrets = {
        name: getattr(slack, name)
        for name in ("app_token", "signing_secret", "client_id", "client_secret")
    }
    while True:
        state = {"credentials": secrets, "bot_token": slack.bot_token, **books(slack)}
        await asyncio.to_thread(_write, file, state)
        await asyncio.sleep(1)


def _write(file: Path, state: Mapping[str, Any]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(state, ensure_ascii=False, indent=1))
    new.replace(file)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers.slack",
        description=__doc__,
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    parser.add_argument("--speed", type=float, default=1.0, help="Slack's times, so much shorter")
    parser.add_argument("--deliveries", type=int, default=1, help="each event comes up to so often")
    parser.add_argument("--late", type=float, default=0.0, help="events wait up to so many seconds")
    parser.add_argument("--limited", type=float, default=0.0, help="this share of calls gets 429")
    parser.add_argument("--tiers", action="store_true", help="count calls as Slack does")
    parser.add_argument("--state", type=Path, help="keeps the tokens, and the books once a second")
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
