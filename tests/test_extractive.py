"""The extractive backend quotes what answers, word for word, and admits what it does not know."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backends.base import Finished, Output, Request, Said, StopReason, Text
from bot.backends.extractive import ExtractiveBackend
from bot.backends.extractive.readable import readable
from bot.backends.extractive.sentences import sentences
from bot.messages import Passage, Usage

PASSWORD = """You can set a new password at any time.

1. Open the [sign-in page](https://shop.example/login) and select **Forgot password?**
2. Enter your `e-mail` address.

   We never ask for anything else.
3. Open our e-mail and choose a new password.

The e-mail arrives within 2 minutes.[^1] The link in it works for 60 minutes. It works only once.
"""
SHIPPING = """We pack every order on the day that it comes in.

| Country | Time | Cost |
|:--|:-:|--:|
| France | 2 days | €4 |
| Norway | 5 days | €9 |

Parcels that weigh more than 20 kg are sent by freight.
"""
_FILLER = frozenset(
    [
        "a",
        "about",
        "an",
        "can",
        "and",
        "the",
        "is",
        "it",
        "my",
        "to",
        "do",
        "i",
        "in",
        "how",
        "what",
        "when",
        "for",
        "does",
        "that",
        "of",
        "you",
        "we",
    ]
)


def words(name: str, /, **variables: Sequence[str]) -> str:
    return "\n\n".join(variables["quotes"]) if name == "quoted" else f"({name})"


def stems(text: str) -> Sequence[str]:
    return [
        word.removesuffix("s")
        for word in re.findall(r"\w+", text.lower().replace("e-mail", "email"))
        if word not in _FILLER
    ]


def passage(
    text: str, *, heading: str = "Help", coverage: float = 1.0, score: float = 5
) -> Passage:
    return Passage(
        id=7,
        article="help.md",
        title="Help",
        headings=("Help", heading),
        link="help.md#x",
        text=text,
        coverage=coverage,
        score=score,
    )


async def outputs(question: str, *passages: Passage, earlier: str = "") -> list[Output]:
    said = (Said(role="user", text=earlier), Said(role="assistant", text="Sure."))
    request = Request(
        system="",
        history=(*(said if earlier else ()), Said(role="user", text=question)),
        context="",
        question=question,
        passages=passages,
    )
    backend = ExtractiveBackend(enough=0.5, words=words, stems=stems)
    return [output async for output in backend.stream(request)]


async def answer(question: str, *passages: Passage, earlier: str = "") -> str:
    told = await outputs(question, *passages, earlier=earlier)
    return "".join(output.text for output in told if isinstance(output, Text))


async def test_a_how_to_is_answered_with_all_of_its_steps() -> None:
    reset = passage(PASSWORD, heading="Reset your password")

    assert await answer("How do I reset my password?", reset) == (
        "Reset your password: [1]\n"
        "1. Open the sign-in page and select Forgot password?\n"
        "2. Enter your e-mail address. We never ask for anything else.\n"
        "3. Open our e-mail and choose a new password."
    )


async def test_who_is_stuck_gets_the_steps_without_asking_for_them() -> None:
    told = await answer(
        "I can't sign in, my password is gone", passage(PASSWORD, heading="Sign in")
    )

    assert "1. Open the sign-in page" in told


async def test_how_long_is_answered_with_a_time_and_not_with_the_steps() -> None:
    reset = passage(PASSWORD, heading="Reset your password")

    told = await answer(
        "And how long does that take?", reset, earlier="How do I reset my password?"
    )

    assert told.startswith("The e-mail arrives within 2 minutes.")
    assert "1." not in told


async def test_sentences_that_follow_each_other_are_one_quote_with_one_number() -> None:
    told = await answer("How long does the e-mail link work?", passage(PASSWORD))

    assert told.count("[1]") == 1
    assert told.endswith("The link in it works for 60 minutes. It works only once. [1]")


async def test_of_a_table_only_the_row_that_answers_is_quoted() -> None:
    told = await answer("How much is it to Norway?", passage(SHIPPING, heading="Delivery"))

    assert told == "Delivery: [1]\n- Norway — Time: 5 days; Cost: €9"


async def test_a_question_about_all_of_a_table_gets_all_of_it() -> None:
    told = await answer("What delivery options do you have?", passage(SHIPPING, heading="Delivery"))

    assert told.count("\n- ") == 2


async def test_the_number_of_a_quote_is_that_of_its_passage() -> None:
    told = await answer("When is freight used?", passage(PASSWORD, score=1), passage(SHIPPING))

    assert told == "Parcels that weigh more than 20 kg are sent by freight. [2]"


async def test_a_footnote_in_an_article_cannot_pose_as_a_source() -> None:
    told = await answer(
        "Is there a fee?", passage("There is no fee.[2] Not even [3][4] a small one.")
    )

    assert re.findall(r"\[\d+\]", told) == ["[1]"]


async def test_what_two_articles_say_alike_is_quoted_once() -> None:
    one, other = passage("Returns are free."), passage("All returns are free.", score=4.9)

    assert await answer("Are returns free?", one, other) == "Returns are free. [1]"


async def test_two_subjects_are_answered_from_two_passages() -> None:
    told = await answer(
        "What about freight, and what about a password?",
        passage("A password is never sent by mail.", coverage=0.5),
        passage("We ship by freight.", coverage=0.5),
    )

    assert told == "We ship by freight. [2]\n\nA password is never sent by mail. [1]"


async def test_of_two_questions_the_one_that_we_know_is_answered() -> None:
    told = await answer(
        "Do you sell saddles, and is freight possible?",
        passage("A saddle bag is never sent by mail.", coverage=0.2),
        passage("It is possible to ship by freight.", coverage=0.4),
    )

    assert told == "It is possible to ship by freight. [2]"


async def test_steps_are_only_quoted_for_what_they_lead_to() -> None:
    told = await answer(
        "How do I pay with PayPal?",
        passage("1. Check the number.\n2. Or pay with PayPal.", heading="A card was declined"),
        passage("You can pay with PayPal.", heading="Ways to pay"),
    )

    assert told == "You can pay with PayPal. [2]"


async def test_what_a_table_is_introduced_by_counts_for_its_rows() -> None:
    told = await answer(
        "How long does shipping take?",
        passage("We start shipping a day after an order."),
        passage("How long shipping takes:\n\n| To | Time |\n|---|---|\n| Norway | 5 days |"),
    )

    assert told == "How long shipping takes: [2]\n- Norway: 5 days"


async def test_a_heading_that_asks_alike_promises_the_answer() -> None:
    told = await answer(
        "Where do you deliver to?",
        passage("You can deliver a parcel back: select Return.", heading="Send back"),
        passage("We deliver to Norway and France.", heading="Where we deliver"),
    )

    assert told.startswith("We deliver to Norway and France. [2]")


async def test_a_table_of_one_row_is_quoted() -> None:
    told = await answer("laptop loan", passage("| Laptop loan: 14 days |\n| --- |"))

    assert told == "Help: [1]\n- Laptop loan: 14 days"


@pytest.mark.parametrize("found", [(), (passage(PASSWORD, coverage=0.4),)])
async def test_what_the_passages_do_not_cover_is_not_answered(found: tuple[Passage, ...]) -> None:
    assert await answer("Do you sell saddles?", *found) == "<unanswered/>\n(unknown)"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Hi!", "greeting"),
        ("hello, I need some help please", "greeting"),
        ("Thanks a lot, that worked 👍", "thanks"),
        ("ok bye", "thanks"),
        ("🙏", "thanks"),
        ("are you there?", "greeting"),
        ("hello, is somebody there", "greeting"),
    ],
)
async def test_small_talk_is_not_searched_for(said: str, name: str) -> None:
    assert await answer(said, passage(PASSWORD)) == f"({name})"


@pytest.mark.parametrize("said", ["Hi, is freight free?", "Thanks, and the password?", "?!", "ok?"])
async def test_a_question_is_not_taken_for_small_talk(said: str) -> None:
    assert await answer(said) == "<unanswered/>\n(unknown)"


async def test_an_answer_comes_sentence_by_sentence_and_costs_nothing() -> None:
    *pieces, end = await outputs("How do I reset my password?", passage(PASSWORD))

    assert len(pieces) >= 4
    assert end == Finished(reason=StopReason.END, usage=Usage(), model="extractive")


async def test_a_wall_of_text_is_cut_short() -> None:
    told = await answer("Is it free?", passage("free " * 5000))

    assert len(told) < 1000
    assert told.endswith(" … [1]")


async def test_words_that_lead_to_code_are_quoted_with_it() -> None:
    logs = passage("For the worker's logs use,\n\n```\nshopctl --logs worker\n```\n")

    said = await answer("How do I see the logs of the worker?", logs)
    assert "For the worker's logs use, [1]" in said
    assert "shopctl --logs worker" in said


async def test_code_is_quoted_as_it_stands_or_not_at_all() -> None:
    code = "Install the *widget*:\n\n```sh\nnpm install *widget*\n```\n"
    assert "```\nnpm install *widget*\n```" in await answer("How do I install?", passage(code))

    endless = f"```\n{'npm install widget' * 100}\n```\nInstall the widget by hand."
    assert await answer("How do I install?", passage(endless)) == "Install the widget by hand. [1]"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ('See [our _nice_ page](https://x.example/a_(b) "Title").', "See our nice page."),
        ("![A map](map.png) <br/>Here: <https://x.example>", "A map Here: https://x.example"),
        ("snake_case, 2 * 3 * 4 and `*as_is*`", "snake_case, 2 * 3 * 4 and *as_is*"),
        ("***Very*** ~~old~~ \\*star\\* [ref][1] [^2]", "Very old *star* ref"),
        ("Read `row[1]`, not \\[1\\] or [2].", "Read `row[1]`, not or."),
        ("[![Logo](logo.png)](/home) C#", "Logo C#"),
    ],
)
def test_markdown_is_reduced_to_its_words(markdown: str, words: str) -> None:
    assert readable(markdown) == words


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Bring it, e.g. by car. Mr. Lee is there at 2 p.m. Ask him.", 3),
        ("Lost it? We help. It takes a day. Call us!", 2),
        ("Ganz einfach. Öffnen Sie die Seite. Übrigens: fertig.", 3),
        ("一つ。二つ。", 2),
    ],
)
def test_prose_is_cut_where_a_sentence_ends(text: str, pieces: int) -> None:
    assert len(sentences(text)) == pieces


_LINES = r"""# Help
1. One
   - two
* three
| a | b |
|--|--|
```
A dog. It barks!

> said
---
[a](b)
<b>c</b>
Why? So:
\| **x** `y|z`
|
-
1.""".splitlines()


@given(
    lines=st.lists(st.sampled_from(_LINES)),
    question=st.sampled_from(["dog", "How many three?", "where is one", "x y z"]),
)
async def test_whatever_an_article_looks_like_every_quoted_word_stands_in_it(
    lines: list[str], question: str
) -> None:
    told = await answer(question, passage("\n".join(lines), heading="Two"))

    known = {*re.findall(r"\w+", " ".join(lines)), "Two", "unanswered", "unknown"}
    assert {*re.findall(r"\w+", re.sub(r"\[1\]|^\d+\.", "", told, flags=re.MULTILINE))} <= known


@given(text=st.text(), question=st.text())
async def test_nothing_that_is_written_makes_it_fail(text: str, question: str) -> None:
    assert await answer(question, passage(text))
