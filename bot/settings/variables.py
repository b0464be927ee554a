"""Fills ``${NAME}`` in the strings of a ``bot.toml``."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.settings.places import Place

_NAME = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(
    value: Any,
    *,
    variables: Mapping[str, str],
    missing: Callable[[Place, str], None],
    place: Place = (),
) -> Any:
    """Return ``value`` with every ``${NAME}`` in it replaced; ``$${`` stands for a plain ``${``.

    ``missing`` is told of each name that ``variables`` lacks, with where it stands.
    """
    if isinstance(value, dict):
        return {
            key: filled(inner, variables=variables, missing=missing, place=(*place, key))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            filled(inner, variables=variables, missing=missing, place=(*place, index))
            for index, inner in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "${"
        if name not in variables:
            missing(place, name)
        return variables.get(name, match.group())

    return _NAME.sub(replacement, value)
