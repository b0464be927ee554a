"""Strategies: what a customer sees of an answer, and what stays hidden, whatever the cuts."""

import re
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings.fields import StrategyName
from bot.strategies import STRATEGIES, Reader
from bot.thoughts import BLOCKS, HIDDEN


def read(reader: Reader, *pieces: str) -> str:
    """Return what is left to see in the end."""
    seen = ""
    for piece in pieces:
        given = reader.feed(piece)
        seen = given if reader.recalled else seen + given
    return seen + reader.close()


def direct(*pieces: str) -> str:
    return read(Reader(), *pieces)


def thoughtful(*pieces: str) -> str:
    return read(Reader(tagged=True), *pieces)


def cut(text: str, places: list[int]) -> list[str]:
    """Cut ``text`` at ``places``, wherever they lie within it."""
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


PLACES = st.lists(st.integers(0, 400), max_size=12)


# --- The strategies


def test_every_strategy_has_its_template() -> None:
    book = PromptBook(shipped=shipped("prompts"))
    names = {sheet.name for sheet in book.sheets()}
    assert {each.template for each in STRATEGIES.values()} <= names


# --- Answers that are shown as they are written


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Hello.", "Hello."),
        ("\n\n  Hello.\n", "Hello."),
        ("<thinking>hm</thinking>\nHello.", "Hello."),
        ("<Think >hm</ THINK>Hello.", "Hello."),
        ("< thinking a='b'>hm< / thinking >Hello.", "Hello."),
        ("<reasoning\n>hm</reasoning>Hello.", "Hello."),
        ("Hello.<scratchpad>hm", "Hello."),
        ("<think>a<think>b</think>c</think>Hello.", "Hello."),
        ("<think>a<reasoning>b</think>Hello.", "Hello."),
        ("<think>a</thinking>never", ""),
        ("<thinking/>Hello.", "Hello."),
        ("<think never closed by > it says", ""),
        ("<think <b>never", ""),
        ("<thinking " + "x" * 300 + ">never", ""),
        ("so we know.</think>Hello.", "Hello."),
        ("<unanswered/>so we know.[/THINK]Hello.", "Hello."),
        ("<think>a </think> tag?</think>Hello.", "Hello."),
        ("so we know.</think>", ""),
        ("so we know.<|end|><|start|>assistant<|channel|>final<|message|>Hello.", "Hello."),
        ("<answer>Hello.</answer>", "Hello."),
        ("Hello. <thi", "Hello."),
        ("Hello. </thinking", "Hello."),
        ("1 < 2 and <b>bold</b> and <thinker>", "1 < 2 and <b>bold</b> and <thinker>"),
        ("smaller: <", "smaller: <"),
        ("a <- b </ c", "a <- b </ c"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_what_a_customer_sees_of_an_answer(written: str, seen: str) -> None:
    assert direct(written) == seen
    assert direct(*written) == seen


def test_hidden_words_are_kept_for_the_audit() -> None:
    reader = Reader()
    read(reader, "<think>She wants <thinking>a</thinking> refund.</th", "ink>Sure.")
    assert reader.reasoning == "She wants a refund."


def test_text_is_shown_at_once_unless_it_may_begin_a_tag() -> None:
    reader = Reader()
    assert [reader.feed(piece) for piece in ("He", "llo, 3 ", "<", " 4", " <thin", "g> ", "x")] == [
        "He",
        "llo, 3",
        "",
        " < 4",
        "",
        " <thing>",
        " x",
    ]


def test_what_was_shown_is_taken_back_when_it_turns_out_to_be_a_thought() -> None:
    reader = Reader()
    told = [(reader.feed(piece), reader.recalled) for piece in ("So ", "we", "</think>He", "llo.")]
    assert told == [("So", False), (" we", False), ("He", True), ("llo.", False)]
    assert reader.reasoning == "So we"
    assert not reader.unanswered


@pytest.mark.parametrize(
    "mark", ["<unanswered/>", "<Unanswered />", "<unanswered>", "< unanswered/>"]
)
def test_an_answer_says_of_itself_that_it_does_not_know(mark: str) -> None:
    reader = Reader()
    assert read(reader, *mark, "\nI'm sorry.") == "I'm sorry."
    assert reader.unanswered
    assert reader.usable


def test_a_mark_within_hidden_words_says_nothing() -> None:
    reader = Reader()
    assert read(reader, "<think>maybe <unanswered/>?</think>It is blue.") == "It is blue."
    assert not reader.unanswered
    assert "<unanswered/>" in reader.reasoning


def test_an_empty_answer_is_of_no_use() -> None:
    reader = Reader()
    assert read(reader, "\n<think>hm</think>\n") == ""
    assert not reader.usable


# --- Other forms of thoughts

ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|start|>assistant<|channel|>final<|message|>"
CALL = (
    "<|start|>assistant<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|>"
)
FORMS = [
    *(f"{opening}hm{closing}Hello [1]." for opening, closing in BLOCKS.items()),
    f"{ANALYSIS}hm<|end|>{FINAL}Hello [1].<|return|>",
    f"{ANALYSIS}hm{CALL}{FINAL}Hello [1].<|end|>",
    f"{ANALYSIS}hm <think> [THINK] <|channel> never closed<|end|>{FINAL}Hello [1].",
    f"{ANALYSIS}hm<|end|><|channel|>final <|constrain|>json<|message|>Hello [1].",
    f"{ANALYSIS}hm<|end|><|channel|>final<|constrain|>text<|message|>Hello [1].",
    "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Hello [1].<|END_RESPONSE|>",
    "<|begin_of_thought|>hm<|end_of_thought|>\n\n<|begin_of_solution|>Hello [1].",
    "<|channel>thought\nhm<channel|>Hello [1].",
    "<|think|>hm<|end|><|begin|>assistant<|content|>Hello [1].<|flush|>",
    "<|content_thinking|>hm<|end_message|><|message_model|><|content_text|>Hello [1].",
    "<seed:think>hm</seed:think>Hello [1].",
    "<think>[THINK]hm</think>Hello [1].",
    f"<think>hm {FINAL} no</think>Hello [1].",
]


@pytest.mark.parametrize("written", FORMS)
def test_a_thought_is_hidden_in_whatever_form_it_is_written(written: str) -> None:
    reader = Reader()
    assert read(reader, *written) == "Hello [1]."
    assert direct(written) == "Hello [1]."
    assert "hm" in reader.reasoning
    assert thoughtful(written) == "Hello [1]."


@pytest.mark.parametrize(
    "written",
    [
        f"{ANALYSIS}Hello.<|end|>",
        f"{ANALYSIS}Hello.<|end|>Hello.",
        "<|start|>assistant<|message|>Hello.",
        "<|channel|>final Hello.",
        "<|channel|>finally<|message|>Hello.",
        "<|message|>Hello.",
        "<|channel|>commentary<|message|>Hello.<|return|>",
        "<|think|>Hello.<|end|>",
        "[THINK]Hello.",
    ],
)
def test_a_message_that_is_not_said_to_be_an_answer_is_none(written: str) -> None:
    assert direct(*written) == direct(written) == ""
    reader = Reader(tagged=True)
    assert read(reader, written) == ""
    assert reader.astray
    assert "Hello." in reader.reasoning


def test_messages_are_told_apart() -> None:
    reader = Reader()
    written = f"{ANALYSIS}One.<|end|>{ANALYSIS}Two.<|end|>{FINAL}Three.<|end|>{FINAL}Four."
    assert read(reader, written) == "Three.\n\nFour."
    assert reader.reasoning == "One.\n\nTwo."


@pytest.mark.parametrize("written", ["[1], [Think](/t), [/th] <|x|> \u25c1 <|START|> [", "a <|"])
def test_what_is_no_mark_is_shown(written: str) -> None:
    assert direct(*written) == direct(written) == written


def test_marks_beside_an_answer_are_not_shown() -> None:
    assert direct("<|START_RESPONSE|>Hello.<|end|>") == "Hello."


# --- Answers that are thought over first


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("<thinking>hm</thinking><answer>Hello.</answer>", "Hello."),
        ("<thinking>hm</thinking>\n\n<answer>\nHello.\n</answer>\nDone.", "Hello."),
        ("I think: hm. <answer>Hello.", "Hello."),
        ("<thinking>draft <answer>no</answer></thinking><answer>yes</answer>", "yes"),
        ("<answer>Hello <thinking>hm</thinking>you.</answer>", "Hello you."),
        ("<thinking>hm</thinking>Hello.", "Hello."),
        ("hm, hm.</thinking>\nHello.", "Hello."),
        ("<thinking>a</thinking>b<thinking>c</thinking>Hello.", "Hello."),
        ("<thinking>a</thinking>Here it is: <answer>Hello.</answer>", "Hello."),
        ("<answer>One.</answer>\n<answer>Two.</answer>", "One.\n\nTwo."),
        ("<thinking>hm</thinking><answer>Hello.</ans", "Hello."),
        ("<thinking>never closed <answer>no</answer>", ""),
        ("Just hello.", ""),
        ("<thinking>hm</thinking>", ""),
        ("<answer></answer>", ""),
    ],
)
def test_what_a_customer_sees_of_a_thoughtful_answer(written: str, seen: str) -> None:
    reader = Reader(tagged=True)
    assert read(reader, *written) == seen
    assert thoughtful(written) == seen
    assert reader.usable == bool(seen)


