"""Chooses which backends answer a turn."""

import asyncio
import random as chance
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from bot.backends.base import Backend, Frames, Queued
from bot.errors import SettingsError, nearest
from bot.messages import LeftAlone
from bot.router.breaker import Breaker, State
from bot.router.budget import Purse
from bot.router.choosing import choose
from bot.router.circumstances import Circumstances
from bot.router.gate import Gate, Limits
from bot.router.line import Clock, Line, Measure, Patience, Price
from bot.router.probing import probe_line
from bot.router.route import Path, Retries, Route
from bot.settings import RouterSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a backend is asked; the defaults are those of one that costs nothing.

    ``free`` backends stand outside of every budget.
    """

    patience: Patience = field(default_factory=Patience)
    limits: Limits = field(default_factory=Limits)
    measure: Measure = field(default_factory=Measure)
    free: bool = True


_NO_TERMS = Terms()


class Router:
    """Knows every backend, how it fares, and whose turn it is.

    ``terms`` are by the backend's name; ``clock`` is monotonic. ``changed`` is called whenever
    a backend begins or ceases to be left alone. ``purse`` is None where nothing is limited.
    """

    def __init__(
        self,
        *,
        backends: Mapping[str, Backend],
        settings: RouterSettings,
        terms: Mapping[str, Terms],
        price: Price,
        clock: Clock,
        purse: Purse | None = None,
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

        def line(name: str, backend: Backend) -> Line:
            on = terms.get(name, _NO_TERMS)
            return Line(
                backend=backend,
                breaker=Breaker(
                    failures=settings.breaker_failures,
                    seconds=settings.breaker_seconds,
                    clock=clock,
                    changed=changed,
                    trials=not settings.probe_seconds,
                ),
                patience=on.patience,
                price=price,
                clock=clock,
                gate=Gate(on.limits, clock=clock, sleep=sleep) if on.limits != Limits() else None,
                purse=None if on.free else purse,
                measure=on.measure,
            )

        self._lines = {name: line(name, backend) for name, backend in backends.items()}
        budget = settings.budget
        named = budget.chain if budget else ()
        free = [name for name in backends if terms.get(name, _NO_TERMS).free]
        self._spare = {name: self._lines[name] for name in named or free}

    def route(self, circumstances: Circumstances) -> Route:
        """Return the way of one turn: its own choice first, then the chain of its rule.

        A choice that no longer exists is passed over; the settings may have changed since.
        """
        choice = choose(circumstances, self._settings, self._lines)
        path = Path(
            lines=[self._lines[name] for name in choice.chain],
            small=self._lines.get(choice.small),
            hard=choice.hard,
            spare=[line for name, line in self._spare.items() if name not in choice.chain],
            why=choice.why,
            strategy=choice.strategy,
            conversation=circumstances.conversation,
        )
        return Route(path, retries=self._retries)

    def writers(self, conversation: int = 0, *, only: str | None = None) -> Route | None:
        """Return a way to a text that is no answer, such as a summary; None where nobody writes.

        ``conversation`` is the one that it costs something; 0 is none. ``only`` names the one
        backend that shall be asked.
        """
        names = [only] if only is not None else self._settings.chain or self._lines
        lines = [self._lines[name] for name in dict.fromkeys(names) if name in self._lines]
        writing = [line for line in lines if line.backend.writes]
        if not writing:
            return None
        spare = [line for line in self._spare.values() if line not in writing]
        spare = [line for line in spare if line.backend.writes]
        path = Path(lines=writing, spare=spare, conversation=conversation)
        return Route(path, retries=self._retries)

    def frames(self, backend: str) -> Collection[str]:
        """Return the templates that ``backend`` may write requests anew with."""
        found = self._lines[backend].backend
        return found.frames if isinstance(found, Frames) else ()

    def queues(self) -> Mapping[str, int]:
        """Return how many answers wait in line for each backend, where any do."""
        waiting = {name: _waiting(line) for name, line in self._lines.items()}
        return {name: count for name, count in waiting.items() if count}

    async def probe(self) -> None:
        """Ask each backend that is left alone for one word; the next turn hears how it went."""
        left = [line for line in self._lines.values() if line.breaker.state is not State.CLOSED]
        ended = await asyncio.gather(*map(probe_line, left), return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    def breakers(self) -> Mapping[str, State]:
        """Return whether each backend is asked at the moment."""
        return {name: line.breaker.state for name, line in self._lines.items()}

    def left_alone(self) -> Mapping[str, LeftAlone]:
        """Return the backends that keep failing, by their names."""
        found = {name: line.breaker.left_alone for name, line in self._lines.items()}
        return {name: left for name, left in found.items() if left is not None}


def _waiting(line: Line) -> int:
    """Return how many wait before the backend, and within it."""
    within = line.backend.waiting if isinstance(line.backend, Queued) else 0
    return within + (line.gate.waiting if line.gate else 0)


def _check(settings: RouterSettings, backends: Mapping[str, Backend]) -> None:
    if not backends:
        raise SettingsError("There is no backend to answer. Add one: [backends.NAME] in bot.toml.")
    chains = {"router.chain": settings.chain}
    chains |= {f"router.rules[{n}].chain": rule.chain for n, rule in enumerate(settings.rules)}
    chains |= {f"router.split[{n}].chain": arm.chain for n, arm in enumerate(settings.split)}
    chains |= {"router.budget.chain": settings.budget.chain} if settings.budget else {}
    chains |= {"router.cascade.small": (settings.cascade.small,)} if settings.cascade else {}
    for place, chain in chains.items():
        for name in chain:
            if name not in backends:
                raise SettingsError(
                    f"{place}: there is no backend called {name!r}."
                    f" Known backends: {', '.join(backends)}.{nearest(name, backends)}"
                )
