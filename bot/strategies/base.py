"""The promise of a way of reasoning, and what it may ask while it reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from bot.backends.base import Request
from bot.messages import Step

T = TypeVar("T")


class Nonsense(ValueError):
    """What a step came to cannot be used; the text says why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the hidden steps of one turn may take, all of them together; None is no limit.

    ``tokens`` counts what is read and what is written; ``step_tokens`` is what one step may write,
    the provider's own thinking included.
    """

    tokens: int | None = None
    seconds: float | None = None
    step_tokens: int = 1024


UNLIMITED: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the customer gets the answer.

    It is written to ``request`` while the customer reads, or stands in ``text`` already. With
    ``tagged`` they see only what stands inside ``<answer>``. ``hidden`` are thoughts that a model
    was shown and that it must not repeat.
    """

    request: Request
    tagged: bool = False
    text: str = ""
    hidden: tuple[str, ...] = ()


class Asking(Protocol):
    """What a strategy may do before the customer sees anything."""

    async def ask(
        self, request: Request, *, step: str, read: Callable[[str], T], backend: str = ""
    ) -> T:
        """Take a hidden step: ask, wait for the whole answer, and return what ``read`` makes of it.

        It is asked of the backends that write; of the one named ``backend`` first, if one is. What
        it came to is kept for the audit under ``step``. ``read`` gets what the model wrote, in tags
        and all, and raises ``Nonsense`` where it is of no use.

        Raises:
            StepFailed: no backend answered, it answered nonsense, or the budget is used up.
        """
        ...

    def note(self, step: Step) -> None:
        """Keep for the audit what a step came to that asked nobody."""
        ...

    def render(self, template: str, /, **variables: object) -> str:
        """Fill a template; what is filled in can neither act nor pose as ours."""
        ...


class Strategy(Protocol):
    """A way of reasoning: a template, and the steps before the answer.

    ``template`` is the system prompt of every request of the turn, steps included, so that
    providers' prompt caches hit; what a step asks for stands in the request's ``context``.
    """

    @property
    def name(self) -> str: ...

    @property
    def purpose(self) -> str: ...

    @property
    def template(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    async def think(self, request: Request, asking: Asking) -> Plan:
        """Take the hidden steps, and return how the answer is got.

        Raises:
            StepFailed: they came to nothing; the customer is answered directly.
        """
        ...