def test_a_thoughtful_answer_is_shown_as_it_is_written() -> None:
    reader = Reader(tagged=True)
    assert reader.feed("<thinking>hm</thinking>\n<answer>\nHel") == "Hel"
    assert reader.feed("lo") == "lo"


def test_what_was_said_beside_a_thoughtful_answer_is_kept_for_the_audit() -> None:
    reader = Reader(tagged=True)
    read(reader, "Well. <thinking>hm</thinking> So: <answer>Hello.</answer> Good.")
    assert reader.reasoning == "Well. hm So:  Good."


# --- Whatever the model writes, and however it is cut

SHARDS = [
    *("<", "</", ">", "/>", " ", "\n", "a", "x=1", "<b>", "!", "ink", "er>"),
    *("<think>", "</think>", "<THINKING >", "</thinking>", "< reasoning", "<think "),
    *("<answer>", "</answer>", "<unanswered/>", "<answ"),
    *("[", "[1]", "[THINK]", "[/THINK]", "|>", "final", "\u25c1think\u25b7", "<|think|>"),
    *("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|content|>", "<|chan"),
]
WRITTEN = st.lists(st.sampled_from(SHARDS), max_size=14).map("".join)


@given(written=WRITTEN, places=PLACES, tagged=st.booleans())
def test_the_outcome_is_the_same_however_an_answer_is_cut(
    written: str, places: list[int], *, tagged: bool
) -> None:
    whole, pieces = Reader(tagged=tagged), Reader(tagged=tagged)
    assert read(pieces, *cut(written, places)) == read(whole, written)
    assert pieces.reasoning == whole.reasoning
    assert (pieces.unanswered, pieces.usable) == (whole.unanswered, whole.usable)


