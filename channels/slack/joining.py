"""Joins Slack to a bot: who shows answers there, and who delivers replies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import Parts, Side
from bot.settings import SlackSettings
from channels.slack.calls import Calls
from channels.slack.pace import Pace
from channels.slack.poster import SlackPoster
from channels.slack.stage import Stage


@asynccontextmanager
async def joined(
    parts: Parts, *, calls: Calls, settings: SlackSettings, pace: Pace | None = None
) -> AsyncIterator[Side]:
    """Give the bot its side of Slack until the block ends: a ``bot.app.Join``, once bound."""
    stage = Stage(
        posts=parts.posts,
        visits=parts.visits,
        calls=calls,
        agent=settings.view == "agent",
        streaming=settings.streaming,
        pace=pace or Pace(),
    )
    async with stage:
        poster = SlackPoster(stage=stage, posts=parts.posts, archive=parts.archive)
        yield Side(poster=poster, show=stage)
