"""Makes the router: on which terms it asks each backend, and what an answer costs."""

import time
from collections.abc import Callable, Mapping

from bot.backends.base import Backend
from bot.backends.prices import cost, seller
from bot.messages import Usage
from bot.router import Limits, Measure, Patience, Purse, Router, Terms
from bot.router.budget import Bill
from bot.router.line import Price, dearest
from bot.settings import BackendSettings, HostedSettings, ModelSettings, Settings
from bot.store.base import Spendings
from bot.window import count_tokens

# Tokens that are held for each that a model reads: we count some 1.3 where its provider counts one,
# and half as much again is held.
_HELD = 2


def build_router(
    settings: Settings,
    backends: Mapping[str, Backend],
    *,
    spendings: Spendings,
    changed: Callable[[], object],
) -> Router:
    """Make the router; ``changed`` is called whenever it begins or ceases to leave one alone."""
    budget = settings.router.budget
    return Router(
        backends=backends,
        settings=settings.router,
        terms={name: _terms(section) for name, section in settings.backends.items()},
        price=build_price(settings),
        clock=time.monotonic,
        purse=Purse(settings=budget, spendings=spendings) if budget else None,
        changed=changed,
    )


def build_price(settings: Settings) -> Price:
    """Make what tells the price of an answer."""

    def price(backend: str, model: str, usage: Usage) -> float | None:
        section = settings.backends.get(backend)
        if not isinstance(section, HostedSettings):
            return 0.0
        if usage == Usage():
            return None  # the provider told none
        return cost(
            usage,
            provider=seller(section.sold_by, section.base_url),
            model=model,
            input_price=section.input_price,
            output_price=section.output_price,
        )

    return price


def patience(section: BackendSettings) -> Patience:
    """Return how long a backend may take."""
    if not isinstance(section, ModelSettings):
        return Patience()
    return Patience(
        first_piece_seconds=section.first_piece_seconds, silence_seconds=section.silence_seconds
    )


def costs_nothing(section: BackendSettings) -> bool:
    """Tell whether a backend's answers are for nothing: so it stands outside of every budget."""
    if not isinstance(section, HostedSettings):
        return True
    return section.input_price == 0 and section.output_price == 0


def held_for(settings: Settings, reads: Mapping[str, int]) -> tuple[str, Bill] | None:
    """Return whose turn it is among those that cost something, and what is held for its answer.

    ``reads`` are the tokens that each backend reads, as far as they are known. None where nobody
    costs anything.
    """
    for name in settings.router.chain or settings.backends:
        section = settings.backends.get(name)
        if not isinstance(section, HostedSettings) or costs_nothing(section):
            continue
        read, written = _HELD * reads.get(name, 0), section.max_tokens
        dollars = dearest(build_price(settings), name, section.model, read, written)
        return name, Bill(tokens=read + written, dollars=dollars)
    return None


def _terms(section: BackendSettings) -> Terms:
    if not isinstance(section, ModelSettings):
        return Terms()
    return Terms(
        patience=patience(section),
        limits=Limits(
            concurrency=section.concurrency,
            requests_per_minute=section.requests_per_minute,
            tokens_per_minute=section.tokens_per_minute,
        ),
        measure=Measure(count=count_tokens, most_tokens=section.max_tokens),
        free=costs_nothing(section),
    )
