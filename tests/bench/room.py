"""The part of the bench that weighs the database against the words that it keeps."""

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import asyncpg

from bot.delivery import Courier
from bot.messages import Delivery
from bot.resources import sample
from tests.bench.candidates import EngineCandidate, engine
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row

_QUESTIONS = """\
Hello, I bought a jacket three weeks ago and it does not fit me. Can I still send it back, and \
who pays for the parcel?
I forgot my password and the e-mail with the link never arrives, although I looked into the spam \
folder twice. What else can I do?
My parcel should have been here on Tuesday and the tracking page has not changed since last week. \
Where is my order now, please?
I typed the wrong street when I ordered this morning. Is it still possible to change the address \
before you send it to me?
The zip of my tent broke on its second night outside. Does the warranty cover that, and what \
would you need from me?
I would like to pay with a gift card and the rest with my credit card. Does that work, and can I \
return such an order?
""".splitlines()
_ANSWER = """\
Yes, you can still do that: anything that is unused and in its original condition can be sent back \
within 60 days of delivery, and you get your money back [1]. Open Account and then Orders, choose \
the order, select Return items, and tell us briefly why you send it back [1]. Print the label or \
show its code at the drop-off point, pack everything with its tags in any sturdy box, and drop it \
off within 14 days [2]. Returns from the United States are free; from elsewhere the label's price \
is taken off the refund. We check what arrives within five business days, and your bank then takes \
another three to five days to show the money. If anything is unclear, just write to me again."""
_TURNS_EACH = 10
_TURNS_VACUUMED = 50
_SMALL = 5.0  # bytes a turn; what takes less is not told
_FILE_SIZES = """
    SELECT coalesce(tbl_name, dbstat.name) || iif(type = 'index', ', indexes', ''), sum(pgsize)
    FROM dbstat LEFT JOIN sqlite_master ON sqlite_master.name = dbstat.name GROUP BY 1
"""
_SERVER_SIZES = """
    SELECT relname, pg_table_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT relname || ', indexes', pg_indexes_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


class _Poster:
    """A channel whose receipts are as long as Slack's."""

    name = "terminal"

    async def find(self, delivery: Delivery) -> str | None:  # noqa: ARG002 - nothing was posted
        return None

    async def post(self, delivery: Delivery) -> str:  # noqa: ARG002 - there is no one to read it
        return "1732248000.123456"


async def database_room(place: Place, *, turns: int) -> Sequence[Row]:
    """Return how many bytes a turn takes, and how many of them its own words are.

    A first half of the turns fills what every database holds anyway; the second half is weighed.
    """
    help_centre = {file.name: file.read_text() for file in (sample() / "help").glob("*.md")}
    with tempfile.TemporaryDirectory() as name, provider(_ANSWER) as asked:
        folder = Path(name)
        async with engine(
            place, base_url=asked.url, folder=folder, articles=help_centre
        ) as candidate:
            await _converse(candidate, range(turns))
            before = await _weigh(candidate.url)
            words = await _converse(candidate, range(turns, 2 * turns))
            after = await _weigh(candidate.url)
    grown = {part: after[part] - before.get(part, 0) for part in after}
    return _rows(place.kind, grown, words=words, turns=turns)


async def _converse(candidate: EngineCandidate, turns: range) -> int:
    """Ask and deliver; returns the bytes of what was said."""
    words, app = 0, candidate.app
    courier = Courier(outbox=app.outbox, posters=[_Poster()], holder=app.holder)
    for number in turns:
        question = _QUESTIONS[number % len(_QUESTIONS)]
        await candidate.turn(f"conversation {number // _TURNS_EACH}", question)
        await courier.deliver_one()
        words += len(question.encode()) + len(_ANSWER.encode())
        if number % _TURNS_VACUUMED == 0:
            await _weigh(candidate.url)
    return words


def _rows(kind: str, grown: Mapping[str, int], *, words: int, turns: int) -> Sequence[Row]:
    parts = sorted(grown, key=lambda part: -grown[part])
    return [
        Row(
            name=f"{kind}: bytes of database per byte of words",
            ours=[sum(grown.values()) / words],
            goal="≤ 3",
            kept=lambda row: row.middle <= 3,
        ),
        Row(name=f"{kind}: bytes of words a turn", ours=[words / turns]),
        *(
            Row(name=f"{kind}: bytes a turn in {part}", ours=[grown[part] / turns])
            for part in parts
            if grown[part] / turns >= _SMALL
        ),
    ]


async def _weigh(url: str) -> Mapping[str, int]:
    """Return the bytes of every table and of its indexes, without what waits to be vacuumed."""
    if not url.startswith("sqlite"):
        return await _weigh_server(url)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return dict(connection.execute(_FILE_SIZES))


async def _weigh_server(url: str) -> Mapping[str, int]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM")  # as the server does by itself, from time to time
        rows = await connection.fetch(_SERVER_SIZES)
    finally:
        await connection.close()
    return dict(map(tuple, rows))
