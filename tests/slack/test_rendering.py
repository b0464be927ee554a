"""Slack refuses nothing of what answers become, and readers lose nothing of them.

Some answers are made; ``pytest --hypothesis-profile=thorough`` makes 10,000.
"""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.messages import Citation
from channels.slack import blocks
from channels.slack.sheets import Sheets, pages
from channels.slack.wording import JOINER, harmless, weight
from tests.servers.slack.rules import refusal
from tests.slack.answers import CITATIONS, SENTENCES, TEXT, documents, pieces

LONGEST = st.sampled_from([900, 3_000, 10_500])
SIZES = st.lists(st.sampled_from([1, 4, 4, 17, 300]), min_size=1, max_size=5)
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

made = settings(
    max_examples=10_000 if settings.get_current_profile_name() == "thorough" else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def streamed(text: str, sizes: list[int], *, longest: int = 10_500) -> list[list[str]]:
    """Return for each message what is appended to it, one after the other."""
    sheets, calls = Sheets(longest=longest), [[""]]
    slower = 1 + len(text) // 5_000  # a long answer comes in longer pieces, for the test's time
    for piece in [*pieces(text, [slower * size for size in sizes]), None]:
        sheets.add(piece or "")
        calls[-1].append(sheets.take(final=piece is None))
        while sheets.full:
            calls[-1].append(sheets.turn())
            calls.append([sheets.take(final=piece is None)])
    found = [[each for each in parts if each] for parts in calls]
    return [parts for parts in found if "".join(parts).strip()]


def posted(page: str, citations: tuple[Citation, ...]) -> dict[str, Any]:
    return {
        "channel": "C1",
        "text": blocks.fallback(page),
        "blocks": [*blocks.answer(page), *blocks.sources(citations), *blocks.feedback("turn")],
        "metadata": blocks.metadata("turn", 0, last=True),
    }


@made
@given(documents(), CITATIONS)
def test_slack_takes_every_message(text: str, citations: tuple[Citation, ...]) -> None:
    for page in pages(text):
        assert refusal("chat.postMessage", posted(page, citations)) is None
        assert refusal("chat.update", posted(page, citations) | {"ts": "1.2"}) is None


@made
@given(documents(), SIZES, CITATIONS)
def test_slack_takes_every_stream(
    text: str, sizes: list[int], citations: tuple[Citation, ...]
) -> None:
    for first, *others in streamed(text, sizes):
        start = {"channel": "D1", "thread_ts": "1.2", "chunks": _chunks(first)}
        assert refusal("chat.startStream", start) is None
        for each in others:
            append = {"channel": "D1", "ts": "1.3", "chunks": _chunks(each)}
            assert refusal("chat.appendStream", append) is None
        shown = "".join([first, *others])
        below = posted(shown, citations)
        stop = {"ts": "1.3", "blocks": below["blocks"][1:], "metadata": below["metadata"]}
        assert refusal("chat.stopStream", {"channel": "D1", **stop}, shown=shown) is None


@made
@given(documents(), SIZES, LONGEST)
def test_nothing_is_lost_or_broken(text: str, sizes: list[int], longest: int) -> None:
    streams = ["".join(parts) for parts in streamed(text, sizes, longest=longest)]
    for messages in (pages(text, longest=longest), streams):
        assert all(weight(message) <= longest for message in messages)
        assert _follows(_visible(harmless(text)), _visible("".join(messages)))
        assert not re.search("<[!@#]", "".join(messages))
        for message in messages:
            assert message.strip()
            assert not _unclosed(message)


@made
@given(documents(), SIZES)
def test_what_fits_is_one_message_however_it_comes(text: str, sizes: list[int]) -> None:
    (page,) = pages(text[:1_500]) or [""]
    (parts,) = streamed(text[:1_500], sizes) or [[]]
    assert "".join(parts) == page


@made
@given(documents(), SIZES, SIZES, LONGEST)
def test_a_stream_ends_its_messages_alike_however_it_comes(
    text: str, some: list[int], others: list[int], longest: int
) -> None:
    text = text[:12_000]
    first, second = (streamed(text, sizes, longest=longest) for sizes in (some, others))
    assert ["".join(parts) for parts in first] == ["".join(parts) for parts in second]


@made
@given(documents(), SIZES, LONGEST)
def test_what_is_kept_waiting_is_cut_as_a_whole_answer(
    text: str, sizes: list[int], longest: int
) -> None:
    sheets = Sheets(longest=longest)
    for piece in pieces(text, sizes):
        sheets.add(piece)
    found, page = [], sheets.take(final=True)
    while sheets.full:
        found.append(page + sheets.turn())
        page = sheets.take(final=True)
    assert [*found, page][: len(found) + bool(page.strip())] == pages(text, longest=longest)


@made
@given(SENTENCES | TEXT, st.lists(SENTENCES | TEXT, max_size=4), CITATIONS)
def test_slack_takes_every_home_and_button(
    text: str, suggestions: list[str], citations: tuple[Citation, ...]
) -> None:
    view = blocks.home(
        company=text,
        about=text * 9,
        suggestions=suggestions,
        conversations=[(each.title, each.link or None) for each in citations],
    )
    assert refusal("views.publish", {"user_id": "U1", "view": view}) is None
    stop = {"channel": "C1", "user": "U1", "text": "Stop?", "blocks": blocks.stop("T1:C1:1.2")}
    assert refusal("chat.postEphemeral", stop) is None


@pytest.mark.parametrize("words", ["**Yes**, [here](https://e.com) it is [1].", "# Yes\n\n- no"])
def test_notifications_say_plain_words(words: str) -> None:
    assert blocks.fallback(words) in {"Yes, here it is.", "Yes no"}


def test_sources_are_linked_and_escaped() -> None:
    cited = Citation(
        number=1, passage=1, title="A & B", heading="<C|D>", link="https://e.com/?a=1&b=<2>"
    )
    (block,) = blocks.sources([cited])
    (element,) = block["elements"]
    assert element["text"] == ("<https://e.com/?a=1&amp;b=%3C2%3E|[1] A &amp; B › &lt;C¦D&gt;>")


def test_thirty_sources_are_ten_elements() -> None:
    cited = [
        Citation(number=number, passage=1, title=f"Page {number}", heading="", link="")
        for number in range(1, 31)
    ]
    (block,) = blocks.sources(cited)
    assert len(block["elements"]) == 10
    assert block["elements"][-1]["text"] == "[28] Page 28\n[29] Page 29\n[30] Page 30"


def _chunks(text: str) -> list[dict[str, str]]:
    return [{"type": "markdown_text", "text": text}]


def _visible(text: str) -> str:
    """Return what readers see; the signs of quotes with nothing in them are not of it."""
    return "".join(text.replace(JOINER, "").replace(">", "").split())


def _follows(short: str, long: str) -> bool:
    """Tell whether ``long`` is ``short`` with something put in here and there."""
    signs = iter(long)
    return all(sign in signs for sign in short)


def _unclosed(message: str) -> list[Token]:
    """Return the fences that nothing closes, as an independent parser sees the message."""
    lines = message.split("\n")
    fences = [token for token in MARKDOWN.parse(message) if token.type == "fence"]
    return [fence for fence in fences if not _is_closed(fence, lines)]


def _is_closed(fence: Token, lines: list[str]) -> bool:
    start, end = fence.map or (0, 0)
    last = lines[end - 1].lstrip("> \t").rstrip()
    return end - start > 1 and last.startswith(fence.markup) and not last.strip(fence.markup[0])
