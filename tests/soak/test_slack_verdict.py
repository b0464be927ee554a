"""What the soak of Slack finds wrong: each fault is made by hand, in a fake Slack."""

import pytest

from tests.servers.slack import FakeSlack
from tests.servers.slack.calling import Caller
from tests.servers.slack.posting import Posting
from tests.soak.slack.model import answer
from tests.soak.slack.verdict import judge, restless


class Books:
    """A thread that asks for ``order-1``, and what a bot posts into it."""

    def __init__(self, slack: FakeSlack, thread: str) -> None:
        self._slack = slack
        self._thread = thread
        self.asked = {"order-1": ("D1", thread)}

    async def post(
        self, text: str, *, turn: str | None = "t1", part: int = 0, last: bool = True
    ) -> None:
        payload = {"turn": turn, "part": part, "last": last}
        metadata = {"event_type": "frontdesk_reply", "event_payload": payload} if turn else None
        arguments = {"channel": "D1", "thread_ts": self._thread, "text": text, "metadata": metadata}
        await Posting(self._slack.world).post(Caller(install=self._slack.installed()), arguments)

    def findings(self) -> list[str]:
        return [finding.partition(":")[0] for finding in judge(self._slack, self.asked)]


RIGHT = answer(["order-1"])
BEGIN, END = RIGHT[:14], RIGHT[14:]


@pytest.mark.parametrize(
    ("posts", "found"),
    [
        ([], ["lost"]),
        ([{"text": RIGHT}], []),
        ([{"text": RIGHT}, {"text": RIGHT, "turn": "t2"}], ["twice"]),
        ([{"text": RIGHT}, {"text": RIGHT}], ["broken", "garbled"]),
        ([{"text": RIGHT}, {"text": "About", "turn": None}], ["orphan"]),
        ([{"text": RIGHT[:-1]}], ["garbled"]),
        ([{"text": RIGHT, "last": False}], ["broken"]),
        ([{"text": RIGHT}, {"text": answer(["order-2"]), "turn": "t2"}], ["unknown"]),
        ([{"text": BEGIN, "last": False}, {"text": END, "part": 1}], []),
        ([{"text": END, "part": 1}], ["garbled"]),
    ],
)
async def test_what_is_wrong_is_found(posts: list[dict[str, object]], found: list[str]) -> None:
    async with FakeSlack() as slack:
        books = Books(slack, await slack.say("Where is order-1?"))
        for post in posts:
            await books.post(**post)  # type: ignore[arg-type]
        assert books.findings() == found


async def test_an_answer_in_another_thread_is_found() -> None:
    async with FakeSlack() as slack:
        books = Books(slack, await slack.say("Something else"))
        books.asked = {"order-1": ("D1", await slack.say("Where is order-1?"))}
        await books.post(RIGHT)
        assert books.findings() == ["astray"]


async def test_a_status_that_nobody_clears_is_found() -> None:
    async with FakeSlack() as slack:
        books = Books(slack, await slack.say("Where is order-1?"))
        await books.post(RIGHT)
        slack.sessions.begin("D1", books.asked["order-1"][1])
        assert restless(slack, books.asked) == [("D1", books.asked["order-1"][1])]
