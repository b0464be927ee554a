"""Articles are read as their writers left them."""

import time

import pytest

from bot.knowledge.outline import Section, slug
from bot.knowledge.readers import Draft, Unread, read


def of(path: str, *lines: str) -> Draft:
    return read(path, "\n".join(lines).encode())


def ways(draft: Draft) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, section.anchor) for section in draft.sections]


def all_text(draft: Draft) -> str:
    return "\n".join(section.text for section in draft.sections)


# --- Titles and front matter ----------------------------------------------------------------------


def test_front_matter_gives_title_and_description() -> None:
    draft = of("a.md", "---", "title: Lost keys", "description: What to do.", "---", "Call us.")
    assert draft.title == "Lost keys"
    assert draft.description == "What to do."
    assert [section.text for section in draft.sections] == ["Call us."]


def test_broken_front_matter_still_gives_its_title() -> None:
    draft = of("a.md", "---", "title: Keys: lost [and", "  found", "---", "Call us.")
    assert draft.title == "Keys: lost [and"
    assert all_text(draft) == "Call us."


def test_toml_front_matter_is_understood() -> None:
    assert of("a.md", "+++", 'title = "Lost keys"', "+++", "Call us.").title == "Lost keys"


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    draft = of("lost-keys.md", "---", "", "Call us.", "", "---", "", "Or write.")
    assert draft.title == "Lost keys"
    assert "Call us." in all_text(draft)


@pytest.mark.parametrize(
    ("path", "first", "title"),
    [
        ("a.md", "# Lost *keys*", "Lost keys"),
        ("lost-keys.md", "Call us.", "Lost keys"),
        ("locks/index.md", "Call us.", "Locks"),
        ("README.md", "## All about locks\n\nCall us.", "All about locks"),
        ("a.txt", "Lost keys\n\nCall us.", "Lost keys"),
        ("a.html", "<title>Lost keys</title><p>Call us.", "Lost keys"),
        ("a.html", "<title>Lost keys - Acme</title><h1>Lost keys</h1>Call us.", "Lost keys"),
    ],
)
def test_a_title_is_found_where_there_is_one(path: str, first: str, title: str) -> None:
    assert of(path, first, "", "Then wait.").title == title


@pytest.mark.parametrize("line", ["draft: true", "published: false"])
def test_an_unpublished_article_is_not_read(line: str) -> None:
    with pytest.raises(Unread, match="not published"):
        of("a.md", "---", line, "---", "Secret.")


# --- Headings and anchors -------------------------------------------------------------------------


def test_sections_stand_under_the_headings_that_lead_to_them() -> None:
    draft = of("a.md", "Intro.", "# One", "a", "## Two", "b", "#### Three", "c", "## Four", "d")
    assert ways(draft) == [
        ((), ""),
        (("One",), "one"),
        (("One", "Two"), "two"),
        (("One", "Two", "Three"), "three"),
        (("One", "Four"), "four"),
    ]


def test_anchors_are_those_of_the_usual_generators() -> None:
    assert slug("What's new in `v2.0`?") == "whats-new-in-v20"
    assert slug("Community & Support") == "community--support"
    assert slug("Größe_wählen") == "größe_wählen"


def test_headings_of_the_same_words_are_numbered() -> None:
    draft = of("a.md", "## Fees", "a", "## Fees", "b", "## Fees", "c")
    assert [anchor for _, anchor in ways(draft)] == ["fees", "fees-1", "fees-2"]


@pytest.mark.parametrize(
    "heading",
    [
        "## Fees {#costs}",
        '## <a name="costs"></a>Fees',
        '<h2 id="costs">Fees</h2>',
    ],
)
def test_a_given_anchor_is_honoured(heading: str) -> None:
    assert ways(of("a.md", heading, "", "a")) == [(("Fees",), "costs")]


@pytest.mark.parametrize("sign", ["\u2028", "\x0c", "\x85"])
def test_only_a_line_break_ends_a_line(sign: str) -> None:
    draft = read("keys.md", f"# Keys\n\nA new{sign}key.\n\n## Price\n\nTwo euros.".encode())
    assert [(section.headings, section.text) for section in draft.sections] == [
        (("Keys",), f"A new{sign}key."),
        (("Keys", "Price"), "Two euros."),
    ]


