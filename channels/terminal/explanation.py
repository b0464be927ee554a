"""Explains a turn on a page of Markdown: what was asked, found, thought, tried and said."""

from collections.abc import Iterator, Sequence

from bot.messages import GIVEN_UP, Attempt, Message, Outcome, Passage, Step, Turn, Usage
from bot.store.base import Record
from channels.terminal.page import DELETED, EDITED, source_lines
from channels.terminal.readings import in_full, split

_LONGEST_STEP = 300  # characters


def explanation(record: Record) -> str:
    """Return the page for ``record``, in the order in which things happened."""
    turn = record.turn
    sections = {
        "Asked": "\n\n".join(map(_asked, record.questions)),
        "Read": "\n".join(_read(turn)),
        "Found": "\n".join(_passages(record)) or _nothing_found(turn),
        "Thought": turn.reasoning and _quoted(turn.reasoning),
        "Steps before the reply": "\n".join(map(_step, turn.steps)),
        "Tried": "\n".join(_attempts(turn)) or "No backend was asked.",
        "Wished for tools": "\n".join(f"- {call.name}, refused" for call in turn.refused_calls),
        "Said": _quoted(turn.reply.text),
        "Sources": "\n".join(f"- {'  '.join(source_lines(c))}" for c in turn.reply.citations),
        "Behind it": "\n".join(f"- {fact}" for fact in _facts(record)),
    }
    written = [f"### {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join([f"## Turn {turn.id}", *written])


def _asked(question: Message) -> str:
    if not question.text:
        return _quoted(DELETED)
    return _quoted(question.text + (f"\n\n{EDITED}" if question.edited else ""))


def _read(turn: Turn) -> Iterator[str]:
    for what, readings in zip(("question", "reply"), split(turn.readings), strict=True):
        yield from (f"- {in_full(reading, what=what)}" for reading in readings)


def _nothing_found(turn: Turn) -> str:
    return "Nothing was looked for." if turn.trouble else "No passage of the articles fits."


def _passages(record: Record) -> Iterator[str]:
    cited = {citation.passage for citation in record.turn.reply.citations}
    for number, passage in enumerate(record.passages, 1):
        mark = ", cited" if passage.id in cited else ""
        yield f"{number}. {_name(passage)} (passage {passage.id}{_score(passage)}{mark})"


def _name(passage: Passage) -> str:
    return " › ".join(passage.headings) or passage.title


def _score(passage: Passage) -> str:
    return f", score {passage.score:.1f}, covers {passage.coverage:.0%}" if passage.score else ""


def _step(step: Step) -> str:
    """Tell what a step came to, on one line, cut where it is long."""
    told = " ".join(step.text.replace("`", "'").split())
    told = told if len(told) <= _LONGEST_STEP else f"{told[: _LONGEST_STEP - 1]}…"
    failed = f"came to nothing: {step.error}" if step.error else ""
    return f"- {step.name}: {' | '.join(filter(None, [failed, told and f'`{told}`']))}"


def _attempts(turn: Turn) -> Iterator[str]:
    for attempt in turn.attempts:
        first = f", first piece {attempt.first_piece:.2f} s" if attempt.first_piece else ""
        ended = _ended(attempt, turn.reply.outcome)
        step = f"{attempt.step}, by " if attempt.step else ""
        who = f"{step}{attempt.backend} ({attempt.model})"
        took = _took(attempt) if len(turn.attempts) > 1 else ""
        yield f"- {who}: {ended}, {attempt.seconds:.2f} s{first}{took}"


def _took(attempt: Attempt) -> str:
    """Tell what one of several attempts took of the whole."""
    tokens = attempt.usage.input + attempt.usage.output
    cost = f", ${attempt.cost:.4f}" if attempt.cost is not None else ""
    return (f", {tokens} tokens" if tokens else "") + cost


def _ended(attempt: Attempt, outcome: Outcome) -> str:
    if outcome is Outcome.STOPPED and attempt.error == GIVEN_UP:
        return "stopped by the customer"
    return f"failed: {attempt.error}" if attempt.error else "answered"


def _facts(record: Record) -> Iterator[str]:
    turn = record.turn
    yield f"conversation {record.conversation}; {turn.reply.outcome} in {turn.seconds:.2f} s"
    if turn.first_piece is not None:
        yield f"first piece after {turn.first_piece:.2f} s"
    if turn.prompt:
        yield f"strategy {turn.strategy}; prompt {turn.prompt}, hash {turn.prompt_hash[:12]}"
    if turn.route:
        yield f"chosen by {turn.route}"
    yield from spent(turn.attempts)
    if steps := [attempt for attempt in turn.attempts if attempt.step]:
        hidden = ", ".join(spent(steps))
        requests = "1 request" if len(steps) == 1 else f"{len(steps)} requests"
        yield f"of it for what no customer sees, in {requests}: {hidden}"
    if turn.trouble:
        yield f"set aside: {turn.trouble}"
    yield f"delivery {record.delivery}{record.undelivered and f': {record.undelivered}'}"
    if record.rating:
        yield f"rated {record.rating}{record.comment and f': {record.comment}'}"


def spent(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Tell what ``attempts`` took: tokens, and dollars."""
    told = [each for each in attempts if each.cost is not None or each.usage != Usage()]
    if attempts and not told:
        yield "tokens and cost not told by the provider"
    else:
        yield _usage(sum((attempt.usage for attempt in told), Usage()))
        yield _cost([attempt.cost for attempt in told])


def _usage(usage: Usage) -> str:
    cached = f" ({usage.cache_read} from the cache)" if usage.cache_read else ""
    return f"{usage.input} tokens read{cached}, {usage.output} written"


def _cost(costs: list[float | None]) -> str:
    known = [cost for cost in costs if cost is not None]
    if len(known) == len(costs):
        return f"cost ${sum(known):.4f}"
    if not any(known):
        return "cost unknown: no price is known for the model"
    return f"cost ${sum(known):.4f}, and what has no known price"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
