"""The bench runs to its end; whether its figures are good is for ``make bench`` to say."""

from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.parts import Scale, parts
from tests.bench.places import Files
from tests.bench.report import Row
from tests.bench.slack import Rush
from tests.bench.stretch import Size
from tests.bench.web import Crowd

TINY = Scale(
    repetitions=1,
    slow_repetitions=1,
    one=Size(at_once=1, rounds=1, turns=2),
    many=Size(at_once=2, rounds=1, turns=1),
    both=Size(at_once=2, rounds=1, turns=1),
    longest=12,
    repeats=25,
    room=20,
    crowd=Crowd(streams=4, answers=2, words=10),
    rush=Rush(messages=4, seconds=1, answers=2, words=10, modes=["socket"]),
    customers=3,
)


@pytest.mark.timeout(300)  # four servers start one after another, perhaps beside other tests
@pytest.mark.parametrize(
    "name", ["floors-sqlite-1", "length-sqlite", "room-sqlite", "repeats", "web", "slack", "local"]
)
def test_every_figure_of_a_part_is_measured(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = parts(TINY, where=lambda _: Files(tmp_path), results=tmp_path)[name]()
    assert rows
    assert all(min(row.ours) >= 0 for row in rows)
    assert report.table(rows).count("\n") == len(rows) + 1
    assert "token limit" not in caplog.text, "as all answers of 'local' are"


def test_each_section_of_the_table_tells_its_own_floors() -> None:
    rows = [
        Row(name="a", ours=[1], first=[2], second=[2], floors=("SDK", "HTTP")),
        Row(name="b", ours=[1], first=[2], second=[2], floors=("SDK", "HTTP")),
        Row(name="c", ours=[1], second=[2], floors=("", "bare Bolt")),
    ]
    one, other = report.table(rows).split("\n\n")
    assert "| floor (i): SDK | floor (ii): HTTP |" in one.splitlines()[0]
    assert [line[:3] for line in one.splitlines()[2:]] == ["| a", "| b"]
    assert "|  | floor (ii): bare Bolt |" in other.splitlines()[0]


def test_a_promise_that_is_missed_is_told() -> None:
    slow = Row(
        name="ms",
        ours=[3, 4, 5],
        second=[1, 2, 2],
        goal="≤ 1.5",
        kept=lambda row: row.to_second <= 1.5,
    )
    assert (
        str(slow)
        == "| ms | 4.00 (3.00 to 5.00) |  | 2.00 (1.00 to 2.00) |  | 2.50 | ≤ 1.5: MISSED |"
    )
