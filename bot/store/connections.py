"""Chooses how to reach a database."""

from collections.abc import Callable

from bot.store.address import Address
from bot.store.file import FileTransactions
from bot.store.server import ServerTransactions
from bot.store.transactions import Transactions


def connect(
    address: Address,
    *,
    pool: int,
    patience: float,
    clock: Callable[[], float] = float,  # for whoever asks for no time
) -> Transactions:
    """Return the way to a database, of at most ``pool`` connections; none is opened yet.

    A statement may take ``patience`` seconds, most of which it waits for others' locks. ``clock``
    is asked for the time on SQLite; PostgreSQL has its own.
    """
    if address.file:
        return FileTransactions(address, pool=pool, patience=patience, clock=clock)
    return ServerTransactions(address, pool=pool, patience=patience)
