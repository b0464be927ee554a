"""The floor of Slack's part: a bare Bolt app that says it works, then streams the same words.

It keeps nothing and asks no model: it acknowledges at once, and the words are there when their
time comes. How they are streamed is the SDK's own choice.
"""

import argparse
import asyncio
import os
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bench.stamps import stamped


def make_bare(words: str, *, think: float, pace: float, api_url: str) -> AsyncApp:
    """Return an app that has ``words`` after ``think`` seconds, one each ``pace``."""
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=api_url)
    bolt = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @bolt.event("message")
    async def answer(event: dict[str, Any]) -> None:
        if "bot_id" in event or "subtype" in event:
            return
        place = {"channel": event["channel"], "thread_ts": event["ts"]}
        await client.agents_sessions_setStatus(
            channel_id=event["channel"], thread_ts=event["ts"], status="processing"
        )
        await asyncio.sleep(think)
        stream = await client.chat_stream(**place)
        for number, word in enumerate(words.split(" ")):
            await asyncio.sleep(pace if number else 0)
            space = " " if number else ""
            await stream.append(markdown_text=space + stamped(word.encode()).decode())
        await stream.stop()

    return bolt


async def _ready(_request: web.Request) -> web.Response:
    return web.Response()


async def _serve(bolt: AsyncApp, *, port: int, socket: bool) -> None:
    pages = bolt.server(port=port, path="/slack/events").web_app
    pages.router.add_get("/readyz", _ready)
    if socket:
        handler = AsyncSocketModeHandler(bolt, os.environ["SLACK_APP_TOKEN"])
        await handler.connect_async()  # type: ignore[no-untyped-call]
    runner = web.AppRunner(pages, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("words")
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--api-url")
    parser.add_argument("--socket", action="store_true")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    app = make_bare(options.words, think=options.think, pace=options.pace, api_url=options.api_url)
    asyncio.run(_serve(app, port=options.port, socket=options.socket))
