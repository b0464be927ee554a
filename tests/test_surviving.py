"""What is done again and again outlives what it runs into, and tells of it in decent words."""

import asyncio
import logging

import pytest

from bot.errors import StoreUnavailable
from bot.surviving import Surviving

_log = logging.getLogger("bot.work")


def test_a_database_that_is_away_is_told_on_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with Surviving(_log, "Could not look"):
        raise StoreUnavailable("The database is away.")
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "Could not look: The database is away."
    assert record.exc_info is None


def test_what_nobody_expected_is_told_without_anybody_s_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = "my" + " secret"
    with Surviving(_log, "Could not look"):
        raise ValueError(text)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("bot.work", logging.ERROR)
    assert "ValueError" in caplog.text
    assert "my secret" not in caplog.text


def test_whoever_is_told_to_stop_stops(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(asyncio.CancelledError), Surviving(_log, "Could not look"):
        raise asyncio.CancelledError
    assert not caplog.records