PLAIN = st.text("abc <>/[]|\n", max_size=12)
TAGS = [
    (f"<{gap}{tag.upper()}{gap}>", f"</{gap}{tag}{gap}>")
    for tag in HIDDEN
    for gap in ("", " ", "\n")
]
MESSAGES = [
    ("<|channel|>analysis<|message|>", "<|end|>"),
    ("<|channel|>commentary to=functions.x<|message|>", "<|call|>"),
    ("<|start|>assistant", "<|channel|>final<|message|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|content_thinking|>", "<|end_message|><|content_text|>"),
]
SECRET = st.lists(
    st.sampled_from(
        [
            *("\u2620", "\u2620\u2620", "<", "</", "</thi", "<b>", " ", ">"),
            *("[", "[/TH", "[/", "<|", "|>", "<|end", "<|end|>", "\u25c1", "\u25c1/think"),
        ]
    )
)


@given(
    before=PLAIN,
    secret=SECRET.map("".join),
    after=PLAIN,
    tags=st.sampled_from([*TAGS, *BLOCKS.items(), *MESSAGES]),
    places=PLACES,
)
def test_hidden_reasoning_never_shows(
    before: str, secret: str, after: str, tags: tuple[str, str], places: list[int]
) -> None:
    opening, closing = tags
    written = f"{before}{opening}{secret}{closing}{after}"
    for reader in (Reader(), Reader(tagged=True)):
        assert "\u2620" not in "".join(map(reader.feed, cut(written, places))) + reader.close()
    for reader in (Reader(), Reader(tagged=True)):
        assert "\u2620" not in read(reader, *cut(written, places))


@given(beside=SECRET.map("".join), seen=PLAIN, places=PLACES)
def test_only_the_answer_of_a_thoughtful_one_shows(
    beside: str, seen: str, places: list[int]
) -> None:
    written = f"{beside} <answer>{seen}</answer> {beside}"
    assert "\u2620" not in thoughtful(*cut(written, places))


@given(text=st.text(max_size=80), places=PLACES)
def test_an_answer_without_tags_is_shown_as_it_is(text: str, places: list[int]) -> None:
    plain = re.sub("[a-zA-Z]", ".", text)  # no letters, no tags
    assert direct(*cut(plain, places)) == plain.strip()


def test_the_settings_know_every_strategy_by_name() -> None:
    assert set(get_args(StrategyName)) == set(STRATEGIES)
