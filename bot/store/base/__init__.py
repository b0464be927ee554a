"""The promises of the store, one a file: conversations under lease, the outbox, the archive …

Each method is one transaction, and none holds a connection after it returns. Every method may
raise ``StoreUnavailable``; then nothing was written.
"""

from bot.store.base.archive import Archive, Line, Record, Unanswered
from bot.store.base.conversations import (
    Accepted,
    Conversations,
    Finish,
    History,
    Lease,
    Owed,
    Revised,
)
from bot.store.base.installations import Installation, Installations
from bot.store.base.outbox import Outbox
from bot.store.base.overview import Overview
from bot.store.base.posts import Posts, Shown
from bot.store.base.processes import Process, Processes
from bot.store.base.spendings import Reservation, Spendings, UsedUp
from bot.store.base.visits import Entry, Mark, Visit, Visits

__all__ = [
    "Accepted",
    "Archive",
    "Conversations",
    "Entry",
    "Finish",
    "History",
    "Installation",
    "Installations",
    "Lease",
    "Line",
    "Mark",
    "Outbox",
    "Overview",
    "Owed",
    "Posts",
    "Process",
    "Processes",
    "Record",
    "Reservation",
    "Revised",
    "Shown",
    "Spendings",
    "Unanswered",
    "UsedUp",
    "Visit",
    "Visits",
]
