"""Reads what arrives from Slack: any value at any place of it, and never an exception."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_KIND: Final = re.compile(r"[a-z_.]{1,60}")
_KEY: Final = re.compile(r"(?P<install>[TE][A-Z0-9]{1,39}):[A-Z0-9]{1,40}:[0-9.]{1,22}")
_TRIGGER: Final = re.compile(r"[A-Za-z0-9_.-]{1,120}")


def part(value: object, *path: str) -> Mapping[str, Any]:
    """Return the mapping that stands at ``path``, or an empty one."""
    found = _at(value, path)
    return found if isinstance(found, Mapping) else {}


def parts(value: object, *path: str) -> list[Mapping[str, Any]]:
    """Return the mappings in the list that stands at ``path``."""
    found = _at(value, path)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def text(value: object, *path: str) -> str:
    """Return the text that stands at ``path``, or none."""
    found = _at(value, path)
    return found if isinstance(found, str) else ""


def name(value: object, *path: str) -> str:
    """Return Slack's id of a person, a channel or a workspace at ``path``, or none."""
    return _whole(_ID, text(value, *path))


def ts(value: object, *path: str) -> str:
    """Return the ``ts`` that stands at ``path``, or none."""
    return _whole(_TS, text(value, *path))


def trigger(value: object, *path: str) -> str:
    """Return the id of what a person set off at ``path``, or none."""
    return _whole(_TRIGGER, text(value, *path))


def kind(value: object) -> str:
    """Return what sort of thing arrived, fit for a log; never words of a person."""
    event = part(value, "event")
    named = [text(event, "type"), text(event, "subtype")] if event else [text(value, "type")]
    if not any(named) and "command" in part(value):
        return "command"
    known = [_whole(_KIND, each) or "unknown" for each in named if each]
    return "/".join(known) or "unknown"


def installs(body: object) -> Iterator[str]:
    """Tell by which names the bot may be installed where ``body`` comes from, the likeliest first.

    In a channel that several workspaces share, the event is told to each that has the bot, and
    ``authorizations`` says whom it is meant for; ``team`` may be that of the person. A message of
    ours knows its own workspace better than whoever clicks on it.
    """
    granted = parts(body, "authorizations")[:1] or [part(body)]
    if _at(granted[0], ("is_enterprise_install",)) in (True, "true"):
        yield name(granted[0], "enterprise_id")
        yield name(body, "enterprise", "id")
    yield name(body, "view", "app_installed_team_id")
    yield name(granted[0], "team_id")
    yield name(body, "team_id")
    if text(body, "message", "bot_id"):
        yield name(body, "message", "team")
    for action in parts(body, "actions")[:1]:
        if told := _KEY.fullmatch(text(action, "value")):  # of what one person alone saw
            yield told["install"]
    yield name(body, "team", "id")
    yield name(body, "user", "team_id")


def _at(value: object, path: tuple[str, ...]) -> object:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _whole(shape: re.Pattern[str], text: str) -> str:
    return text if shape.fullmatch(text) else ""
