"""Draws how the work stands, for people: what is wrong on top, then what it is seen from."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.backends.prices import in_dollars
from bot.settings import BudgetSettings
from bot.store.standing import Holding, Seen, Standing, Waiting
from channels.cli.paper import brief, lasting, number
from channels.cli.report import Remark, name, running
from channels.terminal.escapes import harmless

_TICK = ("✓", "green")
_MARKS = {True: ("✗", "red"), False: ("!", "yellow")}
_MOST_TEXT = 400  # characters of an error's text, which may end in its cure

Rows = Iterable[tuple[str, str]]


def nothing_yet() -> RenderableType:
    """Return what is drawn of a database that nobody has made yet."""
    return Text.assemble(_TICK, " Nothing is kept yet: the database is made at the first start.")


def board(
    standing: Standing | None,
    found: Sequence[Remark],
    *,
    everything: bool,
    budget: BudgetSettings | None = None,
) -> RenderableType:
    """Return a picture of ``standing`` and what was ``found`` in it.

    Single things are drawn where something was found, or ``everything`` is wanted.
    """
    parts = [_remark(one) for one in found]
    if standing is None:
        return Group(*parts)
    parts = [*parts, Text()] if parts else [Text.assemble(_TICK, " All well.")]
    costs = standing.spent or budget
    for head, line, rows in (
        ("Waiting", _waiting(standing), _longest(standing)),
        ("Replies", _replies(standing), (*_failed(standing), *_set_aside(standing))),
        ("Customers", _customers(standing), ()),
        ("Processes", _processes(standing), _at_work(standing)),
        *([("Spent", _spent(standing, budget), _each(standing))] if costs else []),
    ):
        if line:
            parts.append(Text.assemble((f"{head}: ", "bold"), harmless(line)))
        if found or everything:
            parts.append(_list(rows))
    return Group(*parts)


def _remark(one: Remark) -> RenderableType:
    mark, style = _MARKS[one.urgent]
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(mark, style), Text(harmless(one.fact), "bold" if one.urgent else ""))
    if one.hint:
        grid.add_row("", Text(f"→ {harmless(one.hint)}"))
    return grid


def _list(rows: Rows) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for what, told in rows:
        grid.add_row(*(Text(brief(text, _MOST_TEXT)) for text in (what, told)))
    return Padding(grid, (0, 0, 0, 2), expand=False)


# --- What it costs ----------------------------------------------------------------------------


def _spent(standing: Standing, budget: BudgetSettings | None) -> str:
    """Tell today's sums, and what they are allowed to be."""
    dollars = f"${sum(one.dollars for one in standing.spent):.2f}"
    tokens = f"{sum(one.tokens for one in standing.spent):,}"
    if budget and budget.dollars_per_day is not None:
        dollars += f" of {in_dollars(budget.dollars_per_day)}"
    if budget and budget.tokens_per_day is not None:
        tokens += f" of {budget.tokens_per_day:,}"
    return f"{dollars} and {tokens} tokens today, UTC"


def _each(standing: Standing) -> Iterator[tuple[str, str]]:
    for one in standing.spent:
        held = f", {one.held_tokens:,} more held" if one.held_tokens else ""
        yield one.backend, f"${one.dollars:.4f}, {one.tokens:,} tokens{held}"


# --- What waits -------------------------------------------------------------------------------


def _waiting(standing: Standing) -> str:
    held = sum(queue.held for queue in standing.queues)
    free = sum(queue.free for queue in standing.queues)
    people = sum(queue.with_a_person for queue in standing.queues)
    count = number(held + free, "conversation")
    parts = [f"{count}, {held:,} of them in work" if held + free else "nobody"]
    if standing.longest:
        parts.append(f"the longest for {lasting(standing.at - standing.longest[0].since)}")
    if people:
        parts.append(f"{people:,} with a person")
    return "; ".join(parts)


