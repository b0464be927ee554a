"""``[router]``: which backend answers."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from bot.settings.fields import BackendName, Language, StrategyName, sentence
from bot.settings.section import Section

_ALL = 100  # percent
_PLACES = 6  # what lies behind them only sums of fractions leave
_NO_CASCADE = sentence(
    "there is no small backend to stand before the chain. Name one: small = 'NAME' under "
    "[router.cascade]."
)
_ARM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def _named(text: str) -> str:
    if _ARM.fullmatch(text):
        return text
    raise sentence(
        "must be up to 40 small letters, digits, dots, dashes and underscores, as 'new-model'; "
        "the first a letter or a digit."
    )


ArmName = Annotated[str, AfterValidator(_named)]
"""What an arm of a split is called."""


class Way(Section):
    """What some conversations are answered by, in place of the router's own chain."""

    chain: tuple[BackendName, ...] = Field(
        (), description="Backends, first choice first; the router's own chain if not set."
    )
    cascade: bool = Field(
        default=False, description="Whether the cascade's small backend stands before this chain."
    )
    use_strategy: StrategyName | None = Field(
        None, description="The strategy to answer with; not set, the one that would be used."
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not (self.chain or self.cascade or self.use_strategy):
            raise sentence("changes nothing. Give it a chain, cascade = true or use_strategy.")
        return self


class Rule(Way):
    """``[[router.rules]]``: a conversation that fits every condition takes the rule's way."""

    channel: str | None = Field(None, description="slack, web, terminal.")
    language: Language | None = Field(None, description="The conversation's language, as 'de'.")
    longer_than: int | None = Field(None, ge=0, description="Characters of the question.")
    shorter_than: int | None = Field(None, ge=0, description="Characters of the question.")
    strategy: StrategyName | None = Field(None, description="The strategy that the turn would use.")
    topic: str | None = Field(None, description="The topic that was read in the conversation.")
    mood: str | None = Field(None, description="The customer's mood: upset, neutral, content.")
    attributes: dict[str, str] = Field(
        default_factory=dict, description="What must be known of the customer, as plan = 'gold'."
    )


class Split(Way):
    """``[[router.split]]``: a share of the conversations takes another way, to compare the two."""

    name: ArmName = Field(description="In reports; who is in it depends on the name.")
    share: float = Field(gt=0, le=100, description="Percent of the conversations.")


class CascadeSettings(Section):
    """``[router.cascade]``: a small backend answers what is easy, the chain what is hard."""

    small: BackendName = Field(description="The backend that is asked first.")
    longer_than: int = Field(
        600, ge=0, description="A question of more characters is hard; 0 switches this off."
    )
    questions: int = Field(
        3, ge=0, description="A message with this many questions is hard; 0 switches this off."
    )
    covered: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Hard where the best passage covers a smaller share of the question.",
    )
    moods: tuple[str, ...] = Field(
        ("upset",), description="A customer in one of these moods is hard to answer."
    )
    strategies: tuple[StrategyName, ...] = Field(
        (), description="Whatever is answered with one of these strategies is hard."
    )


class BudgetSettings(Section):
    """``[router.budget]``: what backends that cost something may cost in all."""

    dollars_per_day: float | None = Field(None, gt=0, description="US dollars of a day, in UTC.")
    tokens_per_day: int | None = Field(None, gt=0, description="Tokens read and written in a day.")
    dollars_per_conversation: float | None = Field(
        None, gt=0, description="US dollars of one conversation."
    )
    tokens_per_conversation: int | None = Field(
        None, gt=0, description="Tokens read and written for one conversation."
    )
    chain: tuple[BackendName, ...] = Field(
        (),
        description="Asked once a budget is used up; if not set, all that cost nothing.",
    )


def _arms(arms: tuple[Split, ...]) -> tuple[Split, ...]:
    names = [arm.name for arm in arms]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise sentence(f"the name {twice!r} is given twice. Give every arm a name of its own.")
    if "rest" in names:
        raise sentence("'rest' are the conversations of no arm. Take another name.")
    if (total := round(sum(arm.share for arm in arms), _PLACES)) > _ALL:
        raise sentence(f"the shares come to {total:g} percent. Leave them at {_ALL} or below.")
    return arms


class RouterSettings(Section):
    """``[router]``: which backend answers, and what happens when it does not."""

    chain: tuple[BackendName, ...] = Field(
        (), description="Backends, first choice first; all of them in their order if not set."
    )
    rules: tuple[Rule, ...] = Field((), description="Other ways for some conversations.")
    split: Annotated[tuple[Split, ...], AfterValidator(_arms)] = Field(
        (), description="Other ways for a share of the conversations."
    )
    cascade: CascadeSettings | None = None
    budget: BudgetSettings | None = None
    tries: int = Field(3, ge=1, description="How often a busy backend is asked in one turn.")
    longest_wait: float = Field(
        8.0,
        ge=0,
        description="Seconds to wait for a busy backend, or in its queue; beyond, the next one.",
    )
    breaker_failures: int = Field(
        4, ge=1, description="Failures in a row after which a backend is left alone."
    )
    breaker_seconds: float = Field(30.0, gt=0, description="How long it is left alone.")
    probe_seconds: float = Field(
        0.0,
        ge=0,
        description="How often one that is left alone is asked for a word; 0: a customer tries it.",
    )

    @model_validator(mode="after")
    def _has_what_is_switched_on(self) -> Self:
        ways: dict[str, tuple[Way, ...]] = {"rules": self.rules, "split": self.split}
        lost = [
            InitErrorDetails(type=_NO_CASCADE, loc=(key, number, "cascade"), input=way.cascade)
            for key, each in ways.items()
            for number, way in enumerate(each)
            if way.cascade and self.cascade is None
        ]
        if lost:
            raise ValidationError.from_exception_data(type(self).__name__, lost)
        return self
