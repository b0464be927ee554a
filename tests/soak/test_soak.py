"""Nothing is lost and nothing done twice while workers are killed and paused: the short form."""

from pathlib import Path

import pytest

from tests.soak.broken import FAULTS, Fault, stands
from tests.soak.plan import Harm, make
from tests.soak.soak import Conditions, soak
from tests.soak.table import table


@pytest.mark.timeout(300)
async def test_all_is_answered_once_and_in_order_whoever_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    conditions = Conditions(workers=2, lease=2.0, patience=3.0, limit=240.0)
    harms = {Harm.KILL: 5, Harm.PAUSE: 2, Harm.STOP: 1}
    plan = make(seed=1, messages=120, harms=harms, lease=conditions.lease, pace=1.5)
    report = await soak(
        plan, conditions, database=database_url, folder=tmp_path, tell=lambda _: None
    )
    log = (tmp_path / "workers.log").read_text()
    assert not report.findings, f"{table({'soak': report})}\n{report.findings}\n{log}"
    assert (report.kills, report.pauses, report.stops) == (5, 2, 1)
    assert report.posts > 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_guarantees_that_are_broken_on_purpose_stand_where_they_stood(fault: Fault) -> None:
    assert all(stands(piece) for piece in fault.pieces)
