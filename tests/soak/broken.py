"""Breaks one guarantee at a time in a copy, and shows that the soak fails there.

    python -m tests.soak.broken

A proof that cannot fail proves nothing. Exits with 1 where a soak passes though it must not, or
fails in another way than it must.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import ROOT
from tests.soak.verdict import Kind

_COPIED = ("bot", "channels", "prompts", "migrations", "tests", "pyproject.toml")
# What happens by chance may not happen at once.
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A text that stands in ``file`` exactly once, and what takes its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A guarantee that is taken out, and what the soak must find then, run as ``arguments`` say."""

    name: str
    pieces: Sequence[Piece]
    expected: Kind
    words: str
    arguments: Sequence[str]


FAULTS = (
    Fault(
        name="the lease's epoch and holder are not checked",
        pieces=(
            Piece(
                file="bot/store/leases.py",
                old="""\
    & (Conversation.lease_owner == bindparam("of_holder"))
    & (Conversation.epoch == bindparam("of_epoch"))
""",
                # True for whoever ever held it, and it still takes what it is given.
                new="""\
    & ((Conversation.lease_owner == bindparam("of_holder")) | (Conversation.id > 0))
    & (Conversation.epoch >= bindparam("of_epoch"))
""",
            ),
        ),
        expected=Kind.TWICE,
        words="is answered by the turns",
        arguments=(
            *("--messages", "120", "--kills", "0", "--pauses", "8", "--stops", "0"),
            *("--pace", "2"),
        ),
    ),
    Fault(
        name="nobody looks before posting again",
        pieces=(
            Piece(
                file="bot/delivery.py",
                old="if delivery.attempts > 1:",
                new="if delivery.attempts > 1_000_000:",
            ),
        ),
        expected=Kind.TWICE,
        words="was posted 2 times",
        arguments=(
            *("--messages", "120", "--kills", "12", "--pauses", "0", "--stops", "0"),
            *("--pace", "1.5", "--slow", "0.4", "--patience", "6"),
        ),
    ),
)


class Mismatch(Exception):
    """The code is no longer what is to be broken."""


def broken(text: str, piece: Piece) -> str:
    """Return ``text`` with ``piece`` replaced.

    Raises:
        Mismatch: it does not stand there exactly once.
    """
    if (found := text.count(piece.old)) != 1:
        raise Mismatch(f"{piece.file} has the text to break {found} times:\n{piece.old}")
    return text.replace(piece.old, piece.new)


def stands(piece: Piece) -> bool:
    """Tell whether the checkout holds what ``piece`` would break, exactly once."""
    return (ROOT / piece.file).read_text().count(piece.old) == 1


def shown(fault: Fault, *, database: str) -> bool:
    """Run the soak on a broken copy, a few times if need be; True if it fails as it must."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "checkout"
        _copy(copy, fault)
        for seed in range(1, _TRIES + 1):
            told = _soak(copy, fault, database=database, seed=seed)
            print(told, flush=True)
            if _fails_as_it_must(told, fault):
                return True
    return False


def _copy(copy: Path, fault: Fault) -> None:
    copy.mkdir()
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    for piece in fault.pieces:
        file = copy / piece.file
        file.write_text(broken(file.read_text(), piece))


def _soak(copy: Path, fault: Fault, *, database: str, seed: int) -> str:
    command = [sys.executable, "-m", "tests.soak", "--database", database, "--seed", str(seed)]
    done = subprocess.run(
        [*command, *fault.arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return f"{done.stdout}exit code {done.returncode}"


def _fails_as_it_must(told: str, fault: Fault) -> bool:
    findings = [line for line in told.splitlines() if f": {fault.expected}: " in line]
    return told.endswith("exit code 1") and any(fault.words in line for line in findings)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.broken", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    results = {}
    for fault in FAULTS:
        print(f"\nBroken on purpose: {fault.name}.", flush=True)
        results[fault.name] = shown(fault, database=options.database)
    for name, result in results.items():
        print(f"{name}: {'the soak fails, as it must' if result else 'THE SOAK DID NOT SEE IT'}")
    return int(not all(results.values()))


if __name__ == "__main__":
    sys.exit(main())
