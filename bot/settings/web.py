"""The sections of ``bot.toml`` about the web: the server, and the sites that embed the chat."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from bot.settings.fields import Language, Network, Origin, Reachable, VariableName, sentence
from bot.settings.section import Section

DEFAULT_SITE: Final = "default"
_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")

Algorithm = Literal[
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "HS256",
    "HS384",
    "HS512",
]


class KeySettings(Section):
    """``[web.sites.NAME.identity.keys.KID]``: a key that the site signs with, by its ``kid``."""

    algorithm: Algorithm = Field(description="The one algorithm that tokens of this key may have.")
    key_env: VariableName | None = Field(
        None, description="The variable or secret that holds the public key (PEM) or the secret."
    )
    key_file: Reachable | None = Field(None, description="Or the file that holds it.")

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.key_env is None) == (self.key_file is None):
            raise sentence("needs either key_env or key_file.")
        return self


class IdentitySettings(Section):
    """``[web.sites.NAME.identity]``: how the site proves who its user is."""

    audience: str = Field("", description="The 'aud' of its tokens; if not set, the site's name.")
    hmac_env: VariableName | None = Field(
        None, description="The variable or secret for HMAC-SHA256 of a user's id, the older way."
    )
    keys: dict[str, KeySettings] = Field(default_factory=dict)


class SiteSettings(Section):
    """``[web.sites.NAME]``: a site that embeds the chat with ``data-site="NAME"``."""

    origins: tuple[Origin, ...] = Field(
        (), description="Where its pages are, besides this server's own, as 'https://shop.example'."
    )
    title: str = Field("", description="What stands above the chat; if not set, the bot's name.")
    greeting: str = Field("", description="What the chat says before anything was asked.")
    suggestions: tuple[str, ...] = Field((), description="Questions that can be asked by a click.")
    language: Language | None = Field(
        None, description="The language of the chat's labels; if not set, the browser's."
    )
    identity: IdentitySettings = IdentitySettings()


class WebSettings(Section):
    """``[web]``: the server of the web chat, and what one visitor may ask of it."""

    host: str = Field("127.0.0.1", description="The address it listens on; '0.0.0.0' is all.")
    port: int = Field(8000, ge=0, le=65535, description="The port; 0 takes any that is free.")
    proxies: tuple[Network, ...] = Field(
        (), description="Proxies in front of it, whose X-Forwarded-For and -Proto are believed."
    )
    secret_env: VariableName | None = Field(
        None,
        description="The variable or secret that sessions are signed with; if not set, the "
        "database keeps one.",
    )
    token_minutes: float = Field(
        15.0, gt=0, le=60, description="How long a session lasts; the chat renews it quietly."
    )
    renew_days: float = Field(
        30.0, gt=0, description="How long an anonymous visitor who stays away is known again."
    )
    proof_hours: float = Field(
        12.0, gt=0, description="How long a user whom a site proved is known without a new proof."
    )
    messages_per_minute: int = Field(20, ge=1, description="Messages that a visitor may send.")
    messages_per_minute_and_address: int = Field(
        120, ge=1, description="Messages from one network address."
    )
    sessions_per_minute_and_address: int = Field(
        30, ge=1, description="Sessions that begin or are renewed from one network address."
    )
    requests_per_minute_and_address: int = Field(
        1200, ge=1, description="Requests of every kind from one network address."
    )
    streams_per_visitor: int = Field(8, ge=1, description="Event streams open at once.")
    streams_per_address: int = Field(
        100, ge=1, description="Event streams open at once from one network address."
    )
    longest_body: int = Field(
        65_536, ge=1024, description="Bytes that the body of a request may have."
    )
    demo: bool = Field(
        default=True, description="Whether a page at / shows the chat on a sample shop."
    )
    sites: dict[str, SiteSettings] = Field(default_factory=dict)

    @field_validator("sites")
    @classmethod
    def _are_named(cls, sites: dict[str, SiteSettings]) -> dict[str, SiteSettings]:
        for name in sites:
            if not _NAME.fullmatch(name):
                raise sentence(
                    f"a site cannot be called {name!r}: use up to 32 of a to z, 0 to 9 and '-'."
                )
        return sites

    @property
    def known_sites(self) -> Mapping[str, SiteSettings]:
        """The sites by their names; one for this server's own pages where none is set."""
        return self.sites or {DEFAULT_SITE: SiteSettings()}

    @property
    def variables(self) -> Iterator[str]:
        """The names of variables or secrets that stand in this section."""
        identities = [site.identity for site in self.sites.values()]
        named = [self.secret_env, *(one.hmac_env for one in identities)]
        named += [key.key_env for one in identities for key in one.keys.values()]
        return (name for name in named if name)
