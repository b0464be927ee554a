"""A file of questions, each with what a good answer holds."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from bot.errors import SetupError, nearest
from bot.lists import Words, read_list


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Several = Annotated[tuple[Words, ...], BeforeValidator(_several)]


def _pattern(words: str) -> re.Pattern[str]:
    inner = words.strip("/") if len(words) > 1 and words[0] == words[-1] == "/" else ""
    try:
        return re.compile(inner or re.escape(words.replace("\u2019", "'")), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{words} is no regular expression: {error}") from error


def _findable(words: str) -> str:
    _pattern(words)
    return words


Expected = Annotated[
    tuple[Annotated[Words, AfterValidator(_findable)], ...], BeforeValidator(_several)
]


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
    expected: Expected = ()
    cites: Several = ()
    answerable: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.answerable and (self.expected or self.cites):
            raise ValueError("what is not answerable can expect no words and cite nothing")
        return self

    def holds(self, text: str) -> bool:
        """Tell whether ``text`` holds all that is expected."""
        plain = text.replace("\u2019", "'")
        return all(_pattern(words).search(plain) for words in self.expected)


_FORM = (
    "Such a file is a list of questions, each with 'question' and, if you like, 'earlier', "
    "'expected', 'cites' and 'answerable'. 'bot init DIR' writes one to begin with."
)
_MOST_NAMES = 40  # of articles that are told


def read_questions(file: Path) -> tuple[Question, ...]:
    """Return the questions of a YAML file.

    Raises:
        SetupError: it cannot be read, or is not written as it must be; it tells all mistakes.
    """
    return read_list(file, Question, noun="question", form=_FORM)


def check_cites(questions: Sequence[Question], articles: Collection[str]) -> None:
    """See to it that whatever is to be cited is learned; ``articles`` are the names of the files.

    Raises:
        SetupError: some is not; it tells all of them.
    """
    wrong = "".join(f"\n  {each}" for each in _unknown(questions, articles))
    if wrong:
        names = sorted(articles)
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        known = f"Learned articles: {', '.join(names[:_MOST_NAMES])}{more}."
        raise SetupError(
            f"Some 'cites' name no learned article:{wrong}\n"
            f"{known if names else 'Nothing is learned yet.'}"
        )


def _unknown(questions: Sequence[Question], articles: Collection[str]) -> Iterator[str]:
    for number, question in enumerate(questions, 1):
        for name in question.cites:
            if name not in articles:
                yield f"question {number}: {name!r}.{nearest(name, articles)}"
