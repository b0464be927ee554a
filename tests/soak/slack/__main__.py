"""Kills ``bot slack`` while people write to it in a fake Slack, and counts what came of it.

    make soak-slack

One process on SQLite, then two on PostgreSQL. Every event is delivered up to three times, some
calls fail, some although they were done. Exits with 1 where a message was not answered exactly
once and whole, or something is left over that no answer needs.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bot.store import schema
from tests.soak.__main__ import database
from tests.soak.slack.soak import Conditions, Report, soak

_PROCESSES: Final = {"sqlite": 1, "postgresql": 2}
_SHOWN: Final = 20


async def run(kind: str, url: str, folder: Path, options: Any) -> Report:
    """Run one soak, telling how far it has come."""
    conditions = Conditions(
        messages=options.messages,
        kills=options.kills,
        processes=options.processes or _PROCESSES[kind],
        seed=options.seed,
        seconds=options.seconds or options.messages * 0.33,
        every=options.every,
        pace=options.pace,
        harm=options.harm,
    )
    await schema.upgrade(url)
    end = "\r" if sys.stderr.isatty() else "\n"
    return await soak(
        conditions,
        database=url,
        folder=folder,
        tell=lambda text: print(f"{kind}: {text}", file=sys.stderr, flush=True, end=end),
    )


def table(name: str, report: Report) -> str:
    """Return the figures, a line each."""
    rows = {
        "messages": report.conditions.messages,
        "seed": report.conditions.seed,
        "processes": report.conditions.processes,
        "events": report.events,
        "deliveries": report.deliveries,
        "kills": report.kills,
        "calls of Slack's API": report.calls,
        "answers": report.answers,
        "of these to several messages": report.bursts,
        "streams begun": report.streams,
        "messages removed": report.removed,
        "threads that still show work": report.restless,
        "acknowledged, p50": f"{report.ack(0.5):.0f} ms",
        "acknowledged, p99": f"{report.ack(0.99):.0f} ms",
        "seconds": f"{report.seconds:.0f}",
        "findings": len(report.findings),
    }
    return "\n".join([name, *(f"  {row:30}{value}" for row, value in rows.items())])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.slack", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--every", type=float, default=8.0, help="seconds between two kills")
    parser.add_argument("--processes", type=int, help="1 on SQLite and 2 on PostgreSQL if not set")
    parser.add_argument("--seconds", type=float, help="in which talks begin; a third a message")
    parser.add_argument("--pace", type=float, default=0.02, help="seconds between two words")
    parser.add_argument("--harm", type=float, default=0.01, help="the share of calls that fail")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--folder", type=Path, help="keep the databases and the logs here")
    options = parser.parse_args(arguments)
    wrong = False
    with tempfile.TemporaryDirectory() as temporary:
        for kind in _PROCESSES if options.database == "both" else [options.database]:
            folder = (options.folder or Path(temporary)) / kind
            folder.mkdir(parents=True)
            with database(kind, folder) as url:
                report = asyncio.run(run(kind, url, folder, options))
            print("\n".join([table(kind, report), *report.findings[:_SHOWN]]))
            wrong = wrong or bool(report.findings)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
