"""Tells which optional packages a command lacks."""

from importlib.util import find_spec
from typing import Literal

from bot.errors import MissingExtra

Extra = Literal["slack", "web"]

NEEDED: dict[Extra, tuple[str, ...]] = {
    "slack": ("aiohttp", "cryptography", "slack_bolt"),
    "web": ("fastapi", "fastapi_swagger", "jwt", "limits", "rjsmin", "uvicorn"),
}
"""The packages of each extra."""

_DOING: dict[Extra, str] = {"slack": "Serving Slack", "web": "Serving the web chat"}


def missing(extra: Extra) -> list[str]:
    """Return the packages of an extra that are not installed."""
    return [name for name in NEEDED[extra] if find_spec(name) is None]


def check(extra: Extra) -> None:
    """Look whether an extra is installed.

    Raises:
        MissingExtra: it is not; the text says how.
    """
    if lacking := missing(extra):
        raise MissingExtra(
            f"{_DOING[extra]} needs {', '.join(lacking)}. "
            f"Install it with: pip install 'frontdesk[{extra}]'"
        )
