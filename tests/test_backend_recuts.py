"""An answer says the same however the network cuts it: ours, and what others recorded."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.backends.base import Backend, Called, Finished, Output, Request, Said, Text, Thought
from bot.backends.events import Event, EventReader
from bot.errors import BackendError
from bot.messages import ToolCall, Usage
from tests.exchanges import Exchange, Told, recorded, unfold_responses
from tests.servers.acts import Answer, Recording
from tests.servers.base import Heard
from tests.ways import WAYS, Way

REQUEST = Request(
    system="Be kind.", history=(Said(role="user", text="Hello"),), context="", question="Hello"
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
calls = st.builds(
    ToolCall,
    id=st.text("abc123_", min_size=1),
    name=st.sampled_from(["find_order", "refund"]),
    arguments=st.dictionaries(words, st.integers() | words, max_size=3).map(json.dumps),
)
counts = st.integers(0, 10**6)
usages = st.builds(Usage, input=st.integers(10**6, 10**7), output=counts).flatmap(
    lambda usage: st.builds(
        Usage,
        input=st.just(usage.input),
        output=st.just(usage.output),
        cache_read=st.integers(0, usage.input // 2),
        cache_write=st.integers(0, usage.input // 2),
    )
)
answers = st.builds(
    Answer, text=words, thinking=words, calls=st.lists(calls, max_size=2), usage=usages
)


def at(protocol: str, url: str) -> Backend:
    return WAYS[protocol].open("recorded", url, "sk-local-local-local")


def pieces(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut ``data`` at ``places``; an empty piece would end the body."""
    ends = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(ends) if start < end]


def told(outputs: Sequence[Output]) -> Told:
    *before, end = outputs
    assert isinstance(end, Finished)
    wishes = [output.call for output in before if isinstance(output, Called)]
    return Told(
        text="".join(output.text for output in before if isinstance(output, Text)),
        thinking="".join(output.text for output in before if isinstance(output, Thought)),
        calls=tuple((call.id, call.name, json.loads(call.arguments)) for call in wishes),
        usage=end.usage,
        stop=end.reason.value,
        model=end.model,
    )


async def ask(protocol: str, act: Recording) -> list[Output]:
    async with WAYS[protocol].server(act) as server:
        backend = at(protocol, server.url)
        try:
            return [output async for output in backend.stream(REQUEST)]
        finally:
            await backend.close()


async def _an_answer_survives_its_cuts(
    protocol: str, answer: Answer, places: Sequence[int]
) -> None:
    way = WAYS[protocol]
    heard = Heard(client=0, path="", headers={}, body=_body())
    data = b"".join(way.server().events(answer, heard))
    calls = answer.calls if way.calls else ()
    model = way.open("b", "http://localhost", "sk-local").model
    assert told(await ask(protocol, Recording(pieces=pieces(data, places)))) == Told(
        text=answer.text if way.calls else answer.text.lstrip(),
        thinking=answer.thinking if way.thinks else "",
        calls=tuple((call.id, call.name, json.loads(call.arguments)) for call in calls),
        usage=_counted(way, answer.usage),
        stop="tool" if calls else "end",
        model="a-model" if way.names else model,
    )


def _counted(way: Way, usage: Usage) -> Usage:
    if not way.counts:
        return Usage()
    return usage if way.caches else Usage(input=usage.input, output=usage.output)


def _body() -> bytes:
    return json.dumps({"model": "a-model", "stream_options": {"include_usage": True}}).encode()


@pytest.mark.parametrize("protocol", WAYS)
@settings(max_examples=15, deadline=None)
@given(answer=answers, places=st.lists(st.integers(0, 10_000), max_size=40))
async def test_an_answer_survives_its_cuts(
    protocol: str, answer: Answer, places: list[int]
) -> None:
    await _an_answer_survives_its_cuts(protocol, answer, places)


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(words.filter(bool), max_size=3), places=st.lists(st.integers(0, 2_000)))
@example(texts=["Let me see.", "Within 30 days."], places=[])
async def test_each_message_of_a_response_is_a_paragraph(
    texts: list[str], places: list[int]
) -> None:
    thought = {"type": "reasoning", "summary": [{"text": "They ask about returns."}]}
    messages = [
        {"type": "message", "content": [{"type": "output_text", "text": text}]} for text in texts
    ]
    output = [each for message in messages for each in (thought, message)]
    data = unfold_responses({"model": "a-model", "output": output}).encode()
    said = told(await ask("responses", Recording(pieces=pieces(data, places))))
    assert said.text == "\n\n".join(texts)


@given(
    data=st.lists(st.dictionaries(words, words), max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    places=st.lists(st.integers(0, 2_000)),
)
def test_events_survive_their_cuts(data: list[dict[str, str]], end: str, places: list[int]) -> None:
    stream = "".join(
        f": a comment{end}event: e{end}data: {json.dumps(value, ensure_ascii=False)}{end}{end}"
        for value in data
    )
    reader = EventReader()
    read = [event for piece in pieces(stream.encode(), places) for event in reader.feed(piece)]
    assert [*read, *reader.end()] == [Event("e", value) for value in data]


def test_half_an_event_is_none() -> None:
    reader = EventReader()
    assert list(reader.feed(b'data: {"whole": 1}\n\ndata: {"half"')) == [Event("", {"whole": 1})]
    assert list(reader.end()) == []


@pytest.mark.parametrize("sign", [b"data:\n\n", b"data: \r\n\r\n", b"event: ping\ndata:\n\n"])
def test_an_event_without_data_is_a_sign_of_life(sign: bytes) -> None:
    reader = EventReader()
    assert list(reader.feed(sign + b'data: {"whole": 1}\n\n' + sign)) == [Event("", {"whole": 1})]
    assert list(reader.end()) == []


def test_the_last_event_may_lack_its_blank_line() -> None:
    reader = EventReader()
    assert list(reader.feed(b"data: {}\n")) == []
    assert list(reader.end()) == [Event("", {})]


async def test_recorded_answers_are_read_as_they_were_given(recordings: Path | None) -> None:
    """With FRONTDESK_RECORDINGS, over what others recorded; see ``tests/exchanges.py``."""
    chance = random.Random(7)
    for exchange in recorded(recordings) if recordings else ():
        size = len(exchange.data)
        cuts = [
            [],
            [chance.randrange(size) for _ in range(30)],
            range(0, size, max(1, size // 3000)),
        ]
        for places in cuts:
            await _is_read_as_given(exchange, places)


async def _is_read_as_given(exchange: Exchange, places: Sequence[int]) -> None:
    act = Recording(
        pieces=pieces(exchange.data, places),
        status=exchange.status,
        headers={"content-type": exchange.content_type},
    )
    try:
        assert told(await ask(exchange.protocol, act)) == exchange.told, exchange.id
    except BackendError:
        assert exchange.told is None, exchange.id
