"""INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, for both databases."""

# What both know of conflicts is written alike, and SQLite's compiler reads it from here, too.
from sqlalchemy.dialects.postgresql import insert

__all__ = ["insert"]
