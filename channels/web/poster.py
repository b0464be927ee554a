"""Delivers replies to the web: one that is committed stands in the log that every page reads."""

from bot.messages import Delivery

CHANNEL = "web"
_RECEIPT = "in the log"


class WebPoster:
    """Keeps the promise of a ``Poster``, with nothing to do: pages come for what they lack."""

    name = CHANNEL

    async def find(self, delivery: Delivery) -> str | None:  # noqa: ARG002 - the promise
        return _RECEIPT

    async def post(self, delivery: Delivery) -> str:  # noqa: ARG002 - likewise
        return _RECEIPT
