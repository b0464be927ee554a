"""Finds and fills the templates in ``prompts/``."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import blake2b
from pathlib import Path
from traceback import walk_tb
from typing import Final

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.errors import PromptError, nearest
from bot.prompts.markup import delimit
from bot.prompts.proofs import problems
from bot.prompts.templates import Shelf, Template

__all__ = ["PromptBook", "Sheet", "delimit"]

# What a template that somebody wrote can run into.
_BREAKS: Final = (
    TemplateError,
    TypeError,
    AttributeError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
Names = tuple[str, ...]

_HALVES = re.compile("[\ud800-\udfff]")  # of surrogate pairs: nothing can be sent with them
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_QUOTES = str.maketrans({'"': "'", "<": "\u2039", ">": "\u203a"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A template in a list. ``overridden``: the user's own took the shipped one's place."""

    name: str
    purpose: str
    variables: tuple[str, ...]
    path: Path
    overridden: bool


class PromptBook:
    """Every template by name: those of ``folder``, and the ``shipped`` ones beside them.

    All files are read once, here: what was answered and what is replayed agree. A template of
    ``folder`` takes the place of the shipped one of its name, also where others extend it.

    Raises:
        PromptError: a folder is missing, or a file in it is not UTF-8 text.
    """

    def __init__(self, *, shipped: Path, folder: Path | None = None) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.filters["in_quotes"] = in_quotes
        self._shelf = Shelf(shipped=shipped, folder=folder, environment=self._environment)
        self._sources: dict[Names, str] = {}
        self._digests: dict[Names, str] = {}

    def render(self, name: str, /, **variables: object) -> str:
        """Fill the template ``name``; the values are words and can neither act nor pose as ours.

        Raises:
            PromptError: it is unknown or broken, or uses a variable that was not given.
        """
        template = self._shelf.template(name)
        words = {key: _words(value) for key, value in variables.items()}
        try:
            text = self._environment.get_template(name).render(words).strip()
            return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)
        except PromptError:
            raise
        except _BREAKS as error:
            text = f"{_place(error, template)}: {error}.{_cure(error, words)}"
            raise PromptError(text) from error

    def noting(self, note: Callable[[str], object]) -> Callable[..., str]:
        """Return a ``render`` that tells ``note`` the name of every template it fills."""

        def render(name: str, /, **variables: object) -> str:
            note(name)
            return self.render(name, **variables)

        return render

    def source(self, *names: str) -> str:
        """Return the sources of templates and of all that they are made from, each under its name.

        Raises:
            PromptError: one of them is unknown or broken.
        """
        if names not in self._sources:
            families = (self._shelf.family(self._shelf.template(name)) for name in names)
            members = {member.name: member.text for family in families for member in family}
            self._sources[names] = "\n".join(
                f"===== {name} =====\n{text}" for name, text in members.items()
            )
        return self._sources[names]

    def digest(self, *names: str) -> str:
        """Return the BLAKE2b hash of ``source(*names)``: 128 bits, in hexadecimal digits."""
        if names not in self._digests:
            self._digests[names] = _digest(self.source(*names))
        return self._digests[names]

    def sheets(self) -> Sequence[Sheet]:
        """Return every template, in order of name."""
        templates = [self._shelf.template(name) for name in self._shelf.names]
        return [
            Sheet(
                name=template.name,
                purpose=template.purpose,
                variables=template.variables,
                path=template.path,
                overridden=template.overrides is not None,
            )
            for template in templates
        ]

    def check(self) -> Sequence[str]:
        """Return what is wrong with the templates, each with its place and its cure."""
        return problems(self._shelf)

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]]:
        template = self._shelf.template(name)
        return template.text, str(template.path), lambda: True


def in_quotes(text: str) -> str:
    """Return ``text`` so that it fits between the quotes of a tag's attribute."""
    return " ".join(text.split()).translate(_QUOTES)


def _words(value: object) -> object:
    """Return ``value`` with every text in it delimited.

    Done here and not in the templates: no override can forget it.
    """
    match value:
        case str():
            return delimit(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {key: _words(each) for key, each in value.items()}
        case Sequence():
            return tuple(_words(each) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{f.name: _words(getattr(value, f.name)) for f in fields(value)})
        case _:
            raise TypeError(f"A template takes text, numbers and values of them, not {value!r}")


def _place(error: Exception, template: Template) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}, line {error.lineno}"
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename.endswith(".j2")
    ]
    return lines[-1] if lines else str(template.path)


def _cure(error: Exception, given: Collection[str]) -> str:
    unknown = _UNDEFINED.match(str(error))
    if not unknown:
        return ""
    return f"{nearest(unknown[1], given)} It is given: {', '.join(sorted(given)) or 'nothing'}."


def _digest(text: str) -> str:
    # Long enough to tell all prompts apart, and short: it stands in every turn.
    return blake2b(text.encode(), digest_size=16).hexdigest()
