"""The part of a conversation that a model is sent: whole turns, in prompt order, in a budget."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Literal

from bot.backends.base import Said
from bot.messages import Author, Message, Sealed, ToolResult
from bot.store.base import History
from bot.window.summary import extracted
from bot.window.tokens import count_tokens, shortened

_OPENED = "(The customer has not written yet.)"
_COLLEAGUE = "(A colleague, a person, wrote:) "
_STOPPED = "(The customer stopped this reply here.)"

_STEP = 4  # tokens that a step takes beside its text: its role and its frame

# By the seq of the message that calls, and the call's id: providers use ids again.
_Results = Mapping[tuple[int, str], ToolResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a model is sent of a conversation.

    ``tokens`` is what ``steps`` and ``summary`` take, by ``count_tokens`` or the counts that were
    kept with the messages. ``folded`` are the messages that this window lets go; ``summary``
    speaks of them already, and holds for all up to seq ``upto``.
    """

    steps: tuple[Said, ...]
    summary: str
    tokens: int
    folded: tuple[Message, ...]
    upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How kept words are put to a model.

    ``delimit`` makes foreign words harmless, ``unmarked`` takes a reply's citation marks away.
    """

    delimit: Callable[[str], str]
    unmarked: Callable[[str], str]

    def spoken(self, message: Message) -> str:
        """Return the text of ``message`` as a model may read it."""
        is_ours = message.author is Author.BOT
        return self.unmarked(message.text) if is_ours else self.delimit(message.text)

    def steps(self, message: Message, results: _Results) -> tuple[Said, ...]:
        """Return what ``message`` says, its calls with their results.

        A call without a result is left out: providers would refuse every later request.
        """
        if message.author is Author.TOOL:
            return ()  # said with the call
        text = _framed(message, self.spoken(message))
        answered = [call for call in message.calls if (message.seq, call.id) in results]
        if not answered:
            return (Said(role=_role(message), text=text, sealed=_sealed(message)),) if text else ()
        found = [results[message.seq, call.id] for call in answered]
        told = tuple(replace(one, text=self.delimit(one.text)) for one in found)
        return (
            Said(role=_role(message), text=text, calls=tuple(answered), sealed=_sealed(message)),
            Said(role="user", text="", results=told),
        )


def _sealed(message: Message) -> tuple[Sealed, ...]:
    return (message.sealed,) if message.sealed else ()


def _framed(message: Message, text: str) -> str:
    """Say who spoke, and how it ended, where the role does not tell."""
    if message.author is Author.OPERATOR:
        return _COLLEAGUE + text
    return _paragraphs(text, _STOPPED) if message.stopped else text


def _role(message: Message) -> Literal["user", "assistant"]:
    return "user" if message.author is Author.CUSTOMER else "assistant"


def steps(history: History, *, voice: Voice) -> tuple[Said, ...]:
    """Return the messages in prompt order, roles alternating, the customer's first and last.

    A reply stands right after the last customer message that it answers, whatever came while it
    was shown. What one side says in several messages is one step, with a blank line between.
    What was said after the customer's newest words waits for the next turn.
    """
    results = _results(history.messages)
    return _joined(_spell(turn, results, voice).steps for turn in _turns(history, ahead=False))


def fit(history: History, *, budget: int, voice: Voice, ahead: bool = False) -> Window:
    """Return the newest turns and the summary, in at most ``budget`` tokens.

    Between cuts the steps only grow, so that each request begins with the bytes of the one
    before. Once they pass the budget, whole turns are let go until the steps take half of it;
    the summary, never more than an eighth, takes those in. The customer's newest words stay,
    shortened in the middle where they alone are too long. No more turns are put into words than
    the budget holds, and one.

    ``ahead`` looks at what is left once the customer, who has every reply, asks again.
    """
    conversation, turns = history.conversation, _turns(history, ahead=ahead)
    results = _results(history.messages)
    summary = shortened(conversation.summary, budget // 8)
    room = budget - count_tokens(summary)
    spelled = (_spell(turn, results, voice) for turn in reversed(turns))
    kept = _leading(spelled, room)
    folded: tuple[Message, ...] = ()
    if len(kept) < len(turns):
        kept = _leading(kept, budget // 2)
        folded = tuple(message for turn in turns[: -len(kept)] for message in turn)
        words = [replace(message, text=voice.spoken(message)) for message in folded]
        summary = extracted(summary, words, tokens=budget // 8)
        room = budget - count_tokens(summary)
    said = _joined(turn.steps for turn in reversed(kept))
    tokens = sum(turn.tokens for turn in kept)
    if tokens > room:
        # Only the customer's newest words are kept against the room: one step, without calls.
        said = (replace(said[-1], text=shortened(said[-1].text, room - _STEP)),)
        tokens = _tokens(said[-1])
    return Window(
        steps=said,
        summary=summary,
        tokens=budget - room + tokens,
        folded=folded,
        upto=max(map(_place, folded), default=conversation.summary_seq),
    )


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A turn in words, and the tokens that it takes."""

    steps: tuple[Said, ...]
    tokens: int


