"""Makes the router: how long it waits for each backend, and what an answer costs."""

import time
from collections.abc import Callable, Mapping

from bot.backends.base import Backend
from bot.backends.prices import cost, seller
from bot.messages import Usage
from bot.router import Patience, Router
from bot.settings import HostedSettings, ModelSettings, Settings


def build_router(
    settings: Settings, backends: Mapping[str, Backend], *, changed: Callable[[], object]
) -> Router:
    """Make the router; ``changed`` is called whenever it begins or ceases to leave one alone."""
    patience = {
        name: Patience(
            first_piece_seconds=section.first_piece_seconds,
            silence_seconds=section.silence_seconds,
        )
        for name, section in settings.backends.items()
        if isinstance(section, ModelSettings)
    }

    def price(backend: str, model: str, usage: Usage) -> float | None:
        section = settings.backends.get(backend)
        if not isinstance(section, HostedSettings):
            return 0.0
        if usage == Usage():
            return None  # the provider told none
        return cost(
            usage,
            provider=seller(section.kind, section.base_url),
            model=model,
            input_price=section.input_price,
            output_price=section.output_price,
        )

    return Router(
        backends=backends,
        settings=settings.router,
        patience=patience,
        price=price,
        clock=time.monotonic,
        changed=changed,
    )
