"""Lists the configured ways to reach a model, and asks each for one word."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from bot.errors import SettingsError, SetupError
from bot.messages import Usage
from bot.settings import BackendSettings, HostedSettings, ModelSettings, ServedSettings, Settings
from channels.cli.here import Here, command
from channels.cli.paper import as_json, lasting, print_json, print_table

if TYPE_CHECKING:
    from bot.backends.base import Backend
    from bot.router.probing import Probed

_MILLION = 1_000_000
_A_THOUGHT = 512  # tokens; in fewer of them none comes to its end

_CAN = {
    "anthropic": "streams, thinks, tools, caches",
    "bedrock": "streams, thinks, tools, caches",
    "vertex": "streams, thinks, tools, caches",
    "openai": "streams, thinks, tools, caches",
    "azure": "streams, thinks, tools, caches",
    "huggingface": "streams, thinks, tools",
    "replicate": "streams",
    "transformers": "streams",
    "extractive": "quotes",
    "scripted": "recites",
}
"""What a kind can do where its model can: thoughts and tool calls are read where they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A backend as it is listed. Prices are US dollars for a million tokens, None if unknown.

    ``window`` is how many tokens it reads at most, None where it reads but the question, or where
    only a model that is loaded here knows. ``local`` is one that runs on this machine, or at an
    address of one's own. ``remark`` is what to change, as its answer shows.
    """

    name: str
    kind: str
    model: str
    local: bool
    can: str
    window: int | None
    key: str
    reads: float | None
    writes: float | None
    probed: "Probed | None" = None
    remark: str = ""


@click.command(
    epilog="""\b
Examples:
  bot backends --probe
  bot backends --probe --json | jq '.[] | {name, error: .probed.error}'"""
)
@click.option("--probe", is_flag=True, help="Ask each of them for one word, all at once.")
@as_json
@command
async def backends(here: Here, *, probe: bool, as_json: bool) -> int:
    """List the ways to reach a model.

    In the order of bot.toml, each with its model, key and price. None of them is asked, but with
    --probe: then exit code 1 if one does not answer.
    """
    settings = here.settings()
    probed = await _probed(settings) if probe else {}
    found = [
        _listed(name, section, settings, probed.get(name))
        for name, section in settings.backends.items()
    ]
    if as_json:
        print_json(found)
    elif probe:
        _print_probed(found)
    else:
        _print_listed(found, settings)
    return int(any(one.error for one in probed.values()))


def _print_listed(found: list[Listed], settings: Settings) -> None:
    print_table(
        ["BACKEND", "KIND", "MODEL", "CAN", "WINDOW", "KEY", "$/M READ", "$/M WRITTEN"],
        [
            [
                one.name,
                one.kind,
                one.model,
                one.can,
                _window(one),
                one.key,
                _dollars(one.reads),
                _dollars(one.writes),
            ]
            for one in found
        ],
    )
    router = settings.router
    small = f"{router.cascade.small} for what is easy, then " if router.cascade else ""
    click.echo(
        f"\nOrder: {small}{', '.join(router.chain or settings.backends)}. One that fails "
        f"{router.breaker_failures} times in a row is left alone for {router.breaker_seconds:g} s."
    )


def _window(one: Listed) -> str:
    if one.window:
        return f"{one.window:,}"
    return "the model's own" if one.kind == "transformers" else "-"


def _print_probed(found: list[Listed]) -> None:
    asked = [(one, one.probed) for one in found if one.probed]
    print_table(
        ["BACKEND", "MODEL", "FIRST PIECE", "WHOLE", "TOKENS", "COST"],
        [
            [
                one.name,
                one.model,
                "-" if probed.first_piece is None else f"{probed.first_piece:.2f} s",
                "failed" if probed.error else f"{probed.seconds:.2f} s",
                str(probed.tokens),
                "unknown" if probed.cost is None else f"${probed.cost:.6f}",
            ]
            for one, probed in asked
        ],
    )
    for one, probed in asked:
        if said := probed.error or one.remark:
            click.echo(f"\n{one.name}: {said}", err=True)


async def _probed(settings: Settings) -> dict[str, "Probed"]:
    """Ask all at once; one that cannot even be opened says why, too."""
    names = list(settings.backends)
    click.echo(f"Asking {', '.join(names)} for one word ...", err=True)
    async with asyncio.TaskGroup() as tasks:
        asked = {name: tasks.create_task(_probe(name, settings)) for name in names}
    return {name: task.result() for name, task in asked.items()}


async def _probe(name: str, settings: Settings) -> "Probed":
    from bot.router.probing import ONE_WORD, Probed, probe
    from bot.wiring.router import build_price, patience

    section = settings.backends[name]
    served = isinstance(section, ServedSettings)

    try:
        backend = opened(name, settings)
    except SetupError as error:
        return Probed(seconds=0.0, error=str(error))
    try:
        await _warm(backend, section)
        found = await probe(
            backend,
            request=replace(ONE_WORD, max_tokens=_A_THOUGHT) if served else ONE_WORD,
            patience=patience(section),
            price=build_price(settings),
        )
    except SetupError as error:  # a model in this process that cannot be loaded
        found = Probed(seconds=0.0, error=str(error))
    finally:
        await backend.close()
    how = "did not answer" if found.error else f"answered within {lasting(found.seconds)}"
    click.echo(f"{name} {how}.", err=True)
    return found


async def _warm(backend: "Backend", section: BackendSettings) -> None:
    """Import an SDK first: its seconds are not the provider's."""
    from contextlib import suppress

    from bot.backends.base import Warmed

    if isinstance(section, HostedSettings) and isinstance(backend, Warmed):
        with suppress(Exception):  # whatever it is, the question meets it and tells
            await asyncio.to_thread(backend.warm)