def _spell(turn: Sequence[Message], results: _Results, voice: Voice) -> _Spelled:
    has_tools = any(message.calls or message.results for message in turn)
    return _put(turn, results, voice) if has_tools else _put_words(tuple(turn), voice)


@lru_cache(8192)
def _put_words(turn: tuple[Message, ...], voice: Voice) -> _Spelled:
    """Put a turn into words, once for all the later turns that send it again."""
    return _put(turn, {}, voice)


def _put(turn: Iterable[Message], results: _Results, voice: Voice) -> _Spelled:
    parts = [(message, voice.steps(message, results)) for message in turn]
    said = _joined(steps for _, steps in parts)
    if said and said[0].role == "assistant":
        said = (Said(role="user", text=_OPENED), *said)
        return _Spelled(said, sum(map(_tokens, said)))
    return _Spelled(said, sum(_kept(message, steps) for message, steps in parts))


def _kept(message: Message, said: tuple[Said, ...]) -> int:
    """Count what a message says, or believe the count that was kept with its words."""
    # Without calls it is one step, or nothing at all.
    if message.tokens and not message.calls and (not said or _takes_no_more(said[0], message)):
        return message.tokens + _STEP + (message.sealed.tokens if message.sealed else 0)
    return sum(map(_tokens, said))


def _takes_no_more(said: Said, message: Message) -> bool:
    """Whether these are the message's own words, or a reply's without its citation marks."""
    unmarked = message.author is Author.BOT and not message.stopped
    return said.text == message.text or (unmarked and len(said.text) < len(message.text))


def _tokens(step: Said) -> int:
    calls = (f"{call.id} {call.name} {call.arguments}" for call in step.calls)
    results = (f"{result.call_id} {result.text}" for result in step.results)
    words = sum(_STEP + count_tokens(text) for text in (step.text, *calls, *results))
    return words + sum(sealed.tokens for sealed in step.sealed)


def _place(message: Message) -> int:
    """Where a message stands in the prompt: the replies stand with what they answer."""
    return message.seq if message.answers is None else message.answers


def _turns(history: History, *, ahead: bool) -> list[list[Message]]:
    """Return the messages in prompt order, cut before each first word of the customer.

    Turns are cut by place, not by seq: a reply to a folded message is folded, however late it
    came. The last turn is what waits for an answer; ``ahead`` of it, it is empty.
    """
    since = history.conversation.summary_seq
    there = (message for message in history.messages if not _is_deleted(message))
    placed = [message for message in there if _place(message) > since]
    placed.sort(key=lambda message: (_place(message), message.seq))
    while not ahead and placed and placed[-1].author is not Author.CUSTOMER:
        placed.pop()
    turns: list[list[Message]] = []
    for is_customer, run in groupby(placed, lambda message: message.author is Author.CUSTOMER):
        if is_customer or not turns:
            turns.append([])
        turns[-1].extend(run)
    return [*turns, []] if ahead else turns


def _is_deleted(message: Message) -> bool:
    return message.author is Author.CUSTOMER and not message.text


def _results(messages: Iterable[Message]) -> _Results:
    """Find the result of each call: the first one after it, by the call's id."""
    called: dict[str, int] = {}
    results: dict[tuple[int, str], ToolResult] = {}
    for message in messages:
        for call in message.calls:
            called[call.id] = message.seq
        for result in message.results:
            if result.call_id in called:
                results[called.pop(result.call_id), result.call_id] = result
    return results


def _leading(turns: Iterable[_Spelled], room: int) -> list[_Spelled]:
    """Return the first of ``turns`` that fit into ``room``; the very first in any case."""
    kept: list[_Spelled] = []
    for turn in turns:
        room -= turn.tokens
        if room < 0 and kept:
            break
        kept.append(turn)
    return kept


def _joined(parts: Iterable[tuple[Said, ...]]) -> tuple[Said, ...]:
    """Join what follows each other on one side."""
    joined: list[Said] = []
    for part in parts:
        for step in part:
            if joined and joined[-1].role == step.role:
                joined[-1] = _both(joined[-1], step)
            else:
                joined.append(step)
    return tuple(joined)


def _both(first: Said, second: Said) -> Said:
    return Said(
        role=first.role,
        text=_paragraphs(first.text, second.text),
        calls=first.calls + second.calls,
        results=first.results + second.results,
        sealed=first.sealed + second.sealed,
    )


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