def _longest(standing: Standing) -> Iterator[tuple[str, str]]:
    for one in dict.fromkeys((*standing.longest, *standing.retried)):
        yield name(one), f"{lasting(standing.at - one.since)}, {_hands(one)}"


def _hands(one: Waiting) -> str:
    hands = f"held by {one.holder}" if one.holder else "held by nobody"
    if one.tries > 1:
        hands = f"try {one.tries}, {hands}"
    return f"{hands}; last trouble: {one.trouble}" if one.trouble else hands


# --- Replies ----------------------------------------------------------------------------------


def _replies(standing: Standing) -> str:
    pending = sum(outgoing.pending for outgoing in standing.outgoing)
    sending = sum(outgoing.sending for outgoing in standing.outgoing)
    since = [one.due_since for one in standing.outgoing if one.due_since is not None]
    due = f" (the oldest due for {lasting(standing.at - min(since))})" if since else ""
    parts = [f"{pending:,} pending", f"{sending:,} being sent{due}"]
    parts.append(f"{standing.sent:,} sent and {standing.failed_lately:,} failed in 24 hours")
    if before := standing.failed - standing.failed_lately:
        parts.append(f"{before:,} failed before")
    return ", ".join(parts)


def _failed(standing: Standing) -> Iterator[tuple[str, str]]:
    for one in standing.undelivered:
        ago, tries = lasting(standing.at - one.at), number(one.attempts, "attempt")
        where = f"to {one.channel} (conversation {one.conversation})"
        told = f"not delivered {where}, given up {ago} ago after {tries}: {one.error}"
        yield f"turn {one.turn}", told


def _set_aside(standing: Standing) -> Iterator[tuple[str, str]]:
    for one in standing.set_aside:
        where = f"in {one.channel} (conversation {one.conversation})"
        told = f"set aside {where} {lasting(standing.at - one.at)} ago: {one.trouble}"
        yield f"turn {one.turn}", told


# --- Customers --------------------------------------------------------------------------------


def _customers(standing: Standing) -> str:
    """Return who is upset, and what a day was about; nothing where nothing was noticed."""
    parts = [f"{standing.upset:,} upset in 24 hours"] if standing.upset else []
    parts += [f"{count:,} about {topic}" for topic, count in standing.topics.items()]
    return ", ".join(parts)


# --- Processes --------------------------------------------------------------------------------


def _processes(standing: Standing) -> str:
    alive = running(standing)
    parts = [f"{len(alive)} running"]
    if channels := sorted({channel for process in alive for channel in process.channels}):
        parts.append(f"serving {', '.join(channels)}")
    if gone := len(standing.processes) - len(alive):
        parts.append(f"{gone} gone")
    return ", ".join(parts)


def _at_work(standing: Standing) -> Iterator[tuple[str, str]]:
    holdings = {holding.holder: holding for holding in standing.holdings}
    for process in standing.processes:
        holding = holdings.pop(process.holder, None)
        told = [*_process(process, standing.at), *_held(holding, standing.at)]
        yield process.holder, ", ".join(told)
    for holder, holding in holdings.items():
        yield holder, ", ".join(["gone long ago", *_held(holding, standing.at)])


def _process(process: Seen, at: float) -> Iterator[str]:
    seen = lasting(at - process.seen)
    if process.gone:
        yield f"gone, last seen {seen} ago"
        return
    yield f"up {lasting(at - process.started)}, seen {seen} ago"
    if process.channels:
        yield f"serves {' and '.join(process.channels)}"
    for one in process.left_alone:
        yield f"leaves {one.backend} alone"
    for backend, waiting in process.queues.items():
        yield f"{number(waiting, 'answer')} in line for {backend}"


def _held(holding: Holding | None, at: float) -> Iterator[str]:
    if holding and holding.first_until is not None:
        yield f"holds {holding.leases:,} (first lease ends in {lasting(holding.first_until - at)})"
    if holding and holding.overdue:
        yield f"holds {holding.overdue:,} past their time"