def test_a_heading_in_code_is_none() -> None:
    draft = of("a.md", "## Real", "```bash", "# not one", "```", "    # nor this", "after")
    assert ways(draft) == [(("Real",), "real")]


# --- MDX ------------------------------------------------------------------------------------------


def test_components_leave_their_titles_and_contents() -> None:
    draft = of(
        "a.mdx",
        "import { Note } from '/snippets/note.mdx';",
        "",
        "export const price = {",
        "  monthly: 5,",
        "};",
        "",
        "<CardGroup cols={2}>",
        "  <Card",
        '    title="Find a shop"',
        '    href="/shops"',
        "  >",
        "    Near you.",
        "  </Card>",
        "</CardGroup>",
        "<Note>Closed on **Sunday**.</Note>",
        "{/* a comment */}<!-- another -->",
    )
    assert all_text(draft) == "**[Find a shop](/shops)**\n\nNear you.\n\nClosed on **Sunday**."


def test_an_accordion_is_a_section_of_its_own() -> None:
    draft = of(
        "a.mdx",
        "## Questions",
        '<Accordion title="Is it free?">',
        "Yes.",
        "</Accordion>",
        '<Accordion title="For ever?" id="ever">',
        "  ### In short",
        "  Yes.",
        "</Accordion>",
        "Anything else?",
    )
    assert ways(draft) == [
        (("Questions", "Is it free?"), "is-it-free"),
        (("Questions", "For ever?", "In short"), "in-short"),
        (("Questions",), "questions"),
    ]


def test_folded_html_is_a_section_too() -> None:
    draft = of("a.md", "<details><summary>Is it <b>free</b>?</summary>", "Yes.", "</details>")
    assert [(s.headings, s.text) for s in draft.sections] == [(("Is it free?",), "Yes.")]


def test_code_is_left_alone() -> None:
    code = "```html\n<Note>\n  <img alt='x'>  <!-- kept -->\n\n\n</Note>\n```"
    draft = of("a.mdx", "<Step title='Do'>", "", *code.split("\n"), "", "</Step>", "`<Note>` too")
    assert code in all_text(draft)
    assert "`<Note>` too" in all_text(draft)


def test_indented_components_do_not_become_code() -> None:
    draft = of("a.mdx", "<Steps>", "  <Step title='One'>", "    Go.", "", "    - home", "  </Step>")
    assert all_text(draft) == "**One**\n\nGo.\n\n- home"


def test_what_only_looks_like_a_tag_stays() -> None:
    text = "Use <your-domain> or <Your name>, if 3 < 4."
    assert all_text(of("a.md", text)) == text


def test_images_become_their_description() -> None:
    draft = of("a.md", 'See ![the key](k.png) and <img src="l.png" alt="the lock"/>.')
    assert all_text(draft) == "See the key and the lock."


def test_html_in_markdown_becomes_markdown() -> None:
    draft = of("a.md", "A <b>bold</b> <a href='/x'>link</a>&nbsp;here", "", "| a<br>b | c |")
    assert all_text(draft) == "A **bold** [link](/x)\xa0here\n\n| a b | c |"


# --- HTML -----------------------------------------------------------------------------------------


def test_a_page_is_read_without_what_surrounds_it() -> None:
    draft = of(
        "a.html",
        "<html><head><style>p{}</style></head><body><nav>Menu</nav><main>",
        '<h1 id="top">Keys<a class="headerlink" href="#top">¶</a></h1>',
        "<p>Call <b>us</b>,<br>or <a href='/w'>write</a>.</p><script>x()</script>",
        '<section id="steps"><h2>Steps</h2><ol><li>Go<ul><li>home</li></ul></li><li>Wait</li></ol>',
        "<pre>a &lt; b\n  c</pre>",
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>",
        '<img src="k.png" alt="A key"></section></main><footer>Imprint</footer></body></html>',
    )
    assert draft.sections == (
        Section(headings=("Keys",), anchor="top", text="Call **us**,\nor [write](/w)."),
        Section(
            headings=("Keys", "Steps"),
            anchor="steps",
            text="1. Go\n   - home\n2. Wait\n\n```\na < b\n  c\n```\n\n"
            "| A | B |\n| --- | --- |\n| 1 | 2 |\n\nA key",
        ),
    )


