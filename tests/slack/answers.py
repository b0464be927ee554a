"""Answers as models write them, and worse: Markdown of any kind and length, for hypothesis."""

from hypothesis import strategies as st

from bot.messages import Citation

WORDS = st.sampled_from(
    [
        "parcel",
        "arrives.",
        "Why?",
        "today,",
        "**bold**",
        "_soft_",
        "~~gone~~",
        "`code`",
        "``a ` b``",
        "[link](https://shop.example/a?b=1&c=2)",
        "![image](https://shop.example/a.png)",
        "https://shop.example/help/a_b_c",
        "[1]",
        "<b>",
        "<!channel>",
        "<@U1>",
        "<#C1|x>",
        "&amp;",
        "鍵盤。",
        "日本語のとても長い文です",
        "🙂",
        "👍🏽",
        "👨‍👩‍👧",
        "🇩🇪",
        "e\u0301te\u0301",
        "مرحبا",
        "\u202etrick",
        "\x1b[31m",
        "\x00",
        "\ud83d",
        "*",
        "`",
        "|",
        "\\",
        "w" * 70,
    ]
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)
TEXT = st.text(max_size=60)
LINES = st.one_of(
    SENTENCES, TEXT, st.sampled_from(["", "    deep", "# no", "~~", "``", "```", "> q", "| a |"])
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join)
HEADINGS = st.tuples(st.integers(1, 6), SENTENCES).map(lambda made: "#" * made[0] + " " + made[1])
RULES = st.sampled_from(["---", "***", "_ _ _"])


@st.composite
def fences(draw: st.DrawFn) -> str:
    sign = draw(st.sampled_from("`~")) * draw(st.sampled_from([3, 3, 3, 4, 7, 40, 200]))
    indent = " " * draw(st.sampled_from([0, 0, 0, 1, 3]))
    info = draw(st.sampled_from(["", "python", " sh", "x" * 150]))
    body = draw(st.lists(LINES, max_size=8)) * draw(st.sampled_from([1, 1, 5]))
    closing = draw(st.sampled_from([indent + sign, indent + sign, sign + "  ", ""]))
    return "\n".join([indent + sign + info, *(indent + line for line in body), closing])


@st.composite
def tables(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 4))
    cells = st.lists(SENTENCES.map(lambda cell: cell.replace("|", "/")), min_size=1, max_size=4)
    rows = draw(st.lists(cells, max_size=5)) * draw(st.sampled_from([1, 1, 8]))
    made = [["head"] * width, ["---"] * width, *(row * width for row in rows)]
    return "\n".join("| " + " | ".join(row[:width]) + " |" for row in made)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    marks = st.sampled_from(["- ", "* ", "1. ", "10. ", "- [ ] ", "> "])
    return st.tuples(marks, st.lists(inner, min_size=1, max_size=4)).map(
        lambda made: "\n".join(_within(made[0], block) for block in made[1])
    )


def _within(mark: str, block: str) -> str:
    rest = mark if mark == "> " else " " * len(mark.removesuffix("[ ] "))
    return mark + block.replace("\n", "\n" + rest)


BLOCKS = st.recursive(
    st.one_of(PARAGRAPHS, fences(), tables(), HEADINGS, RULES, TEXT), nested, max_leaves=6
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return Markdown; one in some is many messages long."""
    between = draw(st.sampled_from(["\n\n", "\n\n", "\n"]))
    once = between.join(draw(st.lists(BLOCKS, min_size=1, max_size=6)))
    times = draw(st.sampled_from([1, 1, 1, 4, 20]))
    return between.join([once] * min(times, 1 + 60_000 // (len(once) + 1)))


CITATIONS = st.lists(
    st.builds(
        Citation,
        number=st.integers(1, 99),
        passage=st.just(1),
        title=st.one_of(TEXT, SENTENCES),
        heading=st.one_of(st.just(""), TEXT),
        link=st.sampled_from(
            ["", "https://shop.example/a?b=1&c=<2>|x", "ftp://x", "https://e.com/" + "p" * 900]
        ),
    ),
    max_size=30,
).map(tuple)


def pieces(text: str, sizes: list[int]) -> list[str]:
    """Return ``text`` cut into pieces, of these sizes by turns."""
    found, start, number = [], 0, 0
    while start < len(text):
        found.append(text[start : start + sizes[number % len(sizes)]])
        start += len(found[-1])
        number += 1
    return found
