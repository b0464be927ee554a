"""Reads the secrets file: ``NAME = 'value'`` lines. What stands in it is never shown."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

_LINE = re.compile(r"\(at (line \d+)")


def read_secrets(path: Path) -> tuple[Mapping[str, str], Sequence[str]]:
    """Return the secrets in ``path``, and a sentence for each thing that is wrong with it."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return {}, [f"{path} cannot be read: {error.strerror}."]
    except UnicodeDecodeError:
        return {}, [f"{path} is not UTF-8 text. Save it as UTF-8."]
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote from the file.
        line = match.group(1) if (match := _LINE.search(str(error))) else "the last line"
        return {}, [f"{path}, {line}: write NAME = 'value', one on a line, with the quotes."]
    wrong = [name for name, value in found.items() if not isinstance(value, str)]
    return (
        {name: value for name, value in found.items() if isinstance(value, str)},
        [f"{path}: {name} must be text in quotes: {name} = 'value'." for name in wrong],
    )
