"""How long a provider asks us to wait, in whichever of its ways it says so."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([\d.]+)(ms|[smhd])")
_ASKED = re.compile(r"try again in ((?:[\d.]+(?:ms|[smhd]))+)", re.IGNORECASE)
_LIMITS = ("requests", "tokens")


def wait_of(headers: Mapping[str, str], message: str) -> float | None:
    """Return the seconds to wait, None where nothing says so. ``headers`` ignore case."""
    for seconds in (
        _number(headers.get("retry-after-ms"), 0.001),
        _number(headers.get("retry-after"), 1.0),
        _until(headers.get("retry-after"), headers.get("date")),
        _duration(asked.group(1)) if (asked := _ASKED.search(message)) else None,
        _reset(headers),
    ):
        if seconds is not None:
            return max(0.0, seconds)
    return None


def _number(text: str | None, unit: float) -> float | None:
    try:
        seconds = float(text or "") * unit
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _until(then: str | None, now: str | None) -> float | None:
    """Read a date against the answer's own date, so that our clock need not be right."""
    try:
        return (
            parsedate_to_datetime(then or "") - parsedate_to_datetime(now or "")
        ).total_seconds()
    except (ValueError, TypeError):
        return None


def _duration(text: str) -> float | None:
    """Read '6m0s', '1.5s' or '20ms'."""
    parts = [(_number(number, 1.0), unit) for number, unit in _PART.findall(text)]
    known = [number * _SECONDS[unit] for number, unit in parts if number is not None]
    return sum(known) if known else None


def _reset(headers: Mapping[str, str]) -> float | None:
    """Say when the limits that are used up begin anew."""
    waits = [
        _duration(headers.get(f"x-ratelimit-reset-{limit}", ""))
        for limit in _LIMITS
        if headers.get(f"x-ratelimit-remaining-{limit}") == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)
