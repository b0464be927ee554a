"""What of the work needs a person: judged from how it stands, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.backends.prices import in_dollars
from bot.messages import Outcome
from bot.settings import BudgetSettings
from bot.store.standing import Holding, Seen, Shunned, Standing, Waiting
from channels.cli.paper import brief, lasting, number

LONGEST = 300.0
"""Seconds that an answer may be waited for."""

DAY = 86_400.0
_MOST_TEXT = 300  # characters of an error's text, which may end in its cure
_SHARE_THAT_FAILS = 0.2  # of a day's answers; more than a bad minute of a provider
_NEARLY = 0.9  # of a budget: one of the next answers may not fit
_PLACES = 4  # of dollars
_EXACT = 1e-9  # of a dollar: what sums of fractions leave
_TAKEOVER = 30.0  # seconds that a dead process's work may lie

# A terminal shows its replies itself, and nobody else could.
_UNPOSTED = {"terminal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is not as it should be; ``kind`` is a word for programs.

    An ``urgent`` one needs a person. ``hint`` says what to do, or what is known besides.
    """

    kind: str
    fact: str
    hint: str = ""
    urgent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What the next answer, of ``backend``, may take from the budgets."""

    backend: str
    dollars: float
    tokens: int


def remarks(
    standing: Standing,
    *,
    longest: float = LONGEST,
    budget: BudgetSettings | None = None,
    following: Next | None = None,
) -> list[Remark]:
    """Return what is not as it should be, the urgent first."""
    found = [
        *_left_behind(standing),
        *_waiting(standing, longest),
        *_unposted(standing, longest),
        *_undelivered(standing),
        *_set_aside(standing),
        *_failing(standing),
        *_left_alone(standing),
        *_spent(standing, budget, following),
        *_retried(standing),
        *_gone(standing),
    ]
    return sorted(found, key=lambda remark: not remark.urgent)


def running(standing: Standing) -> list[Seen]:
    """Return the processes that are not gone."""
    return [process for process in standing.processes if not process.gone]


def left_behind(standing: Standing) -> list[Holding]:
    """Return the holders that are gone and whose work nobody has taken over."""
    alive = {process.holder for process in running(standing)}
    return [one for one in standing.holdings if one.overdue and one.holder not in alive]


def _left_behind(standing: Standing) -> Iterator[Remark]:
    if left := left_behind(standing):
        count = number(sum(one.overdue for one in left), "conversation")
        who = f"{left[0].holder} is" if len(left) == 1 else f"{len(left)} processes are"
        unserved = _unserved(standing)
        since = min(one.overdue_since or standing.at for one in left)
        yield Remark(
            kind="left_behind",
            fact=f"{who} gone, and nobody has taken over the work on {count}.",
            hint=unserved or "A running process should within seconds. Look again.",
            urgent=bool(unserved) or standing.at - since > _TAKEOVER,
        )


def _unserved(standing: Standing) -> str:
    """Say which channels have work that no process takes."""
    served = {channel for process in running(standing) for channel in process.channels}
    channels = [queue.channel for queue in standing.queues if queue.free]
    missing = ", ".join(channel for channel in channels if channel not in served)
    return f"No running process serves {missing}: start one." if missing else ""


def _waiting(standing: Standing, longest: float) -> Iterator[Remark]:
    for waiting in standing.longest[:1]:
        waits = standing.at - waiting.since
        if waits > longest:
            yield Remark(
                kind="waiting",
                fact=f"{name(waiting)} has waited {lasting(waits)} for its answer.",
                hint=_cause(waiting, standing),
            )


def _cause(waiting: Waiting, standing: Standing) -> str:
    if waiting.trouble:
        return (
            f"It was tried {number(waiting.tries, 'time')}; last trouble: {brief(waiting.trouble)}"
        )
    if waiting.holder:
        return f"{waiting.holder} works on it."
    return _unserved(standing) or "No process has taken it up."


def name(one: Waiting) -> str:
    """Return how a conversation is found again."""
    return f"Conversation {one.conversation} ({one.channel} {brief(one.key, 40)})"


def _unposted(standing: Standing, longest: float) -> Iterator[Remark]:
    for outgoing in standing.outgoing:
        since = outgoing.due_since
        if outgoing.channel in _UNPOSTED or since is None or standing.at - since <= longest:
            continue
        late = lasting(standing.at - since)
        yield Remark(
            kind="unposted",
            fact=f"{number(outgoing.due, 'reply')} to {outgoing.channel} should have left: "
            f"the oldest is {late} late.",
            hint=f"Is a process running that posts to {outgoing.channel}?",
        )


def _undelivered(standing: Standing) -> Iterator[Remark]:
    if standing.failed_lately:
        newest = standing.undelivered[0]
        count = number(standing.failed_lately, "reply")
        yield Remark(
            kind="undelivered",
            fact=f"{count} could not be delivered in the last 24 hours.",
            hint=f"The newest, to {newest.channel}: {brief(newest.error, _MOST_TEXT)}",
        )


def _set_aside(standing: Standing) -> Iterator[Remark]:
    lately = [one for one in standing.set_aside if one.at > standing.at - DAY]
    if lately:
        count = number(standing.made.get(Outcome.SET_ASIDE, len(lately)), "message")
        newest = lately[0]
        yield Remark(
            kind="set_aside",
            fact=f"{count} broke every try of an answer in the last 24 hours, and the customer "
            "was told that none comes.",
            hint=f"The newest, in conversation {newest.conversation}: {brief(newest.trouble)}",
        )


def _failing(standing: Standing) -> Iterator[Remark]:
    """Tell of a day on which the bot had nothing better to say than that it cannot answer."""
    made, failed = sum(standing.made.values()), standing.made.get(Outcome.FAILED, 0)
    if failed:
        yield Remark(
            kind="failing",
            fact=f"{failed:,} of {number(made, 'answer')} in the last 24 hours failed: no backend "
            "gave one, and the customer was told so.",
            hint="'bot unanswered' lists them, 'bot why TURN' tells what was tried.",
            urgent=failed >= _SHARE_THAT_FAILS * made,
        )


def _left_alone(standing: Standing) -> Iterator[Remark]:
    alive = running(standing)
    shunned: dict[str, list[Shunned]] = {}
    for process in alive:
        for one in process.left_alone:
            shunned.setdefault(one.backend, []).append(one)
    for backend, by in shunned.items():
        first, last = min(by, key=lambda one: one.since), max(by, key=lambda one: one.until)
        rest = last.until - standing.at
        again = f"for {lasting(rest)} more" if rest > 0 else "until it is tried again"
        yield Remark(
            kind="left_alone",
            fact=f"The backend {backend} has been failing for {lasting(standing.at - first.since)}:"
            f" {brief(last.trouble)}",
            hint=f"Left alone by {len(by)} of {number(len(alive), 'process')}, {again}.",
            urgent=False,
        )


def _spent(
    standing: Standing, budget: BudgetSettings | None, following: Next | None
) -> Iterator[Remark]:
    """Tell of a day's budget of which so little is left that answers may not fit into it."""
    if budget is None:
        return
    for limit in ("dollars_per_day", "tokens_per_day"):
        allowed, what = getattr(budget, limit), limit.partition("_")[0]
        if allowed is None:
            continue
        spent = sum(getattr(one, what) + getattr(one, f"held_{what}") for one in standing.spent)
        takes = getattr(following, what, 0)
        if following and spent < allowed and takes > allowed - spent + _EXACT:
            yield _too_little(limit, allowed, allowed - spent, following)
        elif spent >= _NEARLY * allowed:
            of = f"the budget of {_sum(what, allowed)} a day"
            yield Remark(
                kind="spent",
                fact=f"{spent / allowed:.0%} of {of} is spent.",
                hint="After that only those answer that cost nothing, until midnight, UTC.",
                urgent=False,
            )


