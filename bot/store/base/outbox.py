"""What a courier needs: replies on their way out."""

from collections.abc import Collection
from typing import Protocol

from bot.messages import Delivery


class Outbox(Protocol):
    """What a courier needs: replies that are to be posted, each by one courier at a time."""

    async def take(
        self, *, channels: Collection[str], holder: str, seconds: float
    ) -> Delivery | None:
        """Mark the oldest due delivery as sending, for ``seconds``, and return it.

        A reply is due at once for the ``holder`` that wrote it, which may be showing it, and a
        moment later for everyone. One that was left in sending by a courier whose time is over is
        due again; a conversation's deliveries leave in the order of their replies.
        """
        ...

    async def sent(self, turn: str, *, receipt: str) -> bool:
        """Mark the delivery of ``turn`` as sent; False if it was already."""
        ...

    async def put_back(self, delivery: Delivery, *, error: str, seconds: float | None) -> None:
        """Try again in ``seconds``; None gives up and marks it as failed, with ``error``.

        Does nothing where another courier has taken it since: its ``attempts`` moved on.
        """
        ...
