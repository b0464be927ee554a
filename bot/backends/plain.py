"""A talk line by line, as a model that was never taught to chat goes on with it."""

from collections.abc import Callable

from bot.backends.base import Request
from bot.local.talk import ASSISTANT, SPEAKERS


def written(request: Request, plain: Callable[..., str]) -> str:
    """Write ``request`` as one text; ``plain`` fills the template ``plain.j2``."""
    lines = [
        {"speaker": SPEAKERS[said.role], "text": said.text.strip()}
        for said in request.history
        if said.text.strip()
    ]
    return plain(
        system=request.system.strip(),
        lines=lines,
        context=request.context.strip(),
        speaker=ASSISTANT,
    )
