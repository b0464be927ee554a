"""Finds the folders that Frontdesk ships: templates, migrations and the sample store."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped"


def shipped(name: str) -> Path:
    """Return the folder ``name``: inside an installed package, or at the top of a checkout."""
    installed = _SHIPPED / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def sample() -> Path:
    """Return the sample store: a ``bot.toml`` and its help centre."""
    return _PACKAGE / "sample"
