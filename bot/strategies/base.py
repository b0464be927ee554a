"""Ways of reasoning: a template each, and how to read what a model writes after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.errors import SettingsError, nearest
from bot.strategies.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A way of reasoning. ``tagged``: the customer sees only what stands inside ``<answer>``."""

    name: str
    purpose: str
    template: str
    tagged: bool = False

    def reader(self) -> Reader:
        """Return a reader for one answer."""
        return Reader(tagged=self.tagged)


_ALL = (
    Strategy(name="direct", template="direct.j2", purpose="answers at once"),
    Strategy(name="few_shot", template="few_shot.j2", purpose="answers after good examples"),
    Strategy(
        name="chain_of_thought",
        template="chain_of_thought.j2",
        purpose="reasons unseen, then answers",
        tagged=True,
    ),
)
STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType({each.name: each for each in _ALL})


def strategy(name: str) -> Strategy:
    """Return the strategy of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in STRATEGIES:
        raise SettingsError(
            f"No strategy called {name!r}.{nearest(name, STRATEGIES)}"
            f" Known strategies: {', '.join(STRATEGIES)}."
        )
    return STRATEGIES[name]
