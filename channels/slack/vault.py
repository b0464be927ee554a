"""Seals what the bot knows of a workspace, its token above all, so that the database cannot tell.

Sealed with Fernet (https://github.com/fernet/spec): AES-128 in CBC mode, and an HMAC that shows
every change.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import OAuthSettings, Settings

_HOW = "Make one with: bot slack key"


class Vault:
    """Seals with the first of ``keys`` and opens with any; ``place`` is where they stand."""

    def __init__(self, keys: Sequence[str], *, place: str) -> None:
        self._place = place
        found = [_key(key, f"{place}, key {n}") for n, key in enumerate(keys, 1)]
        if not found:
            raise SettingsError(f"{place} holds no key. {_HOW}")
        self._first, self._any = found[0], MultiFernet(found)

    @classmethod
    def of(cls, keys: SecretStr, *, place: str) -> "Vault":
        """Return the vault of ``keys``, newest first, with commas between them.

        Raises:
            SettingsError: there is none, or one is not a key.
        """
        texts = [key.strip() for key in keys.get_secret_value().split(",")]
        return cls([key for key in texts if key], place=place)

    @classmethod
    def from_settings(cls, settings: Settings, oauth: OAuthSettings) -> "Vault":
        """Return the vault whose keys the settings name.

        Raises:
            SettingsError: there is none, or one is not a key.
        """
        try:
            keys = settings.demand(oauth.key_env, place="[slack.oauth] key_env")
        except SettingsError as error:
            raise SettingsError(f"{error} {_HOW}") from None
        return cls.of(keys, place=oauth.key_env)

    @staticmethod
    def new_key() -> str:
        """Return a key that nobody has."""
        return Fernet.generate_key().decode()

    def is_newest(self, sealed: str) -> bool:
        """Return whether the newest key alone opens ``sealed``."""
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def seal(self, name: str, secrets: Mapping[str, Any]) -> str:
        """Return ``secrets`` in a form that only the keys can read, and only under ``name``."""
        return self._first.encrypt(json.dumps({"name": name, **secrets}).encode()).decode()

    def open(self, name: str, sealed: str) -> Mapping[str, Any]:
        """Return what was sealed under ``name``.

        Raises:
            SettingsError: no key fits, or it is not what was sealed.
        """
        try:
            found: dict[str, Any] = json.loads(self._any.decrypt(sealed.encode()))
        except InvalidToken:
            found = {}
        if found.pop("name", None) != name:
            raise SettingsError(
                f"What is kept of {name} cannot be read with the keys in {self._place}. "
                "Add the key that it was sealed with, or let that workspace install the app again."
            )
        return found


def _key(text: str, place: str) -> Fernet:
    try:
        return Fernet(text)
    except ValueError:
        raise SettingsError(f"{place}: {len(text)} characters that are no key. {_HOW}") from None
