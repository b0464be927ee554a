"""The rolling summary of what a window has let go, made without a model."""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.messages import Author, Message
from bot.window.tokens import count_tokens, shortened

_SPEAKER = {Author.CUSTOMER: "Customer", Author.BOT: "You", Author.OPERATOR: "A colleague"}
_MENTIONED = "Mentioned: "
_LONGEST_LINE = 200
# A greeting ends too early to say anything: "Hi!" is no sentence worth keeping alone.
_SENTENCE = re.compile(r".{20,}?(?:[.!?…]+(?=\s|$)|[。\uff01\uff1f؟])")
# E-mail addresses, #1234, order numbers such as A-10293 or RMA2231, and long numbers.
_NAMED = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}"
    r"|#[A-Za-z]{0,6}-?\d[\dA-Za-z-]{0,40}"
    r"|\b[A-Z]{1,6}-?\d[A-Z\d-]{2,40}\b"
    r"|\b\d{5,40}\b"
)


def extracted(summary: str, folded: Sequence[Message], *, tokens: int) -> str:
    """Return ``summary`` carried on over ``folded``, in at most ``tokens``.

    One line for each message: who spoke, and the leading sentence. The first question and what
    was named (e-mail addresses, order numbers) stay longest; of the rest the oldest go first.
    """
    before = [line for line in summary.splitlines() if line.strip()]
    lines = [line for line in before if not line.startswith(_MENTIONED)]
    lines += [line for message in folded for line in _line(message)]
    if not lines:
        return ""
    names = [*_named_before(before), *_named(message.text for message in folded)]
    head = [" ".join(shortened(lines[0], tokens // 2).split()), _mentioned(names, tokens // 4)]
    room = tokens - sum(count_tokens(line) + 1 for line in head)
    return "\n".join(line for line in [*head, *_newest(lines[1:], room)] if line)


def _line(message: Message) -> Iterator[str]:
    speaker = _SPEAKER.get(message.author)
    if speaker and message.text.strip():
        yield f"{speaker}: {_leading(message.text)}"


def _leading(text: str) -> str:
    # On one line, so that nobody's words can pose as a line of another speaker.
    flat = " ".join(text[: 4 * _LONGEST_LINE].split())
    sentence = _SENTENCE.match(flat, 0, _LONGEST_LINE)
    if sentence:
        return sentence.group()
    return flat if len(flat) <= _LONGEST_LINE else f"{flat[: _LONGEST_LINE - 1].rstrip()}…"


def _named_before(lines: Iterable[str]) -> list[str]:
    kept = [line.removeprefix(_MENTIONED) for line in lines if line.startswith(_MENTIONED)]
    return ", ".join(kept).split(", ") if kept else []


def _named(texts: Iterable[str]) -> list[str]:
    return [name for text in texts for name in _NAMED.findall(text)]


def _mentioned(names: Sequence[str], tokens: int) -> str:
    """Name each once, where it was named last, and as many of the newest as ``tokens`` allow."""
    newest = list(dict.fromkeys(reversed(names)))
    while newest:
        line = _MENTIONED + ", ".join(reversed(newest))
        if count_tokens(line) <= tokens:
            return line
        newest.pop()
    return ""


def _newest(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in reversed(lines):
        room -= count_tokens(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept[::-1]
