"""The client that asks the Hugging Face hub, which by itself waits for ever."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

_SECONDS = 30.0  # without a sign of life


@cache
def limit_waiting() -> None:
    """Have the hub's client, in all of this process, give up a hub that says nothing."""
    import huggingface_hub  # noqa: PLC0415 - takes half a second
    from huggingface_hub.utils._http import default_client_factory  # noqa: PLC0415

    def make() -> "httpx2.Client":
        client: httpx2.Client = default_client_factory()
        # Not the client's own limits: of some things the library asks with none.
        hooks = client.event_hooks
        client.event_hooks = {**hooks, "request": [*hooks["request"], _limited]}
        return client

    huggingface_hub.set_client_factory(make)


def _limited(request: "httpx2.Request") -> None:
    known = request.extensions.get("timeout") or {}
    request.extensions["timeout"] = {
        kind: _SECONDS if known.get(kind) is None else known[kind]
        for kind in ("connect", "read", "write", "pool")
    }
