"""Looks at how the work stands, in the configured database and without a bot."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.errors import FrontdeskError
from bot.settings import BudgetSettings, Settings
from bot.store.standing import Standing
from channels.cli.here import Here
from channels.cli.report import Next, Remark, remarks

if TYPE_CHECKING:
    from bot.store.base import Overview

_FEW = 5  # single things of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one look found; ``standing`` is None where nothing could be seen."""

    standing: Standing | None = None
    remarks: Sequence[Remark] = ()
    budget: BudgetSettings | None = None

    @property
    def code(self) -> int:
        """The exit code: 1 where something needs a person."""
        return int(any(remark.urgent for remark in self.remarks))


class Glass:
    """Looks whenever it is asked to; a database that is away is tried again with each look."""

    def __init__(self, here: Here, *, longest: float) -> None:
        self._here = here
        self._settings = here.settings()
        self._longest = longest
        self._open = AsyncExitStack()
        self._overview: Overview | None = None

    async def look(self) -> View:
        """Return how everything stands; a database that cannot be seen is a remark itself."""
        try:
            overview = self._overview = self._overview or await self._opened()
            if overview is None:
                return View()
            standing = await overview.standing(few=_FEW)
        except FrontdeskError as error:
            return View(remarks=[Remark(kind="database", fact=str(error))])
        budget = self._settings.router.budget
        following = _next(self._settings, standing) if budget else None
        found = remarks(standing, longest=self._longest, budget=budget, following=following)
        return View(standing=standing, remarks=found, budget=budget)

    async def _opened(self) -> "Overview | None":
        """Open the database, unless it is a file that nobody has made yet."""
        from bot.store.address import to_address
        from bot.store.overview import SqlOverview

        address = to_address(self._settings.database.url.get_secret_value())
        if address.file and not address.file.exists():
            return None
        return SqlOverview(await self._open.enter_async_context(self._here.database()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()


def _next(settings: Settings, standing: Standing) -> Next | None:
    """Return what the next answer may take from the budgets."""
    from bot.wiring.router import held_for

    held = held_for(settings, standing.reads)
    return held and Next(backend=held[0], dollars=held[1].dollars, tokens=held[1].tokens)
