"""The column types for what people and machines wrote: safe on both databases."""

import re

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from bot.errors import StoreError

# PostgreSQL keeps no NUL, and neither database a half of a surrogate pair.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


def keepable(text: str) -> str:
    """Return ``text`` with a replacement mark for each character that no database keeps."""
    return _UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", text)


class Words(TypeDecorator[str]):
    """Text of any length, from anyone."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else keepable(value)


class Mark(TypeDecorator[str]):
    """A name by which something is found again; never cut, since two might become one."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.longest = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if len(value) > self.longest:
            raise StoreError(
                f"A name of {len(value)} characters, '{value[:20]}…', does not fit its column. "
                f"Give one of at most {self.longest}."
            )
        return keepable(value)
