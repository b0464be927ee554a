"""How everything stands, for people who look."""

from typing import Protocol

from bot.store.standing import Standing


class Overview(Protocol):
    """What people look at to see whether all is well."""

    async def standing(self, *, few: int) -> Standing:
        """Return how everything stands, with ``few`` of each kind of single things at most."""
        ...
