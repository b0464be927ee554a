"""Reads templates without filling them: their first line, their relatives, what they use."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from bot.errors import PromptError, nearest

SHIPPED: Final = "shipped/"
"""Before a name: the template that we ship, even where one of the user's took its place."""

_HEADER = re.compile(
    r"\{#-?\s*(?P<purpose>.+?)\s+(?:Variables:\s*(?P<variables>\w+(?:,\s*\w+)*)|No variables)"
    r"\.\s*-?#\}"
)
_REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template as it was read. ``overrides`` is the shipped one whose place it took."""

    name: str
    path: Path
    text: str
    overrides: "Template | None" = None

    @cached_property
    def _header(self) -> re.Match[str] | None:
        return _HEADER.fullmatch(self.text.partition("\n")[0].strip())

    @property
    def introduced(self) -> bool:
        """Whether line 1 says what the template does and which variables it takes."""
        return self._header is not None

    @property
    def purpose(self) -> str:
        return self._header["purpose"] if self._header else ""

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that line 1 names."""
        named = self._header["variables"] if self._header else None
        return tuple(re.findall(r"\w+", named)) if named else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """The first line of a template that names a variable, a block or another template."""

    name: str
    template: Template
    line: int


class Shelf:
    """Every template by name, as all of them stood at one moment.

    A file of ``folder`` takes the place of the shipped one of its name.

    Raises:
        PromptError: a folder is missing, or a file in it is not UTF-8 text.
    """

    def __init__(self, *, shipped: Path, folder: Path | None, environment: Environment) -> None:
        ours = {template.name: template for template in _read(shipped)}
        self._templates = ours | {each.name: each for each in _read(shipped, prefix=SHIPPED)}
        if folder:
            self._templates |= {each.name: each for each in _read(folder, instead_of=ours)}
        self._environment = environment
        self._trees: dict[str, nodes.Template] = {}

    @property
    def names(self) -> Sequence[str]:
        """The names that people use, in order."""
        return sorted(name for name in self._templates if not name.startswith(SHIPPED))

    def template(self, name: str) -> Template:
        """Return the template of that name.

        Raises:
            PromptError: there is none.
        """
        if name not in self._templates:
            raise PromptError(
                f"No template called {name!r}.{nearest(name, self.names)}"
                f" Known templates: {', '.join(self.names)}."
            )
        return self._templates[name]

    def tree(self, template: Template) -> nodes.Template:
        """Return the syntax tree of a template.

        Raises:
            PromptError: it is not written as Jinja understands it.
        """
        if template.name not in self._trees:
            try:
                tree = self._environment.parse(template.text)
                self._environment.compile(tree)  # finds what parsing does not: unknown filters
            except TemplateSyntaxError as error:
                raise PromptError(
                    f"{template.path}, line {error.lineno}: {error.message}"
                ) from error
            self._trees[template.name] = tree
        return self._trees[template.name]

    def relatives(self, template: Template) -> Sequence[Mention]:
        """Return the templates that this one extends, includes or imports.

        Raises:
            PromptError: one's name is computed, so nobody could tell what an answer was made from.
        """
        return [self._relative(template, tag) for tag in self.tree(template).find_all(_REFERENCES)]

    def _relative(self, template: Template, tag: nodes.Stmt) -> Mention:
        match getattr(tag, "template", None):
            case nodes.Const(value=str(name)):
                return Mention(name=name, template=template, line=tag.lineno)
        raise PromptError(
            f"{template.path}, line {tag.lineno}: the other template's name is computed."
            " Write it out, in quotes."
        )

    def family(self, template: Template) -> Sequence[Template]:
        """Return the template and, after it, all that it is made from, each once.

        Raises:
            PromptError: one of them is unknown or broken.
        """
        found: dict[str, Template] = {}
        waiting = [template]
        while waiting:
            current = waiting.pop(0)
            if current.name not in found:
                found[current.name] = current
                waiting += [self._follow(mention) for mention in self.relatives(current)]
        return tuple(found.values())

    def _follow(self, mention: Mention) -> Template:
        try:
            return self.template(mention.name)
        except PromptError as error:
            raise PromptError(f"{mention.template.path}, line {mention.line}: {error}") from None

    def uses(self, template: Template) -> Sequence[Mention]:
        """Return the variables that the template takes from outside, itself and by its family."""
        found: dict[str, Mention] = {}
        for member in self.family(template):
            tree = self.tree(member)
            for name in sorted(meta.find_undeclared_variables(tree)):
                found.setdefault(name, Mention(name=name, template=member, line=_line(tree, name)))
        return tuple(found.values())

    def ancestors(self, template: Template) -> Sequence[Template]:
        """Return what the template extends, what that extends, and so on.

        Raises:
            PromptError: one of them is unknown or broken, or extends itself in the end.
        """
        line = [template]
        while parents := [*self.tree(line[-1]).find_all(nodes.Extends)]:
            mention = self._relative(line[-1], parents[0])
            line.append(self._follow(mention))
            if line[-1] in line[:-1]:
                raise PromptError(
                    f"{mention.template.path}, line {mention.line}: {mention.name!r} extends itself"
                    f" in the end. To build on the shipped one, extend {SHIPPED + mention.name!r}."
                )
        return line[1:]

    def blocks(self, template: Template) -> Sequence[Mention]:
        """Return the blocks that the template has, those within others included."""
        return _mentions(template, self.tree(template).find_all(nodes.Block))

    def fills(self, template: Template) -> Sequence[Mention]:
        """Return the blocks at the template's top, as which it fills those of its parent."""
        tops = (node for node in self.tree(template).body if isinstance(node, nodes.Block))
        return _mentions(template, tops)


def _mentions(template: Template, blocks: Iterable[nodes.Block]) -> Sequence[Mention]:
    return [Mention(name=block.name, template=template, line=block.lineno) for block in blocks]


def _line(tree: nodes.Template, variable: str) -> int:
    return next(name.lineno for name in tree.find_all(nodes.Name) if name.name == variable)


def _read(
    folder: Path, *, prefix: str = "", instead_of: Mapping[str, Template] | None = None
) -> Iterator[Template]:
    if not folder.is_dir():
        raise PromptError(f"There is no folder {str(folder)!r} to read templates from.")
    for path in sorted(folder.rglob("*.j2")):
        name = prefix + path.relative_to(folder).as_posix()
        overrides = instead_of.get(name) if instead_of else None
        yield Template(name=name, path=path, text=_text(path), overrides=overrides)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path} cannot be read as UTF-8 text: {error}") from error
