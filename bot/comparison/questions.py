"""A file of questions, each with what a good answer holds."""

import re
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from bot.errors import SetupError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Several = Annotated[tuple[Words, ...], BeforeValidator(_several)]


class Question(BaseModel):
    """A question, and what a good answer holds.

    ``earlier`` is what the customer asked before it. ``expected`` must all stand in the answer:
    words, whatever their case, or a regular expression between slashes. ``cites`` are articles,
    by the names of their files, of which one must be named as a source. What no article answers
    is not ``answerable``: then a good answer says that it does not know.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Words
    earlier: Several = ()
    expected: Several = ()
    cites: Several = ()
    answerable: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.answerable and (self.expected or self.cites):
            raise ValueError("what is not answerable can expect no words and cite nothing")
        for words in self.expected:
            _pattern(words)
        return self

    def holds(self, text: str) -> bool:
        """Tell whether ``text`` holds all that is expected."""
        plain = text.replace("\u2019", "'")
        return all(_pattern(words).search(plain) for words in self.expected)


def _pattern(words: str) -> re.Pattern[str]:
    inner = words.strip("/") if len(words) > 1 and words[0] == words[-1] == "/" else ""
    try:
        return re.compile(inner or re.escape(words.replace("\u2019", "'")), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{words} is no regular expression: {error}") from error


_FILE = TypeAdapter(tuple[Question, ...])


def read_questions(file: Path) -> tuple[Question, ...]:
    """Return the questions of a YAML file.

    Raises:
        SetupError: it cannot be read, or is not written as it must be.
    """
    try:
        questions = _FILE.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetupError(f"{file} cannot be read as YAML: {error}") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        number = wrong["loc"][0] if wrong["loc"] else None
        place = f"question {number + 1}" if isinstance(number, int) else "the file"
        key = ".".join(map(str, wrong["loc"][1:]))
        raise SetupError(
            f"{file}, {place}: {key + ': ' if key else ''}{wrong['msg']}. It is a list of "
            "questions, each with 'question' and, if you like, 'earlier', 'expected', 'cites' and "
            "'answerable'."
        ) from error
    if not questions:
        raise SetupError(f"{file} holds no question. Write some, each with what it expects.")
    return questions
