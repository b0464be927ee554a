"""Where each channel's app is installed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where a channel's app was installed ``at`` a time. Only the channel reads ``sealed``."""

    name: str
    sealed: str
    about: Mapping[str, str]
    at: float


class Installations(Protocol):
    """Where each channel's app is installed, and who is on the way to install it."""

    async def keep(self, channel: str, name: str, *, sealed: str, about: Mapping[str, str]) -> None:
        """Keep an installation; it takes the place of an earlier one of that name."""
        ...

    async def find(self, channel: str, name: str) -> Installation | None:
        """Return the installation of that name, if there is one."""
        ...

    async def all(self, channel: str) -> Sequence[Installation]:
        """Return every installation of ``channel``, by name."""
        ...

    async def reseal(self, channel: str, name: str, *, old: str, new: str) -> bool:
        """Replace what is sealed, if it is still ``old``; nothing else changes."""
        ...

    async def remove(self, channel: str, name: str, *, at: float) -> bool:
        """Forget the installation that was kept ``at`` that time; False if there is none such."""
        ...

    async def issue(self, channel: str, state: str, *, seconds: float) -> None:
        """Let ``state`` be redeemed within ``seconds``."""
        ...

    async def redeem(self, channel: str, state: str) -> bool:
        """Tell whether ``state`` was issued and is still good; it never is a second time."""
        ...
