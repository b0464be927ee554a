"""Who is there: people, and the workspaces where the app is installed."""

import secrets
from dataclasses import dataclass, field
from typing import Final

SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "chat:write",
        "commands",
        "groups:history",
        "im:history",
        "mpim:history",
    }
)
"""What the app is granted where a test says nothing else: no more than the bot asks for."""


@dataclass(kw_only=True, slots=True)
class Person:
    """Somebody who writes. ``gone`` is deactivated."""

    id: str
    team: str
    name: str
    gone: bool = False


@dataclass(kw_only=True, slots=True)
class Install:
    """The app as it is installed in a team, or in a whole organisation (``team`` is None)."""

    team: str | None
    token: str
    bot_user: str
    bot_id: str
    enterprise: str | None = None
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    error: str | None = None  # what every call is refused with: token_revoked, account_inactive

    @property
    def name(self) -> str:
        """Return what the install is known by."""
        return self.team or self.enterprise or ""

    @property
    def is_org(self) -> bool:
        """Tell whether a whole organisation has it."""
        return self.team is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What the app's settings pages would show."""

    app_id: str = "A1"
    app_token: str = field(default_factory=lambda: f"xapp-1-A1-{secrets.token_hex(16)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    client_id: str = "111.222"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16))


class People:
    """Everybody, and every install, by what they are called."""

    def __init__(self) -> None:
        self.persons: dict[str, Person] = {}
        self.installs: dict[str, Install] = {}
        self.domains: dict[str, str] = {}  # a team's enterprise, if it has one

    def person(self, user: str, *, team: str) -> Person:
        """Return somebody, who is of ``team`` if nobody knew them before."""
        return self.persons.setdefault(user, Person(id=user, team=team, name=user.lower()))

    def install(self, *, team: str | None, enterprise: str | None = None) -> Install:
        """Install the app, or install it again, which gives a new token."""
        number = len(self.installs) + 1
        name = team or enterprise or ""
        before = self.installs.get(name)
        installed = Install(
            team=team,
            enterprise=enterprise,
            token=f"xoxb-{name}-{secrets.token_hex(12)}",
            bot_user=before.bot_user if before else f"UBOT{number}",
            bot_id=before.bot_id if before else f"BBOT{number}",
        )
        self.installs[name] = installed
        if team and enterprise:
            self.domains[team] = enterprise
        return installed

    def of_token(self, token: str) -> Install | None:
        """Return whose token it is."""
        found = (each for each in self.installs.values() if each.token == token)
        return next(found, None)

    def of_team(self, team: str) -> Install | None:
        """Return what is installed in ``team``, by itself or through its organisation."""
        return self.installs.get(team) or self.installs.get(self.domains.get(team, ""))
