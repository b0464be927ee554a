"""The promise of a channel: one way in which customers reach the bot."""

from typing import Protocol


class Channel(Protocol):
    """Turns what it hears into ``Inbound`` values for the engine, until it is closed.

    A channel that hands its replies to others also brings a ``bot.delivery.Poster`` of its name,
    for couriers to post with; one that shows a reply itself, while it is written, marks it as sent.
    """

    @property
    def name(self) -> str:
        """The name under which its conversations are kept."""
        ...

    async def run(self) -> int:
        """Serve until there is nothing more to hear; return the exit code of the program."""
        ...
