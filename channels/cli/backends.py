"""Lists the configured ways to reach a model."""

from dataclasses import dataclass

import click

from bot.errors import SettingsError
from bot.messages import Usage
from bot.settings import BackendSettings, HostedSettings, Settings
from channels.cli.here import Here
from channels.cli.paper import as_json, print_json, print_table

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A backend as it is listed. Prices are US dollars for a million tokens, None if unknown."""

    name: str
    kind: str
    model: str
    key: str
    reads: float | None
    writes: float | None


@click.command()
@as_json
@click.pass_obj
def backends(here: Here, *, as_json: bool) -> None:
    """List the ways to reach a model.

    In the order of bot.toml, each with its model, key and price. None of them is asked.
    """
    settings = here.settings()
    found = [_listed(name, section, settings) for name, section in settings.backends.items()]
    if as_json:
        print_json(found)
        return
    print_table(
        ["BACKEND", "KIND", "MODEL", "KEY", "$/M READ", "$/M WRITTEN"],
        [
            [one.name, one.kind, one.model, one.key, _dollars(one.reads), _dollars(one.writes)]
            for one in found
        ],
    )
    router = settings.router
    click.echo(
        f"\nOrder: {', '.join(router.chain or settings.backends)}. One that fails "
        f"{router.breaker_failures} times in a row is left alone for {router.breaker_seconds:g} s."
    )


def _listed(name: str, section: BackendSettings, settings: Settings) -> Listed:
    if not isinstance(section, HostedSettings):
        none = 0.0
        return Listed(
            name=name, kind=section.kind, model="-", key="not needed", reads=none, writes=none
        )
    return Listed(
        name=name,
        kind=section.kind,
        model=section.model,
        key=_key(name, section.key_env, settings),
        reads=_price(section, Usage(input=_MILLION)),
        writes=_price(section, Usage(output=_MILLION)),
    )


def _key(name: str, variable: str, settings: Settings) -> str:
    try:
        found = settings.key(name)
    except SettingsError:
        return f"{variable} is missing"
    return f"{variable} is set" if found else "none, its own server"


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
