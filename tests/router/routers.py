"""Routers over scripted backends, and what a customer would be left with."""

from collections.abc import Sequence

from bot.backends.base import Backend, Output, Request, Said, Text
from bot.backends.scripted import Answer, ScriptedBackend
from bot.errors import BackendBusy, BackendMisconfigured, BackendUnavailable
from bot.router import Circumstances, FellBack, Patience, Purse, Route, Router, Terms
from bot.settings import RouterSettings
from tests.clocks import Clock

REQUEST = Request(
    system="Help.", history=(Said(role="user", text="Hi"),), context="", question="Hi"
)
TERMINAL = Circumstances(channel="terminal", question_length=2, strategy="direct")


def busy(text: str = "overloaded", *, after: float | None = None) -> BackendBusy:
    return BackendBusy(text, backend="a", retry_after=after)


def unavailable() -> BackendUnavailable:
    return BackendUnavailable("No such thing.", backend="a")


def misconfigured() -> BackendMisconfigured:
    return BackendMisconfigured("the key is wrong", backend="a")


def router(
    *backends: Backend,
    settings: RouterSettings | None = None,
    patience: Patience | None = None,
    clock: Clock | None = None,
    terms: Terms | None = None,
    purse: Purse | None = None,
) -> Router:
    clock = clock or Clock()
    terms = terms or Terms(patience=patience or Patience())
    return Router(
        backends={backend.name: backend for backend in backends},
        settings=settings or RouterSettings(),
        terms=dict.fromkeys((one.name for one in backends), terms),
        price=lambda _backend, _model, usage: usage.output / 100,
        clock=clock,
        purse=purse,
        sleep=clock.sleep,
        random=lambda: 1.0,
    )


def scripted(name: str, *script: Answer) -> ScriptedBackend:
    return ScriptedBackend(*(script or (f"I am {name}.",)), name=name, model=f"{name}-1")


async def heard(route: Route) -> list[Output | FellBack]:
    return [output async for output in route.stream(REQUEST)]


async def answer(route: Route) -> str:
    """What a customer would be left with."""
    return shown(await heard(route))


def shown(outputs: Sequence[Output | FellBack]) -> str:
    text = ""
    for output in outputs:
        if isinstance(output, FellBack):
            text = ""
        elif isinstance(output, Text):
            text += output.text
    return text
