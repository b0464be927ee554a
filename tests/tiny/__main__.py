"""Builds tiny models for a trial by hand: python -m tests.tiny FOLDER [NAME ...]."""

import sys
import time
from pathlib import Path

from tests.tiny import BUILDERS, built

folder, *names = sys.argv[1:] or ["models"]
for name in names or BUILDERS:
    began = time.perf_counter()
    path = built(name, root=Path(folder))
    print(f"{path}  {time.perf_counter() - began:.1f} s")  # noqa: T201 - that is what it is for
