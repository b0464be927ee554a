"""Citations: numbers are those of this turn's passages, links are known, whatever the cuts."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.citations import Citations, unmarked
from bot.marks import BEGINNING, LONGEST, PLAIN, TOKEN
from bot.messages import Passage
from bot.scanner import Part, Scanner
from bot.window.tokens import count_tokens

LINK = "https://shop.example/help/returns#how"


def passage(number: int, text: str = "30 days.") -> Passage:
    return Passage(
        id=number * 10,
        article=f"{number}.md",
        title=f"Article {number}",
        headings=(f"Article {number}", "How"),
        link=LINK if number == 1 else "",
        text=text,
    )


def three() -> Citations:
    known = "See https://docs.example/a or mail help@shop.example."
    return Citations((passage(1), passage(2, known), passage(3)), known=["www.shop.example"])


def cleaned(*pieces: str) -> str:
    citations = three()
    return "".join(map(citations.feed, pieces)) + citations.close()


def cut(text: str, places: list[int]) -> list[str]:
    """Cut ``text`` at ``places``, wherever they lie within it."""
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


# --- Numbers


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Yes [1].", "Yes [1]."),
        ("Yes [3]. No [1][3].", "Yes [1]. No [2][1]."),
        ("Yes [2, 3].", "Yes [1][2]."),
        ("Yes [1,2,1].", "Yes [1][2]."),
        ("Yes [2-3].", "Yes [1][2]."),
        ("Yes [1 and 2].", "Yes [1][2]."),
        ("Yes [passage 2].", "Yes [1]."),
        ("Yes [Passages 2, 3; source: 1].", "Yes [1][2][3]."),
        ("Yes [^2].", "Yes [1]."),
        ("Yes [[2]].", "Yes [1]."),
        (r"Yes \[2\].", "Yes [1]."),
        ("Yes \u30102\u3011.", "Yes [1]."),
        ("Yes \u30102\u2020source\u3011.", "Yes [1]."),
        ("Yes \uff3b\uff12\uff3d.", "Yes [1]."),
        ("Yes[2]", "Yes[1]"),
        ("Yes [2](https://evil.example).", "Yes [1]."),
    ],
)
def test_numbers_are_given_anew_in_the_order_of_their_appearance(written: str, seen: str) -> None:
    assert cleaned(written) == seen
    assert cleaned(*written) == seen


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Yes [4].", "Yes."),
        ("Yes [0] and [99].", "Yes and."),
        ("Yes [1, 7].", "Yes [1]."),
        ("Yes [4-9].", "Yes."),
        ("Yes [2-99999999].", "Yes [1][2]."),
        ("Yes [7][1] ok", "Yes[1] ok"),
        ("Yes [^8] [passage 9] \u30107\u3011.", "Yes."),
        ("Yes [[7]].", "Yes."),
        ("Yes [7](http://evil.example) ok", "Yes ok"),
        ("Yes [7", "Yes [7"),
    ],
)
def test_numbers_of_no_passage_are_taken_out(written: str, seen: str) -> None:
    assert cleaned(written) == seen
    assert cleaned(*written) == seen


@pytest.mark.parametrize(
    "text",
    [
        "[optional] and [x] and [ ] and [] and [1a] and [-1]",
        "Use `a[0]` or ``b`[7]`` here.",
        "```\na[0] = https://evil.example\n```",
        "~~~python\nx[9]\n```\ny[9]\n~~~\n",
        "> ```\n> a[9]\n> ```",
        "```\nnever closed [9]",
        "two\n\nlines",
        "5 < 6 and h ht htt http https:// www",
        "- [ ] open\n- [x] done",
        "",
    ],
)
def test_code_and_ordinary_brackets_stay_as_they_are(text: str) -> None:
    assert cleaned(text) == text
    assert cleaned(*text) == text


def test_after_code_numbers_count_again() -> None:
    assert cleaned("```\na[9]\n```\nb [9]") == "```\na[9]\n```\nb"
    assert cleaned("a ` [9]\n` b [9]") == "a `\n` b"


def test_what_was_cited_is_told_in_order_of_number() -> None:
    citations = three()
    citations.feed("A [3], b [1], c [3].")
    assert [(each.number, each.passage) for each in citations.cited] == [(1, 30), (2, 10)]
    assert citations.cited[1].title == "Article 1"
    assert citations.cited[1].heading == "How"
    assert citations.cited[1].link == LINK


def test_one_passage_has_one_number_even_if_it_was_given_twice() -> None:
    citations = Citations((passage(1), passage(1)))
    assert citations.feed("A [2] b [1].") == "A [1] b [1]."


def test_an_article_is_not_named_twice() -> None:
    alone = Passage(id=1, article="a", title="Returns", headings=("Returns",), link="", text="")
    citations = Citations([alone])
    citations.feed("[1].")
    assert citations.cited[0].heading == ""


# --- Links


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("See [our page](https://evil.example/a).", "See our page."),
        ("See [a [b] c](https://evil.example 'Title').", "See a [b] c."),
        ("See ![a cat](https://evil.example/?q=secret).", "See a cat."),
        ("See [page](/help/returns).", "See page."),
        ("See [run](javascript:alert(1)).", "See run."),
        ("See [https://evil.example](https://evil.example).", "See."),
        ("See [why [9]](https://evil.example).", "See why."),
        ("See https://evil.example/a?b=c, please.", "See, please."),
        ("See <https://evil.example>.", "See."),
        ("See <https://evil.example|our page>.", "See our page."),
        ("See www.evil.example!", "See!"),
        ("See HTTP://EVIL.example", "See"),
        ("See **https://evil.example** now", "See **** now"),
        ("See https://docs.example/ab", "See"),
        ("[write](mailto:boss@shop.example)", "write"),
        ("[note](see below [9] or https://evil.example)", "[note](see below or)"),
    ],
)
def test_a_link_that_is_not_known_leaves_its_words(written: str, seen: str) -> None:
    assert cleaned(written) == seen
    assert cleaned(*written) == seen


@pytest.mark.parametrize(
    "text",
    [
        f"See [how]({LINK}) or {LINK}.",
        "See https://docs.example/a/, or <https://docs.example/a>.",
        "See [www](www.shop.example) and www.shop.example.",
        "[write](mailto:help@shop.example) or help@shop.example",
    ],
)
def test_a_link_that_stands_in_the_passages_or_is_known_stays(text: str) -> None:
    assert cleaned(text) == text
    assert cleaned(*text) == text


# --- While it is written


def test_text_is_shown_at_once_unless_it_may_begin_a_mark() -> None:
    citations = three()
    pieces = ["Ye", "s [", "2", "]", ".", " a", "rray[i", "] x", " `a", "[0]`", "."]
    shown = [citations.feed(piece) for piece in pieces]
    assert shown == ["Ye", "s", "", "", " [1].", " a", "rray", "[i] x", " ", "", "`a[0]`."]


def test_a_bracket_that_never_closes_is_not_waited_for() -> None:
    citations = three()
    assert citations.feed("[" + "a" * 500) == "[" + "a" * 500
    assert citations.feed("[ab") == ""
    assert citations.feed("\nc") == "[ab\nc"


SHARDS = [
    *("[", "]", "(", ")", "[1]", "[2", "7]", ",", " ", "  ", "\n", "^", "!", "\\", "a", "\t"),
    *("`", "``", "```", "\n```\n", "~~~", "> ", "\u3010", "\u3011", "[9]", "[passage 3]", "-"),
    *("https://", "evil.example", "<", ">", "|", "www.", "ht", ".", LINK, "mailto:", "'"),
]
WRITTEN = st.lists(st.sampled_from(SHARDS), max_size=16).map("".join)
BEGUN = st.text("htpfwHTWs:/. \t\n>[]`~!\\<1ax\u3010\u017f", max_size=30)
PLACES = st.lists(st.integers(0, 400), max_size=12)


def marked(part: Part) -> str:
    return part if isinstance(part, str) else f"\0{part[0]}\0"


@given(written=WRITTEN | st.text(max_size=60), places=PLACES)
def test_the_outcome_is_the_same_however_an_answer_is_cut(written: str, places: list[int]) -> None:
    whole, pieces = three(), three()
    text = whole.feed(written) + whole.close()
    assert "".join(map(pieces.feed, cut(written, places))) + pieces.close() == text
    assert pieces.cited == whole.cited


@settings(max_examples=500)
@given(written=WRITTEN | BEGUN, places=PLACES)
def test_plain_text_is_passed_over_and_nothing_else(written: str, places: list[int]) -> None:
    quick, slow = (
        Scanner(token=TOKEN, beginning=BEGINNING, longest=LONGEST, plain=plain)
        for plain in (PLAIN, re.compile("(?!)"))
    )
    for piece in cut(written, places):
        assert [*map(marked, quick.feed(piece))] == [*map(marked, slow.feed(piece))]
    assert [*map(marked, quick.close())] == [*map(marked, slow.close())]


@given(written=WRITTEN.map(lambda text: re.sub("[`~]", "", text)), places=PLACES)
def test_citations_outside_the_passages_never_show(written: str, places: list[int]) -> None:
    citations = three()
    seen = "".join(map(citations.feed, cut(written, places))) + citations.close()
    numbers = {each.number for each in citations.cited}
    assert numbers == set(range(1, len(numbers) + 1))
    assert set(map(int, re.findall(r"\[(\d+)\]", seen))) <= numbers
    assert "https://evil" not in seen


# --- Earlier replies


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("Yes [1]. No [2][1].", "Yes. No."),
        ("Use `a[0]` [1].", "Use `a[0]`."),
        ("```\na[0]\n```\nb [2]", "```\na[0]\n```\nb"),
        ("[optional] stays", "[optional] stays"),
    ],
)
def test_an_earlier_reply_is_read_without_its_marks(reply: str, read: str) -> None:
    assert unmarked(reply) == read
    assert unmarked(read) == read


MARKED = st.lists(st.sampled_from(["[1]", "[12]", "[x]", " ", "\t", "\n", "a", "1"])).map("".join)


@given(reply=MARKED)
def test_marks_are_found_in_the_same_way_beside_code(reply: str) -> None:
    assert unmarked(f"{reply}\n`a[0]`") == f"{unmarked(reply)}\n`a[0]`"


@given(reply=WRITTEN | MARKED)
def test_a_reply_takes_no_more_without_its_marks(reply: str) -> None:
    assert count_tokens(unmarked(reply)) <= count_tokens(reply)
