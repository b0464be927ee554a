"""Lets the provider's own thinking come first."""

from dataclasses import dataclass, replace

from bot.backends.base import Effort, Request
from bot.strategies.base import UNLIMITED, Asking, Limits, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """Has the model think, as hard as ``effort`` says, before it writes.

    What thinks is the model at its provider: a backend that cannot be told to simply answers,
    and the audit says so.
    """

    name: str = "thinking"
    purpose: str = "answers after the provider's own thinking"
    template: str = "thinking.j2"
    limits: Limits = UNLIMITED
    effort: Effort = "medium"

    async def think(self, request: Request, asking: Asking) -> Plan:  # noqa: ARG002 - asks nothing
        return Plan(request=replace(request, effort=self.effort))
