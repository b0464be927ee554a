"""``[router]``: which backend answers."""

from pydantic import Field

from bot.settings.fields import BackendName, Language, StrategyName
from bot.settings.section import Section


class Rule(Section):
    """``[[router.rules]]``: a conversation that fits every condition takes the rule's chain."""

    channel: str | None = Field(None, description="slack, web, terminal.")
    language: Language | None = Field(None, description="The conversation's language, as 'de'.")
    longer_than: int | None = Field(None, ge=0, description="Characters of the question.")
    shorter_than: int | None = Field(None, ge=0, description="Characters of the question.")
    strategy: StrategyName | None = Field(None, description="The strategy that the turn would use.")
    attributes: dict[str, str] = Field(
        default_factory=dict, description="What must be known of the customer, as plan = 'gold'."
    )
    chain: tuple[BackendName, ...] = Field(
        min_length=1, description="Backends, first choice first."
    )


class RouterSettings(Section):
    """``[router]``: which backend answers, and what happens when it does not."""

    chain: tuple[BackendName, ...] = Field(
        (), description="Backends, first choice first; all of them in their order if not set."
    )
    rules: tuple[Rule, ...] = Field((), description="Other chains for some conversations.")
    tries: int = Field(3, ge=1, description="How often a busy backend is asked in one turn.")
    longest_wait: float = Field(
        8.0, ge=0, description="Seconds to wait for a busy backend; beyond it, the next one."
    )
    breaker_failures: int = Field(
        4, ge=1, description="Failures in a row after which a backend is left alone."
    )
    breaker_seconds: float = Field(30.0, gt=0, description="How long it is left alone.")
