"""Builds what the bot shows in Slack: answers, their sources, buttons, the App Home."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from bot.marks import unmarked
from bot.messages import Citation
from channels.slack.wording import harmless

Block = dict[str, Any]

REPLY: Final = "frontdesk_reply"
NOTICE: Final = "frontdesk_notice"
FEEDBACK: Final = "frontdesk_feedback"
STOP: Final = "frontdesk_stop"
SUGGEST: Final = "frontdesk_suggest"

_SOURCES: Final = 2_000  # characters of all sources together: they share a message with the answer
_ELEMENTS: Final = 10
_TITLE: Final = 120
_SHORT_TITLE: Final = 40
_LABEL: Final = 75
_VALUE: Final = 2_000
_SECTION: Final = 2_900
_FALLBACK: Final = 300
_LISTED: Final = 20

_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s\"]{1,1000}")
_FENCE: Final = re.compile(r"^[ \t>]*(?:`{3,}|~{3,}).*$", re.MULTILINE)
_RULES: Final = re.compile(r"^[ \t>|:-]*(?:-{3,})[ \t>|:-]*$", re.MULTILINE)
_PREFIX: Final = re.compile(r"^[ \t>]*(?:#{1,6}[ \t]+|[-*+][ \t]+)?", re.MULTILINE)
_NAMED: Final = re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\s]{0,1500}\)")
_SIGNS: Final = re.compile(r"\*\*|__|~~|`|(?<!\w)[*_]|[*_](?!\w)")


def answer(page: str) -> list[Block]:
    """Return one message's share of an answer; ``page`` is of ``sheets.pages``."""
    return [{"type": "markdown", "text": page}]


def sources(citations: Sequence[Citation]) -> list[Block]:
    """Return one block that names the sources, each with its link where it has one."""
    if not citations:
        return []
    size = -(-len(citations) // _ELEMENTS)
    listed = _listed(citations)
    groups = [listed[start : start + size] for start in range(0, len(listed), size)]
    return [{"type": "context", "elements": [_marked("\n".join(group)) for group in groups]}]


def feedback(turn: str) -> list[Block]:
    """Return the buttons by which a customer rates the reply of ``turn``."""
    buttons = {
        "positive_button": _thumb("Helpful", f"good:{turn}"),
        "negative_button": _thumb("Not helpful", f"bad:{turn}"),
    }
    element = {"type": "feedback_buttons", "action_id": FEEDBACK, **buttons}
    return [{"type": "context_actions", "elements": [element]}]


def stop(key: str) -> list[Block]:
    """Return the button that stops the answer in the conversation ``key``."""
    return [{"type": "actions", "elements": [_button(STOP, "Stop", key)]}]


def fallback(text: str) -> str:
    """Return what notifications and screen readers say of a message: its first words, plain."""
    words = _NAMED.sub(r"\1", _RULES.sub("", _FENCE.sub("", text[: 4 * _FALLBACK])))
    words = _SIGNS.sub("", _PREFIX.sub("", unmarked(words)))
    return _cut(" ".join(harmless(words).split()), _FALLBACK, measure=_escaped) or "…"


def metadata(turn: str, part: int, last: bool) -> Block:  # noqa: FBT001 - as it is read aloud
    """Return what a message says of itself: which part of the reply of ``turn`` it is."""
    payload = {"turn": turn, "part": part, "last": last}
    return {"event_type": REPLY, "event_payload": payload}


def notice(name: str) -> Block:
    """Return what a message of the channel itself says of itself."""
    return {"event_type": NOTICE, "event_payload": {"name": name}}


def home(
    *,
    company: str,
    about: str,
    suggestions: Sequence[str],
    conversations: Sequence[tuple[str, str | None]],
) -> Block:
    """Return the App Home: what the bot can do, and the person's conversations.

    Each conversation is how it began, and the link to it where there is one.
    """
    blocks = (
        [_header(company), _section(_escaped(harmless(about)))] if about else [_header(company)]
    )
    asked = [each for each in map(harmless, suggestions[:_ELEMENTS]) if each.strip()]
    if asked:
        buttons = [_button(f"{SUGGEST}:{number}", each, each) for number, each in enumerate(asked)]
        blocks.append({"type": "actions", "elements": buttons})
    if conversations:
        lines = [_linked(opening, link) for opening, link in conversations[:_LISTED]]
        blocks += [{"type": "divider"}, _section("*Your conversations*"), *map(_section, lines)]
    return {"type": "home", "blocks": blocks}


def _listed(citations: Sequence[Citation]) -> list[str]:
    """Return the sources, in as few words as their number asks for."""
    forms: Iterable[Callable[[Citation], str]] = (
        lambda each: _source(each, _TITLE, linked=True),
        lambda each: _source(each, _SHORT_TITLE, linked=True),
        lambda each: _source(each, _SHORT_TITLE, linked=False),
    )
    listed: list[str] = []
    for form in forms:
        listed = list(map(form, citations))
        if sum(map(len, listed)) + len(listed) <= _SOURCES:
            return listed
    room = _SOURCES // len(listed)
    return [
        each if len(each) < room else f"[{citation.number}]"
        for citation, each in zip(citations, listed, strict=True)
    ][: _SOURCES // len("[1000]\n")]


def _source(citation: Citation, longest: int, *, linked: bool) -> str:
    names = filter(str.strip, (citation.title, citation.heading))
    title = _cut(" › ".join(" ".join(harmless(name).split()) for name in names), longest)
    return _linked(f"[{citation.number}] {title}".strip(), citation.link if linked else None)


def _linked(words: str, link: str | None) -> str:
    label = _escaped(_cut(" ".join(harmless(words).split()), _SECTION // 5)).replace("|", "¦")
    if not link or not _LINK.fullmatch(harmless(link)):
        return label
    address = harmless(link).replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{address.replace('&', '&amp;')}|{label}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, longest: int, *, measure: Callable[[str], str] = str) -> str:
    """Return as much of ``text`` as ``longest`` allows, measured and returned as ``measure``d."""
    if _units(measure(text)) <= longest:
        return measure(text)
    end = min(len(text), longest)
    while end and _units(measure(text[:end])) + len(" …") > longest:
        end -= max(1, (_units(measure(text[:end])) - longest) // 6)
    return measure(text[:end].rstrip()) + " …"


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def _marked(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _plain(text: str, longest: int) -> Block:
    words = _cut(" ".join(harmless(text).split()), longest)
    return {"type": "plain_text", "text": words or "…"}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, 150)}


def _section(text: str) -> Block:
    return {"type": "section", "text": _marked(_cut(text, _SECTION) or "…")}


def _button(action: str, label: str, value: str) -> Block:
    text = _plain(label, _LABEL)
    return {"type": "button", "action_id": action, "text": text, "value": value[:_VALUE]}


def _thumb(label: str, value: str) -> Block:
    return {"text": _plain(label, _LABEL), "value": value}
