"""Whoever is killed at whichever boundary of the protocol: the message is answered once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak import death
from tests.soak.points import ONCE, Make, in_files, on_server, outcomes, table


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Return what makes an empty database, once of each kind."""
    if request.param == "sqlite":
        return in_files(tmp_path)
    server: Callable[[str], str] = request.getfixturevalue("postgres_server")
    return on_server(server, request.getfixturevalue("postgres_template"))


@pytest.mark.timeout(300)
async def test_a_message_is_answered_once_wherever_a_worker_dies(
    make: Make, tmp_path: Path
) -> None:
    found = await outcomes(make, tmp_path)
    assert list(found) == list(death.DEATHS)
    assert set(found.values()) == {ONCE}, table({"": found})
