"""A shop with its chat: the site, the bot that serves it, and the model that answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.web.hosts import Host, host
from tests.web.models import Model
from tests.web.serving import Server, serving

_SETTINGS = """
[web]
messages_per_minute = 10_000
messages_per_minute_and_address = 10_000
sessions_per_minute_and_address = 10_000
requests_per_minute_and_address = 100_000
streams_per_address = 1_000

[web.sites.shop]
origins = ["{origin}"]
title = "Larkmoor help"
greeting = "Hello! Ask about your order, returns or our shoes."
suggestions = ["How long does shipping take?", "How do I return something?"]

[web.sites.shop.identity]
hmac_env = "SITE_KEY"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """``site`` embeds the chat of ``server``, whose answers ``model`` writes."""

    site: Host
    server: Server
    model: Model

    @property
    def page(self) -> str:
        """Return the address of the page with the chat."""
        return self.site.embedding(self.server.url)


@asynccontextmanager
async def shop(folder: Path, *, help_folder: Path | None = None) -> AsyncIterator[Shop]:
    """Open a shop until the block ends; its bot keeps what it has in ``folder``."""
    async with (
        Model() as model,
        host() as site,
        serving(
            folder,
            model=model.url,
            settings=_SETTINGS.format(origin=site.url),
            help_folder=help_folder,
        ) as server,
    ):
        yield Shop(site=site, server=server, model=model)
