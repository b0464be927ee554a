"""Who calls a method with what, and what a method is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.slack.errors import Refused
from tests.servers.slack.people import Install
from tests.servers.slack.rooms import Json

Arguments = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Whose token it is: an install's, the app's own, or nobody's."""

    install: Install | None = None
    is_app: bool = False

    @property
    def installed(self) -> Install:
        """Return the install whose token it is; Refused where it is not a bot's."""
        if self.install is None:
            raise Refused("not_allowed_token_type")
        return self.install

    @property
    def name(self) -> str:
        """Return whom limits count it for."""
        return self.install.name if self.install else "app"


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """What Slack can be asked: ``scopes`` are all needed, ``tier`` limits how often."""

    run: Callable[[Caller, Arguments], Awaitable[Json]]
    tier: int
    scopes: tuple[str, ...] = ()
    open: bool = False  # it needs no token


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call as the fake noted it. ``at`` is when it came, on the fake's clock."""

    method: str
    at: float
    install: str
    arguments: Arguments
    error: str | None
    seconds: float
