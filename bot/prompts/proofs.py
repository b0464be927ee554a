"""Reads templates for mistakes before a customer meets them."""

from collections.abc import Callable, Iterator, Sequence

from bot.errors import PromptError, nearest
from bot.prompts.templates import Mention, Shelf, Template

Proof = Callable[[Shelf, Template], Iterator[str]]


def problems(shelf: Shelf) -> Sequence[str]:
    """Return what is wrong with the templates, each once, with its place and its cure."""
    found: dict[str, None] = {}
    for name in shelf.names:
        found |= dict.fromkeys(_of(shelf, shelf.template(name)))
    return list(found)


def _of(shelf: Shelf, template: Template) -> Iterator[str]:
    try:
        for proof in _PROOFS:
            yield from proof(shelf, template)
    except PromptError as error:  # broken: there is no more to find behind it
        yield str(error)


def _introduction(_: Shelf, template: Template) -> Iterator[str]:
    if not template.introduced:
        yield (
            f"{template.path}, line 1: does not say what the template does. Begin it like this:"
            " {# Greets the customer. Variables: bot, company. #} or … No variables. #}"
        )


def _relations(shelf: Shelf, template: Template) -> Iterator[str]:
    """What it extends has the blocks that it fills; otherwise Jinja drops them without a word."""
    ancestors = shelf.ancestors(template)
    known = {block.name for ancestor in ancestors for block in shelf.blocks(ancestor)}
    for block in shelf.fills(template) if ancestors else ():
        if block.name not in known:
            yield (
                f"{template.path}, line {block.line}: fills the block {block.name!r}, which"
                f" {ancestors[0].path} does not have.{nearest(block.name, known)}"
                f" It has: {', '.join(sorted(known)) or 'none'}."
            )


def _undeclared(shelf: Shelf, template: Template) -> Iterator[str]:
    """Line 1 names every variable that is used."""
    for use in shelf.uses(template) if template.introduced else ():
        if use.name not in template.variables and not _is_anothers(use, template):
            yield (
                f"{template.path}, line 1: does not name {use.name!r}, which is used in"
                f" {use.template.path}, line {use.line}.{nearest(use.name, template.variables)}"
            )


def _is_anothers(use: Mention, template: Template) -> bool:
    """Tell whether ``use`` is a mistake of an override further up, which is told there."""
    return use.template != template and use.template.overrides is not None


def _superfluous(shelf: Shelf, template: Template) -> Iterator[str]:
    """Line 1 names no variable that is not used."""
    if any(member.overrides for member in shelf.family(template)[1:]):
        return  # an override may use less than the shipped one did
    used = {use.name for use in shelf.uses(template)}
    for name in template.variables:
        if name not in used:
            cure = nearest(name, used)
            yield f"{template.path}, line 1: names {name!r}, which is not used.{cure}"


def _ungiven(shelf: Shelf, template: Template) -> Iterator[str]:
    """An override asks for no more than the shipped template is given."""
    if not template.overrides:
        return
    given = template.overrides.variables
    for use in shelf.uses(template):
        if use.name not in given:
            yield (
                f"{use.template.path}, line {use.line}: uses {use.name!r}, which is not given to"
                f" {template.name}.{nearest(use.name, given)}"
                f" It is given: {', '.join(given) or 'nothing'}."
            )


_PROOFS: tuple[Proof, ...] = (_introduction, _relations, _undeclared, _superfluous, _ungiven)