def test_what_stands_in_a_cell_or_an_item_stays_apart_and_on_its_line() -> None:
    draft = of(
        "a.html",
        "<table><tr><th>Key</th></tr><tr><td>one<br>two</td></tr>"
        "<tr><td><p>three</p><p>four</p></td></tr></table>",
        "<ol><li><p>Open it.</p><p>Wait.</p></li></ol>",
    )
    assert all_text(draft) == ("| Key |\n| --- |\n| one two |\n| three four |\n\n1. Open it. Wait.")


def test_a_heading_without_an_id_has_the_anchor_above_it() -> None:
    draft = of("a.html", "<h1 id=top>Keys</h1><h2>Lost</h2><p>Call us.")
    assert ways(draft) == [(("Keys", "Lost"), "top")]


def test_cells_and_items_that_are_never_closed_end_where_the_next_one_begins() -> None:
    text = all_text(of("a.html", "<table><tr><th>A<th>B<tr><td>1<td>2</table><ul><li>x<li>y</ul>"))
    assert text == "| A | B |\n| --- | --- |\n| 1 | 2 |\n\n- x\n- y"


def test_a_table_that_names_no_columns_keeps_its_first_row() -> None:
    text = all_text(of("a.html", "<table><tr><td>Laptop<td>14 days<tr><td>Phone<td>3 days"))
    assert text == "| | |\n| --- | --- |\n| Laptop | 14 days |\n| Phone | 3 days |"


# --- Bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b" \n\n ", b"\xef\xbb\xbf", b"<!-- only -->"])
def test_an_empty_file_is_no_article(content: bytes) -> None:
    with pytest.raises(Unread, match="no words"):
        read("a.md", content)


def test_a_binary_file_is_no_article() -> None:
    with pytest.raises(Unread, match="not text"):
        read("a.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.md", "Größe".encode("cp1252")),
        ("a.md", "Größe".encode("utf-16")),
        ("a.md", "Größe".encode("utf-8-sig")),
        ("a.html", '<meta charset="iso-8859-15"><p>Größe'.encode("iso-8859-15")),
        ("a.html", '<meta charset="none-such"><p>Größe'.encode("cp1252")),
    ],
)
def test_other_encodings_are_understood(path: str, content: bytes) -> None:
    assert all_text(read(path, content)) == "Größe"


def test_line_ends_of_every_system_are_lines() -> None:
    assert ways(read("a.md", b"## One\r\n\r\na\r## Two\rb")) == [
        (("One",), "one"),
        (("Two",), "two"),
    ]


LONG = 5_000_000
MANY = 1_500_000
MONSTERS = {
    "one line": "word " * (LONG // 5),
    "one word": "x" * LONG,
    "backticks": "`a``b```c" * (MANY // 9),
    "open tags": "<a " * (MANY // 3),
    "open quotes": '<a x="' * (MANY // 6),
    "open braces": "<A x={" * (MANY // 6),
    "components": "<Note>" * (MANY // 6),
    "elements": "<p>x</b>" * (MANY // 8),
    "closed components": "<A>x</B></A>" * (MANY // 12),
    "names": "# <a id=x>" * (MANY // 10),
    "open comments": "<!-" * (MANY // 3),
    "pictures": "![" * (MANY // 2),
    "quotes": "> " * (MANY // 2),
    "hashes": "#" * MANY,
    "pipes": "| " * (MANY // 2),
}


@pytest.mark.parametrize("monster", MONSTERS.values(), ids=MONSTERS.keys())
def test_a_monstrous_line_takes_seconds_at_most(monster: str) -> None:
    begun = time.process_time()
    read("a.mdx", f"Words.\n\n{monster}".encode())
    assert time.process_time() - begun < 8  # most take one


def test_a_deeply_nested_page_is_read() -> None:
    assert all_text(of("a.html", "<div>" * 5_000, "deep")) == "deep"
    assert "deep" in all_text(of("a.md", "> " * 5_000 + "deep"))
    assert "deep" in all_text(of("a.mdx", "<Note>\n" * 5_000, "deep"))
