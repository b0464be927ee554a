"""Many slow answers are shown at once on a few connections: the short form, and untimed."""

from tests.soak.streams import POOL, problems, run
from tests.sql import count


async def test_slow_answers_hold_no_connection(database_url: str) -> None:
    report = await run(database_url, streams=80, within=2.0, seconds=8.0, every=0.8)
    assert not problems(report, most=float("inf"))
    assert report.most_running > 10 * POOL
    for table in ("turns", "deliveries"):
        assert await count(database_url, table) == report.begun
