"""Reads a list that a person wrote into a YAML file, and tells every mistake in it at once."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import SetupError, nearest

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that says something."""

Each = TypeVar("Each", bound=BaseModel)

_FACTS = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must have keys and values",
}


def read_list(file: Path, kind: type[Each], *, noun: str, form: str) -> tuple[Each, ...]:
    """Return what ``file`` lists: each is a ``kind``, and called a ``noun``.

    ``form`` is a sentence on what the file must look like.

    Raises:
        SetupError: it cannot be read, or is not written as it must be; it tells all mistakes.
    """
    written = _written(file, form)
    try:
        found = TypeAdapter(tuple[kind, ...]).validate_python(written)  # type: ignore[valid-type]
    except ValidationError as error:
        wrong = "".join(f"\n  {_mistake(each, kind, noun)}" for each in error.errors())
        raise SetupError(f"{file} cannot be used:{wrong}\n{form}") from error
    if not found:
        raise SetupError(f"{file} holds no {noun}. {form}")
    return found


def _written(file: Path, form: str) -> Any:
    import yaml  # noqa: PLC0415 - a door opens without it where there is no such file

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SetupError(f"There is no file {file}. {form}") from error
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, yaml.YAMLError) as error:  # a day that is none is a ValueError
        raise SetupError(f"{file} cannot be read as YAML: {error}") from error


def _mistake(wrong: ErrorDetails, kind: type[BaseModel], noun: str) -> str:
    """Return what pydantic found, in our words."""
    number, *keys = wrong["loc"] or (None,)
    place = f"{noun} {number + 1}" if isinstance(number, int) else "the file"
    key, text = ".".join(map(str, keys)), wrong["type"]
    if text == "extra_forbidden":
        return f"{place}: there is no key {key!r}.{nearest(key, kind.model_fields)}"
    told = wrong["ctx"]["error"] if text == "value_error" else _FACTS.get(text, wrong["msg"])
    return f"{place}: {key} {told}" if text in _FACTS and key else f"{place}: {told}"
