"""Exact words: the extractive backend leads with the quote that holds them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.backends.base import Finished, Noted, Output, Request, Text
from bot.backends.extractive import ExtractiveBackend, Pointer
from bot.errors import LocalModelError
from bot.messages import Passage, Reading
from bot.tasks.base import Span
from tests.house import ask
from tests.shops import shop

SHIPPING = """Parcels to France take 3 days. They cost €4 if they weigh less than 2 kg, and €9 \
if they weigh more, whatever the number of things in them, and no parcel weighs more than 30 kg, \
which is what a person can carry. Parcels to Norway take 5 days. They go by ship.

| Country | Time |
|---|---|
| Spain | 4 days |
| Italy | 3 days |
"""


def words(name: str, /, **variables: Sequence[str]) -> str:
    return "\n\n".join(variables["quotes"]) if name == "quoted" else f"({name})"


async def outputs(
    question: str, wanted: str, *, score: float = 0.9, seconds: float = 5.0, nth: int = 0
) -> list[Output]:
    """Return what is said where the ``nth`` ``wanted`` are the exact words."""

    async def point(_question: str, passages: Sequence[Passage]) -> Span | None:
        if wanted == "(broken)":
            raise RuntimeError("Ada's secret")
        if wanted == "(slow)":
            await asyncio.Event().wait()
        if not wanted:
            return None
        start = -1
        for _ in range(nth + 1):
            start = passages[0].text.index(wanted, start + 1)
        end = start + len(wanted)
        return Span(text=wanted, score=score, start=start, end=end, passage=0)

    backend = ExtractiveBackend(
        enough=0.5,
        words=words,
        stems=lambda text: text.lower().replace("?", "").replace(".", "").split(),
        pointer=Pointer(spans=point, by="tiny", enough=0.5, seconds=seconds),
    )
    passage = Passage(
        id=7,
        article="shipping.md",
        title="Shipping",
        headings=("Shipping",),
        link="",
        text=SHIPPING,
        score=5.0,
        coverage=1.0,
    )
    request = Request(system="", history=(), context="", question=question, passages=(passage,))
    return [output async for output in backend.stream(request)]


def _text(found: list[Output]) -> str:
    return "".join(output.text for output in found if isinstance(output, Text))


def _reading(found: list[Output]) -> Reading:
    (noted,) = [output for output in found if isinstance(output, Noted)]
    return noted.reading


async def test_the_exact_words_stand_in_bold_in_their_sentence() -> None:
    found = await outputs("When do parcels to Norway come?", "5 days")
    assert "Parcels to Norway take **5 days**. They go by ship. [1]" in _text(found)
    assert _reading(found).value == "5 days (passage 7, 235 to 241)"
    assert _reading(found).score == 0.9
    assert isinstance(found[-1], Finished)


async def test_of_the_same_words_in_two_places_those_that_were_meant_are_quoted() -> None:
    first = _text(await outputs("Which parcels take 3 days?", "3 days"))
    second = _text(await outputs("Which parcels take 3 days?", "3 days", nth=1))
    assert "Parcels to France take **3 days**." in first
    assert "- Italy: **3 days**" in second


async def test_of_a_table_the_row_with_the_words_is_quoted() -> None:
    text = _text(await outputs("When do parcels to Norway come?", "4 days"))
    assert text.startswith("Shipping: [1]\n- Spain: **4 days**\n\nParcels to France")


@pytest.mark.parametrize("wanted", ["", "(broken)", "(slow)"])
async def test_without_exact_words_all_is_quoted_as_ever(wanted: str) -> None:
    plain = _text(await outputs("When do parcels to Norway come?", "5 days", score=0.49))
    found = await outputs("When do parcels to Norway come?", wanted, seconds=0.05)
    assert _text(found) == plain
    assert "**" not in plain
    assert "Ada" not in _reading(found).error
    assert bool(_reading(found).error) is bool(wanted)


async def test_words_that_nothing_quotable_holds_change_nothing() -> None:
    found = await outputs("When do parcels to Norway come?", "Norway take 5 days. They go by")
    assert "**" not in _text(found) or "They go by" in _text(found)


SETTINGS = """
[backends.quotes]
kind = "extractive"

[tasks.spans]
by = "model"
model = "{model}"
"""


async def test_a_customer_reads_the_exact_words_and_the_audit_tells_of_them(
    tmp_path: Path, tiny_roberta_qa: Path
) -> None:
    async with shop(tmp_path, SETTINGS.format(model=tiny_roberta_qa)) as app:
        reply = await ask(app, "What does shipping cost?")
        assert "Shipping costs **4.90 euros**. [1]" in reply.text
        (turn,) = await app.archive.turns(1)
        (reading,) = [reading for reading in turn.readings if reading.task == "spans"]
        assert reading.value.startswith("4.90 euros (passage ")
        assert reading.by == str(tiny_roberta_qa)
        assert reading.score is not None
        assert reading.score > 0.5
        assert not reading.error
        assert "**" not in (await ask(app, "Do you sell bicycles?")).text


async def test_a_model_of_another_kind_is_refused_before_a_door_opens(
    tmp_path: Path, tiny_gpt2: Path
) -> None:
    with pytest.raises(LocalModelError, match=r"is a GPT2LMHeadModel: .* an answer's place"):
        async with shop(tmp_path, SETTINGS.format(model=tiny_gpt2)):
            pytest.fail("It opened.")
