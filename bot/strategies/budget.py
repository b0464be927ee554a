"""What the hidden steps of one turn may take, in tokens."""

from collections.abc import Callable

from bot.backends.base import Request
from bot.errors import StepFailed
from bot.messages import Usage


class Budget:
    """Counts tokens, read and written, before they are spent; ``tokens`` None is no limit.

    ``count`` estimates those of a text. What a request may take is reserved first; once it has
    ended, what it took takes its place.
    """

    def __init__(self, tokens: int | None, *, count: Callable[[str], int]) -> None:
        self._tokens = tokens
        self._count = count
        self.spent = 0

    def reserve(self, request: Request) -> int:
        """Reserve what ``request`` may take at most, and return it.

        Raises:
            StepFailed: there is not that much left.
        """
        wanted = self._read(request) + (request.max_tokens or 0)
        if self._tokens is not None and self.spent + wanted > self._tokens:
            left = self._tokens - self.spent
            raise StepFailed(f"it may take {wanted} tokens, and {left} are left of {self._tokens}")
        self.spent += wanted
        return wanted

    def settle(self, reserved: int, usage: Usage) -> None:
        """Let what was taken stand in place of what was reserved, where the provider told it."""
        if usage != Usage():
            self.spent += usage.input + usage.output - reserved

    def _read(self, request: Request) -> int:
        said = (step.text for step in request.history)
        sealed = sum(each.tokens for step in request.history for each in step.sealed)
        return sum(map(self._count, (request.system, *said, request.context))) + sealed
