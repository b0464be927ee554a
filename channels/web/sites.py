"""The sites that embed the chat: which origins they have, and how they prove their users."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from bot.settings import Settings, SiteSettings
from channels.web.identity import Identity
from channels.web.problems import Problem

_MOST_NAMED = 300  # characters of a line in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site by the name that its pages give."""

    name: str
    settings: SiteSettings
    identity: Identity

    def origin(self, header: str | None, *, own: str) -> str:
        """Return the origin that a session of this site is bound to.

        ``header`` is what the browser says; where it says nothing, the request came from ``own``,
        this server's origin, or from no browser.

        Raises:
            Problem: pages from there do not belong to the site.
        """
        if header is None or _is_own(header, own):
            return header or own
        if header in self.settings.origins:
            return header
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "origin",
            "This page does not belong to the site.",
            why=f"the site's origins are {_named(self.settings.origins)}",
        )


class Sites:
    """All sites by their names.

    Raises:
        SettingsError: a key of a site is missing or is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._sites: Mapping[str, Site] = {
            name: Site(
                name=name,
                settings=site,
                identity=Identity(site=name, settings=site.identity, demanded=settings.demand),
            )
            for name, site in settings.web.known_sites.items()
        }

    def find(self, name: str) -> Site:
        """Return the site of that name.

        Raises:
            Problem: there is none.
        """
        try:
            return self._sites[name]
        except KeyError:
            detail = "There is no such site."
            why = f"there is no such site, but {_named(self._sites)}"
            raise Problem(HTTPStatus.NOT_FOUND, "site", detail, why=why) from None

    @property
    def origins(self) -> list[str]:
        """Every origin of every site."""
        return sorted({each for site in self._sites.values() for each in site.settings.origins})


def _named(known: Iterable[str]) -> str:
    return textwrap.shorten(", ".join(known), _MOST_NAMED, placeholder=" …") or "none"


def _is_own(origin: str, own: str) -> bool:
    # By the host alone: a proxy that speaks https to the world may speak http to us.
    host = origin.partition("://")[2]
    return bool(host) and host == own.partition("://")[2]
