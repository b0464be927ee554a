"""Every message in Slack is answered once while ``bot slack`` is killed: the short form."""

from pathlib import Path

import pytest

from tests.soak.slack.soak import Conditions, soak


@pytest.mark.timeout(300)
async def test_each_message_is_answered_once_whoever_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    processes = 1 if database_url.startswith("sqlite") else 2
    conditions = Conditions(
        messages=40,
        kills=3,
        processes=processes,
        seed=1,
        seconds=12,
        every=4,
        pace=0.01,
        patience=90,
    )
    report = await soak(conditions, database=database_url, folder=tmp_path, tell=lambda _: None)
    log = (tmp_path / "bot.log").read_text()
    assert not report.findings, f"{report.findings}\n{log[-5000:]}"
    assert report.kills == 3
    assert report.answers > 0
    assert "Traceback" not in log
