"""The one look at the real environment; everyone else is handed what it saw."""

import os
from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """Return the environment as it is now."""
    return dict(os.environ)
