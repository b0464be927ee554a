"""Chooses who is asked in a turn: its own choice, a rule's, an arm's, or the plain chain."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.router.cascade import hard
from bot.router.circumstances import Circumstances
from bot.router.splitting import REST, arm
from bot.settings import CascadeSettings, RouterSettings, Rule, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Backends by their names, and why they. ``small`` stands before ``chain``, unless ``hard``.

    ``strategy`` is what to answer with in place of what would be used; empty: that.
    """

    chain: tuple[str, ...]
    why: str = ""
    small: str = ""
    hard: str = ""
    strategy: str = ""


def choose(to: Circumstances, settings: RouterSettings, known: Collection[str]) -> Choice:
    """Return who is asked; a conversation's own choice that is not ``known`` is passed over."""
    rule = next((rule for rule in settings.rules if _fits(rule, to)), None)
    if to.backend is not None and to.backend in known:
        chain = dict.fromkeys([to.backend, *_chain(rule, settings, known)])
        why = f"the conversation's own choice: {to.backend}"
        return Choice(chain=tuple(chain), why=why, strategy=_strategy(rule, to))
    if rule is not None:
        return _choice(rule, to, settings, known, why=f"rule {settings.rules.index(rule) + 1}")
    if settings.split and to.conversation:  # what is no conversation would always be in the same
        split = arm(to.conversation, settings.split)
        name = split.name if split else REST
        return _choice(split, to, settings, known, why=f"split {name}")
    return _choice(None, to, settings, known, why="")


def _choice(
    way: Way | None,
    to: Circumstances,
    settings: RouterSettings,
    known: Collection[str],
    *,
    why: str,
) -> Choice:
    strategy = _strategy(way, to)
    chain = _chain(way, settings, known)
    if why:
        why = f"{why}: {', '.join(chain)}"
    # A way's own chain is asked as it stands, unless it says otherwise.
    cascade = settings.cascade if way is None or way.cascade or not way.chain else None
    return _with_small(
        Choice(chain=chain, why=why, strategy=strategy),
        replace(to, strategy=strategy or to.strategy),
        cascade,
    )


def _with_small(choice: Choice, to: Circumstances, cascade: CascadeSettings | None) -> Choice:
    if cascade is None:
        return choice
    chain = tuple(name for name in choice.chain if name != cascade.small)
    if not chain:
        return choice
    return replace(choice, chain=chain, small=cascade.small, hard=hard(to, cascade))


def _chain(way: Way | None, settings: RouterSettings, known: Collection[str]) -> tuple[str, ...]:
    # One that is named twice is asked once: it could not tell its second answer from its first.
    return tuple(dict.fromkeys((way.chain if way else ()) or settings.chain or known))


def _strategy(way: Way | None, to: Circumstances) -> str:
    return (way.use_strategy or "") if way and not to.keeps_strategy else ""


def _fits(rule: Rule, to: Circumstances) -> bool:
    return (
        rule.channel in (None, to.channel)
        and rule.strategy in (None, to.strategy)
        and rule.topic in (None, to.topic)
        and rule.mood in (None, to.mood)
        and (rule.language is None or _speaks(to.language, rule.language))
        and (rule.longer_than is None or to.question_length > rule.longer_than)
        and (rule.shorter_than is None or to.question_length < rule.shorter_than)
        and rule.attributes.items() <= to.attributes.items()
    )


def _speaks(language: str | None, wanted: str) -> bool:
    """Whether ``language`` is ``wanted`` or a kind of it, as 'de-AT' is of 'de'."""
    return f"{language or ''}-".lower().startswith(f"{wanted}-".lower())