def _too_little(limit: str, allowed: float, left: float, following: Next) -> Remark:
    what = limit.partition("_")[0]
    takes = getattr(following, what)
    hint = "Until midnight, UTC, those answer that take less, or cost nothing."
    if takes > allowed:
        hint = (
            f"Not even the whole of it holds one: raise router.budget.{limit}, or lower max_tokens "
            f"under [backends.{following.backend}]."
        )
    return Remark(
        kind="spent",
        fact=f"Of the budget of {_sum(what, allowed)} a day, {_sum(what, round(left, _PLACES))} "
        f"{'is' if what == 'dollars' else 'are'} left, but an answer of {following.backend} may "
        f"take about {_sum(what, round(takes, _PLACES))}.",
        hint=hint,
        urgent=False,
    )


def _sum(what: str, amount: float) -> str:
    return in_dollars(amount) if what == "dollars" else f"{amount:,} tokens"


def _retried(standing: Standing) -> Iterator[Remark]:
    for waiting in standing.retried:
        yield Remark(
            kind="retried",
            fact=f"{name(waiting)} has been tried {number(waiting.tries, 'time')}.",
            hint=f"Last trouble: {brief(waiting.trouble)}" if waiting.trouble else "",
            urgent=False,
        )


def _gone(standing: Standing) -> Iterator[Remark]:
    left = {one.holder for one in left_behind(standing)}
    gone = [one for one in standing.processes if one.gone and one.holder not in left]
    if gone:
        last = max(gone, key=lambda one: one.seen)
        yield Remark(
            kind="gone",
            fact=f"{number(len(gone), 'process')} ended without a word in the last hour; "
            "no conversation is stuck with them.",
            hint=f"The last was {last.holder}, seen {lasting(standing.at - last.seen)} ago.",
            urgent=False,
        )
