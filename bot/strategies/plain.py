"""Ways of reasoning that are a template and nothing else: one request, one answer."""

from dataclasses import dataclass
from typing import Final

from bot.backends.base import Request
from bot.strategies.base import UNLIMITED, Asking, Limits, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """Asks once, and the customer reads as it is written."""

    name: str
    purpose: str
    template: str
    tagged: bool = False
    limits: Limits = UNLIMITED

    async def think(self, request: Request, asking: Asking) -> Plan:  # noqa: ARG002 - asks nothing
        return Plan(request=request, tagged=self.tagged)


DIRECT: Final = Plain(name="direct", template="direct.j2", purpose="answers at once")
FEW_SHOT: Final = Plain(
    name="few_shot", template="few_shot.j2", purpose="answers after good examples"
)
CHAIN_OF_THOUGHT: Final = Plain(
    name="chain_of_thought",
    template="chain_of_thought.j2",
    purpose="reasons unseen, then answers",
    tagged=True,
)
