"""Chooses which backends answer a turn."""

import asyncio
import random as chance
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.backends.base import Backend
from bot.errors import SettingsError, nearest
from bot.messages import LeftAlone
from bot.router.breaker import Breaker, State
from bot.router.line import Clock, Line, Patience, Price
from bot.router.route import Retries, Route
from bot.settings import RouterSettings, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the rules look at.

    ``question_length`` is in characters; ``backend`` is the conversation's own choice.
    """

    channel: str
    question_length: int
    strategy: str
    language: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    backend: str | None = None


class Router:
    """Knows every backend, how it fares, and whose turn it is.

    ``patience`` is by the backend's name; ``clock`` is monotonic. ``changed`` is called whenever
    a backend begins or ceases to be left alone.
    """

    def __init__(
        self,
        *,
        backends: Mapping[str, Backend],
        settings: RouterSettings,
        patience: Mapping[str, Patience],
        price: Price,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = chance.random,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        _check(settings, backends)
        self._settings = settings
        self._retries = Retries(
            tries=settings.tries,
            longest_wait=settings.longest_wait,
            clock=clock,
            sleep=sleep,
            random=random,
        )
        self._lines = {
            name: Line(
                backend=backend,
                breaker=Breaker(
                    failures=settings.breaker_failures,
                    seconds=settings.breaker_seconds,
                    clock=clock,
                    changed=changed,
                ),
                patience=patience.get(name, Patience()),
                price=price,
                clock=clock,
            )
            for name, backend in backends.items()
        }

    def route(self, circumstances: Circumstances) -> Route:
        """Return the way of one turn: its own choice first, then the chain of its rule.

        A choice that no longer exists is passed over; the settings may have changed since.
        """
        chain = [*self._chain(circumstances)]
        if circumstances.backend in self._lines:
            chain.insert(0, circumstances.backend)
        return Route([self._lines[name] for name in dict.fromkeys(chain)], retries=self._retries)

    def writers(self) -> Route | None:
        """Return a way to a text that is no answer, such as a summary; None where nobody writes."""
        lines = [self._lines[name] for name in self._settings.chain or self._lines]
        writing = [line for line in lines if line.backend.writes]
        return Route(writing, retries=self._retries) if writing else None

    def breakers(self) -> Mapping[str, State]:
        """Return whether each backend is asked at the moment."""
        return {name: line.breaker.state for name, line in self._lines.items()}

    def left_alone(self) -> Mapping[str, LeftAlone]:
        """Return the backends that keep failing, by their names."""
        found = {name: line.breaker.left_alone for name, line in self._lines.items()}
        return {name: left for name, left in found.items() if left is not None}

    def _chain(self, circumstances: Circumstances) -> Iterable[str]:
        for rule in self._settings.rules:
            if _fits(rule, circumstances):
                return rule.chain
        return self._settings.chain or self._lines


def _fits(rule: Rule, to: Circumstances) -> bool:
    return (
        rule.channel in (None, to.channel)
        and rule.strategy in (None, to.strategy)
        and (rule.language is None or _speaks(to.language, rule.language))
        and (rule.longer_than is None or to.question_length > rule.longer_than)
        and (rule.shorter_than is None or to.question_length < rule.shorter_than)
        and rule.attributes.items() <= to.attributes.items()
    )


def _speaks(language: str | None, wanted: str) -> bool:
    """Whether ``language`` is ``wanted`` or a kind of it, as 'de-AT' is of 'de'."""
    return f"{language or ''}-".lower().startswith(f"{wanted}-".lower())


def _check(settings: RouterSettings, backends: Mapping[str, Backend]) -> None:
    if not backends:
        raise SettingsError("There is no backend to answer. Add one: [backends.NAME] in bot.toml.")
    chains = {"router.chain": settings.chain}
    chains |= {f"router.rules[{n}].chain": rule.chain for n, rule in enumerate(settings.rules)}
    for place, chain in chains.items():
        for name in chain:
            if name not in backends:
                raise SettingsError(
                    f"{place}: there is no backend called {name!r}."
                    f" Known backends: {', '.join(backends)}.{nearest(name, backends)}"
                )
