"""Turns a talk into what a model reads: its own chat template, or lines by speaker without one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.local.base import Loaded
from bot.local.desk import Prompt
from bot.local.sampling import Manner
from bot.local.strand import Unwritten
from bot.messages import Passage
from bot.thoughts import opened

Message = Mapping[str, str]
"""``role``, which is ``user`` or ``assistant``, and ``content``."""

CUSTOMER = "Customer"
ASSISTANT = "Assistant"
SPEAKERS = {"user": CUSTOMER, "assistant": ASSISTANT}
NEXT_SPEAKERS = tuple(f"\n{speaker}:" for speaker in SPEAKERS.values())
"""Where the next speaker begins in a talk that is written line by line."""

# Too little for any answer.
_LEAST_ROOM = 32
# The share of its context that a model has for an answer while there is a history to cut.
_SHARE = 4
# Tokens at the end of a prompt in which it may begin a thought.
_OPENING = 16


class TooLong(Unwritten):
    """The newest question alone is longer than what the model reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a model is to answer.

    ``context`` belongs behind the newest message of ``messages``, the last. ``plain`` writes it
    for a model without a chat template: given ``system``, ``lines``, ``context``, ``speaker``.
    Where that alone is more than it reads, ``brief`` says it shortly: given ``passages`` (the best
    first, and as many as there is room for), ``lines`` and ``speaker``.
    """

    system: str
    messages: Sequence[Message]
    context: str
    plain: Callable[..., str]
    brief: Callable[..., str]
    max_tokens: int
    context_tokens: int
    passages: Sequence[Passage] = ()
    stops: Sequence[str] = ()
    temperature: float | None = None
    top_p: float | None = None


def prompt(talk: Talk, loaded: Loaded) -> Prompt:
    """Write ``talk`` for the model, without the oldest messages where it cannot read them all.

    Raises:
        TooLong: the newest message alone is too long.
    """
    limit = min(talk.context_tokens, loaded.context_tokens or talk.context_tokens)
    roomy = min(talk.max_tokens, max(limit // _SHARE, 1))
    write = _chat if loaded.tokenizer.chat_template else _lines

    def tokens(dropped: int) -> Sequence[int]:
        return _tokens(write(talk, talk.messages[dropped:], loaded), loaded)

    last = max(len(talk.messages) - 1, 0)
    read = tokens(0)
    if len(read) + roomy > limit:
        low, high = 0, last  # the fewest that must go; more of them never take more room
        while low < high:
            middle = (low + high) // 2
            low, high = (
                (low, middle) if len(tokens(middle)) + roomy <= limit else (middle + 1, high)
            )
        read = tokens(low)
        if len(read) + roomy > limit and write is _lines:
            read = _briefly(talk, loaded, longest=limit - roomy)
    room = min(talk.max_tokens, limit - len(read))
    if room < min(talk.max_tokens, _LEAST_ROOM):
        raise TooLong(f"the question takes {len(read):,} tokens, and it reads {limit:,}")
    plain = write is _lines
    return Prompt(
        tokens=read,
        room=room,
        manner=_manner(talk, loaded),
        opening="" if plain else opened(loaded.tokenizer.decode(read[-_OPENING:])),
        stops=(*talk.stops, *(NEXT_SPEAKERS if plain else ())),
    )


def _manner(talk: Talk, loaded: Loaded) -> Manner:
    """Take what the settings say, and otherwise what the model's makers recommend."""
    own = loaded.model.generation_config
    recommended = (getattr(own, "temperature", None) or 1.0) if own.do_sample else 0.0
    top_p = talk.top_p if talk.top_p is not None else getattr(own, "top_p", None)
    return Manner(
        temperature=recommended if talk.temperature is None else talk.temperature,
        top_p=1.0 if top_p is None else top_p,
        top_k=(getattr(own, "top_k", None) or 0) if own.do_sample else 0,
    )


# --- A model with a chat template -------------------------------------------------------------


def _chat(talk: Talk, messages: Sequence[Message], loaded: Loaded) -> str:
    from jinja2 import TemplateError  # noqa: PLC0415 - only its error's name

    turns = _joined(_with_context(messages, talk.context))
    turns = [{**turn, "content": harmless(turn["content"], loaded.tokenizer)} for turn in turns]
    system = harmless(talk.system.strip(), loaded.tokenizer)
    first = [{"role": "system", "content": system}] if system else []
    try:
        written = _templated([*first, *turns], loaded)
        if system in written:  # some templates drop it without a word
            return written
    except TemplateError:
        pass
    return _templated(_folded(system, turns), loaded)


def _templated(messages: Sequence[Message], loaded: Loaded) -> str:
    return str(
        loaded.tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True
        )
    )


def _with_context(messages: Sequence[Message], context: str) -> Sequence[Message]:
    return [*messages, {"role": "user", "content": context}] if context.strip() else messages


def _joined(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Join what one side said in a row: many templates want both to take turns."""
    turns: list[dict[str, str]] = []
    for message in messages:
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] += f"\n\n{message['content']}"
        else:
            turns.append(dict(message))
    return turns


def _folded(system: str, turns: Sequence[Message]) -> Sequence[Message]:
    """Let the customer's first message begin with ``system``, and the talk with that message."""
    while turns and turns[0]["role"] != "user":
        turns = turns[1:]
    if not turns:
        return [{"role": "user", "content": system}]
    text = "\n\n".join(part for part in (system, turns[0]["content"]) if part)
    return [{"role": "user", "content": text}, *turns[1:]]


def harmless(text: str, tokenizer: Any) -> str:
    """Return ``text`` without the tokens that only a template may write, such as the end of a turn.

    A blank parts them: what a customer writes can end no turn, and begin no other's.
    """
    for token in tokenizer.added_tokens_decoder.values():
        if token.special and len(token.content) > 1 and token.content in text:
            text = text.replace(token.content, f"{token.content[0]} {token.content[1:]}")
    return text


# --- A model without one ----------------------------------------------------------------------


def _lines(talk: Talk, messages: Sequence[Message], loaded: Loaded) -> str:
    written = talk.plain(
        system=talk.system.strip(),
        lines=_spoken(messages),
        context=talk.context.strip(),
        speaker=ASSISTANT,
    )
    return harmless(written, loaded.tokenizer)


def _briefly(talk: Talk, loaded: Loaded, *, longest: int) -> Sequence[int]:
    """Write the newest message after as many of the best passages as there is room for."""
    lines = _spoken(talk.messages[-1:])
    read: Sequence[int] = ()
    for count in range(len(talk.passages), -1, -1):
        written = talk.brief(passages=talk.passages[:count], lines=lines, speaker=ASSISTANT)
        read = _tokens(harmless(written, loaded.tokenizer), loaded)
        if len(read) <= longest:
            break
    return read


def _spoken(messages: Sequence[Message]) -> Sequence[Mapping[str, str]]:
    return [
        {"speaker": SPEAKERS[message["role"]], "text": message["content"].strip()}
        for message in messages
    ]


def _tokens(text: str, loaded: Loaded) -> Sequence[int]:
    templated = bool(loaded.tokenizer.chat_template)  # it writes the special tokens itself
    return list(loaded.tokenizer(text, add_special_tokens=not templated, verbose=False).input_ids)