def opened(name: str, settings: Settings) -> "Backend":
    """Return the backend ``name`` by itself; it is asked nothing yet.

    Raises:
        SetupError: it lacks a key or a package.
    """
    from bot.prompts import PromptBook
    from bot.resources import shipped
    from bot.wiring.backends import build_backends

    book = PromptBook(shipped=shipped("prompts"), folder=settings.prompts.folder)

    def words(template: str, /, **variables: object) -> str:
        return book.render(f"words/{template}.j2", contact=settings.bot.contact, **variables)

    alone = settings.model_copy(update={"backends": {name: settings.backends[name]}})
    return build_backends(alone, words=words, prompts=book)[name]


def _listed(
    name: str, section: BackendSettings, settings: Settings, probed: "Probed | None"
) -> Listed:
    hosted = section if isinstance(section, HostedSettings) else None
    return Listed(
        name=name,
        kind=section.kind,
        model=section.model if isinstance(section, ModelSettings) else "-",
        local=hosted is None or _is_ours(hosted),
        can=_CAN[section.kind],
        window=_reads_at_most(section),
        key=_key(name, hosted, settings) if hosted else "not needed",
        reads=_price(hosted, Usage(input=_MILLION)) if hosted else 0.0,
        writes=_price(hosted, Usage(output=_MILLION)) if hosted else 0.0,
        probed=probed,
        remark=_remark(name, section, probed) if probed else "",
    )


def _remark(name: str, section: BackendSettings, probed: "Probed") -> str:
    """Return what to change, where a thought is not told from the answer."""
    if not isinstance(section, ServedSettings):
        return ""
    from bot.strategies.written import seen

    found = seen(probed.said)
    if found.unopened:
        return (
            "It ends a thought that it never begins, so customers see it until then. Its chat "
            f"template begins it: write prefilled = '{found.unopened}' into [backends.{name}]."
        )
    if section.prefilled and probed.said and not found.text and not probed.cut:
        return (
            "All that it said is a thought without an end. If its server has a reasoning parser, "
            f"or the model does not think, take 'prefilled' out of [backends.{name}]."
        )
    return ""


def _reads_at_most(section: BackendSettings) -> int | None:
    if not isinstance(section, ModelSettings):
        return None
    own = section.kind == "transformers" and "context_tokens" not in section.model_fields_set
    return None if own else section.context_tokens


def _is_ours(section: HostedSettings) -> bool:
    return section.base_url is not None and section.sold_by != "azure"


def _key(name: str, section: HostedSettings, settings: Settings) -> str:
    variable = section.key_env
    try:
        found = settings.key(name)
    except SettingsError:
        return f"{variable} is missing"
    if found:
        return f"{variable} is set"
    return "none, its own server" if section.base_url else "none, its cloud's own"


def _price(section: HostedSettings, usage: Usage) -> float | None:
    from bot.backends.prices import cost, seller

    return cost(
        usage,
        provider=seller(section.sold_by, section.base_url),
        model=section.model,
        input_price=section.input_price,
        output_price=section.output_price,
    )


def _dollars(price: float | None) -> str:
    return "unknown" if price is None else f"{price:.2f}"
