"""What a person wrote in Slack becomes the words that they meant."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.slack.plain import plain, written

BOT = "UBOT"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@UBOT> Where is my parcel?", "Where is my parcel?"),
        ("<@UBOT|frontdesk>: hello", "hello"),
        ("Dear <@UBOT>, hello", "Dear, hello"),
        ("Thanks <@UBOT>", "Thanks"),
        ("<@UBOT>", ""),
        ("<@U1> and <@U2|ada>", "@U1 and @ada"),
        ("<#C1> and <#C2|help>", "#C1 and #help"),
        ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@crew> <!subteam^S2>", "@crew @S2"),
        ("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014"),
        ("<!date^1392734382^{date}>", "1392734382"),
        ("<https://e.com/a?b=1&amp;c=2>", "https://e.com/a?b=1&c=2"),
        ("<https://e.com|our page>", "our page (https://e.com)"),
        ("<https://e.com|e.com>", "https://e.com"),
        ("<mailto:a@e.com|a@e.com>", "a@e.com"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("&lt;@UBOT&gt;", "<@UBOT>"),
        ("an <unfinished", "an <unfinished"),
        ("<<https://e.com>>", "<https://e.com>"),
        ("<odd>", "<odd>"),
        ("", ""),
    ],
)
def test_entities_become_words(text: str, words: str) -> None:
    assert plain(text, bot=BOT) == words


def test_long_texts_take_no_time() -> None:
    for text in ("<" * 40_000, "<@UBOT> " * 5_000, "&lt;" * 10_000, "<a" * 20_000):
        assert len(plain(text, bot=BOT)) <= 40_000


def rich(*elements: Any) -> dict[str, Any]:
    return {"blocks": [{"type": "rich_text", "elements": list(elements)}]}


def section(*elements: Any, kind: str = "section", **more: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **more}


def word(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"text": "Hi &amp; hello", **rich(section(word("Other")))}, "Hi & hello"),
        (
            rich(section({"type": "user", "user_id": BOT}, word(" Hello"))),
            "Hello",
        ),
        (
            rich(
                section(
                    {"type": "user", "user_id": "U1"},
                    {"type": "channel", "channel_id": "C1"},
                    {"type": "usergroup", "usergroup_id": "S1"},
                    {"type": "broadcast", "range": "here"},
                    {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd"},
                    {"type": "emoji", "name": "our_logo"},
                    {"type": "emoji", "name": "half", "unicode": "d83d"},
                    {"type": "link", "url": "https://e.com", "text": "page"},
                    {"type": "date", "timestamp": 1, "fallback": "today"},
                    {"type": "color", "value": "#F00"},
                    {"type": "new"},
                )
            ),
            "@U1#C1@S1@here👋🏽:our_logo::half:page (https://e.com)today#F00",
        ),
        (
            rich(
                section(word("Steps")),
                section(section(word("one")), section(word("two")), kind="list", style="ordered"),
                section(section(word("deep")), kind="list", style="bullet", indent=1),
                section(section(word("three")), kind="list", style="ordered", offset=2),
                section(word("x = 1\ny = 2"), kind="preformatted"),
                section(word("said\nso"), kind="quote"),
            ),
            "Steps\n1. one\n2. two\n  - deep\n3. three\n```\nx = 1\ny = 2\n```\n> said\n> so",
        ),
        (
            {
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "A &amp; B"}},
                    {"type": "section", "text": {"type": "mrkdwn", "text": "1 &lt; 2"}},
                    {"type": "divider"},
                ]
            },
            "A &amp; B\n1 < 2",
        ),
        (
            {"text": "See", "files": [{"name": "a.png"}, {}, {"mode": "tombstone"}]},
            "See\n(file: a.png)\n(file)",
        ),
        (
            {
                "text": "Look",
                "attachments": [
                    {"is_share": True, "author_name": "Ada", "text": "It &lt; is"},
                    {"title": "Unfolded", "text": "what Slack read of a link"},
                ],
            },
            "Look\nAda: It < is",
        ),
        ({"text": "", "attachments": [{"fallback": "An alarm"}]}, "An alarm"),
        (
            {
                "attachments": [
                    {
                        "is_share": True,
                        "message_blocks": [{"message": rich(section(word("Forwarded")))}],
                    }
                ]
            },
            "Forwarded",
        ),
        ({"text": 7, "blocks": "x", "attachments": {}, "files": None}, ""),
        ({}, ""),
    ],
)
def test_a_message_is_its_text_or_its_blocks(event: dict[str, Any], words: str) -> None:
    assert written(event, bot=BOT) == words


KEYS = ["type", "text", "elements", "blocks", "attachments", "files", "rows", "style", "unicode"]
LEAVES = st.sampled_from([None, 7, "<@UBOT>", "rich_text", "rich_text_list", "table", "emoji"])
BODIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), BODIES, max_size=4))
def test_no_shape_breaks_the_reading(event: dict[str, Any]) -> None:
    words = written(json.loads(json.dumps(event)), bot=BOT)
    assert "\0" not in words
