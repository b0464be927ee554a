"""Lists every key that a ``bot.toml`` may have, for error messages and for the documentation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings.backends import BackendSettings
from bot.settings.fields import (
    BackendName,
    Language,
    Network,
    Origin,
    Reachable,
    StrategyName,
)
from bot.settings.places import Place
from bot.settings.router import BudgetSettings, CascadeSettings, Rule, Split
from bot.settings.sections import Settings
from bot.settings.slack import OAuthSettings
from bot.settings.strategies import StrategiesSettings
from bot.settings.tasks import Pair, TasksSettings, TopicName
from bot.settings.web import IdentitySettings, KeySettings, SiteSettings

KINDS: dict[str, type[BaseModel]] = {
    get_args(section.model_fields["kind"].annotation)[0]: section
    for section in get_args(get_args(BackendSettings)[0])
}
"""The kinds of backends, and what each may be told."""

_ROUTER: dict[str, type[BaseModel]] = {
    "[[router.rules]]": Rule,
    "[[router.split]]": Split,
    "[router.cascade]": CascadeSettings,
    "[router.budget]": BudgetSettings,
}

_SITES: dict[str, type[BaseModel]] = {
    "[web.sites.NAME]": SiteSettings,
    "[web.sites.NAME.identity]": IdentitySettings,
    "[web.sites.NAME.identity.keys.KID]": KeySettings,
}

_INSIDE_A_SITE: dict[tuple[str, ...], type[BaseModel]] = {
    (): SiteSettings,
    ("identity",): IdentitySettings,
    ("identity", "keys"): KeySettings,
}

_TYPES: dict[Any, str] = {
    str: "text",
    SecretStr: "text",
    Path: "path",
    Reachable: "path",
    int: "whole number",
    float: "number",
    bool: "true or false",
    dict[str, str]: "table of texts",
    dict[Pair, str]: "table of texts",
    dict[TopicName, str]: "table of texts",
    tuple[str, ...]: "list of texts",
    tuple[BackendName, ...]: "list of names",
    tuple[StrategyName, ...]: "list of names",
    tuple[Language, ...]: "list of texts",
    tuple[Reachable, ...]: "list of paths",
    tuple[Origin, ...]: "list of texts",
    tuple[Network, ...]: "list of texts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a section. ``default`` is as one would write it; empty where there is none."""

    name: str
    type: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section with its keys; ``header`` is what stands above them in the file."""

    header: str
    meaning: str
    keys: tuple[Key, ...]


def sections() -> Sequence[Section]:
    """Return every section in the order of the file: the top first, then each table."""
    found = [_section("bot.toml", Settings)]
    found += [_section(f"[{name}]", table) for name, table in _tables(Settings)]
    found.append(_section("[slack.oauth]", OAuthSettings))
    found += [
        _section(f"[strategies.{name}]", table) for name, table in _tables(StrategiesSettings)
    ]
    found += [_section(header, model) for header, model in _ROUTER.items()]
    found += [_section(f"[tasks.{name}]", table) for name, table in _tables(TasksSettings)]
    found += [_section(header, model) for header, model in _SITES.items()]
    for kind, model in KINDS.items():
        found.append(_section(f'[backends.NAME] kind = "{kind}"', model))
    return found


def table() -> str:
    """Return the reference of ``bot.toml`` in Markdown."""
    return "\n".join(_markdown(section) for section in sections())


def model_at(place: Place, data: Any) -> type[BaseModel] | None:
    """Return the model of the section that ``place`` in ``data`` is; None where there is none."""
    match place:
        case ("router", "rules", int()):
            return Rule
        case ("router", "split", int()):
            return Split
        case ("backends", str() as name):
            backend = data["backends"][name]
            return KINDS.get(str(backend.get("kind"))) if isinstance(backend, dict) else None
        case ("web", "sites", str(), *inside):
            return _INSIDE_A_SITE.get(tuple(map(str, inside[:2])))
    model: type[BaseModel] | None = Settings
    for key in place:
        field = model.model_fields.get(str(key)) if model else None
        model = _table(field) if field else None
    return model


def written(value: Any) -> str:
    """Return ``value`` as one would write it in the file."""
    if isinstance(value, SecretStr):
        return written(value.get_secret_value())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(one) for one in value)}]"
    return repr(str(value)) if isinstance(value, str | Path) else str(value)


def _tables(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        if table := _table(field):
            yield name, table


def _table(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a section, also of one that need not be there."""
    choices = get_args(field.annotation)
    for one in choices if NoneType in choices else (field.annotation,):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _section(header: str, model: type[BaseModel]) -> Section:
    return Section(
        header=header,
        meaning=_meaning(model),
        keys=tuple(
            _key(name, field) for name, field in model.model_fields.items() if field.description
        ),
    )


def _meaning(model: type[BaseModel]) -> str:
    """Return the docstring without the section's name, which stands above it."""
    sentence = (model.__doc__ or "").splitlines()[0].split("``: ")[-1]
    return (sentence[0].upper() + sentence[1:]).replace("``", "`")


def _key(name: str, field: FieldInfo) -> Key:
    default = field.get_default(call_default_factory=True)
    return Key(
        name=name,
        type=_type(field.annotation),
        default="" if field.is_required() or default is None else written(default),
        meaning=field.description or "",
    )


def _type(annotation: Any) -> str:
    if annotation in _TYPES:
        return _TYPES[annotation]
    if get_origin(annotation) is Literal:
        return " or ".join(written(choice) for choice in get_args(annotation))
    inner = [one for one in get_args(annotation) if one is not NoneType]
    return _type(inner[0]) if inner else "tables"


def _markdown(section: Section) -> str:
    rows = [
        f"| `{key.name}` | {key.type} | {key.default and f'`{key.default}`'} | {key.meaning} |"
        for key in section.keys
    ]
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    blocks = [f"### `{section.header}`", section.meaning, "\n".join(head + rows) if rows else ""]
    return "\n\n".join(block for block in blocks if block) + "\n"
