"""Kills and pauses workers while messages come, and proves that nothing is lost or done twice.

    make soak

Everything at random follows from one seed, which is printed; what the machine does meanwhile does
not. Exits with 1 where anything is wrong, and says what.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.store import schema
from tests.databases import postgresql
from tests.soak.plan import Harm, make
from tests.soak.soak import Conditions, Report, soak
from tests.soak.table import table
from tests.soak.verdict import Kind

_WORKERS = {"sqlite": 2, "postgresql": 3}
_SHOWN = 5


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty, migrated database; yields its url."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'frontdesk.db'}"
        return
    with postgresql(folder / "postgres") as url:
        yield url("postgres")


async def run(kind: str, url: str, folder: Path, options: Any) -> Report:
    """Run one soak, telling how far it has come."""
    conditions = Conditions(
        workers=options.workers or _WORKERS[kind],
        lease=options.lease,
        patience=options.patience,
        slow=options.slow,
        limit=options.minutes * 60,
    )
    plan = make(
        seed=options.seed,
        messages=options.messages,
        harms={
            Harm.KILL: options.kills,
            Harm.PAUSE: options.pauses,
            Harm.STOP: options.stops,
        },
        lease=conditions.lease,
        pace=options.pace,
    )
    await schema.upgrade(url)
    return await soak(
        plan,
        conditions,
        database=url,
        folder=folder,
        tell=lambda text: say(f"{kind}: {text}", end="\r" if sys.stderr.isatty() else "\n"),
    )


def say(text: str, *, end: str = "\n") -> None:
    print(text, file=sys.stderr, flush=True, end=end)


def conclude(reports: dict[str, Report]) -> int:
    """Print the table and what is wrong; returns the exit code."""
    print(table(reports))
    for name, report in reports.items():
        for kind in Kind:
            findings = [finding for finding in report.findings if finding.kind is kind]
            for finding in findings[:_SHOWN]:
                print(f"{name}: {finding}")
            if more := len(findings[_SHOWN:]):
                print(f"{name}: and {more} more {kind}")
    return int(any(report.findings for report in reports.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50, help="SIGKILL")
    parser.add_argument("--pauses", type=int, default=20, help="SIGSTOP beyond the lease, SIGCONT")
    parser.add_argument("--stops", type=int, default=10, help="SIGTERM")
    parser.add_argument("--workers", type=int, help="2 on SQLite and 3 on PostgreSQL if not set")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--minutes", type=float, default=20.0, help="a soak may take at most")
    parser.add_argument("--pace", type=float, default=4.5, help="seconds from deed to deed")
    parser.add_argument("--lease", type=float, default=3.0, help="seconds")
    parser.add_argument("--patience", type=float, default=4.0, help="seconds of one delivery")
    parser.add_argument("--slow", type=float, default=0.15, help="seconds that a post takes twice")
    parser.add_argument("--folder", type=Path, help="keep the databases and the logs here")
    options = parser.parse_args(arguments)
    say(f"seed {options.seed}")
    reports = {}
    with tempfile.TemporaryDirectory() as temporary:
        for kind in _WORKERS if options.database == "both" else [options.database]:
            folder = (options.folder or Path(temporary)) / kind
            folder.mkdir(parents=True)
            with database(kind, folder) as url:
                reports[kind] = asyncio.run(run(kind, url, folder, options))
    return conclude(reports)


if __name__ == "__main__":
    sys.exit(main())
