"""Serves the demo page: a shop that we made up, with the chat on it and the line to copy."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent / "demo"
_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# What a careful site sends. It names only 'self', for the bot and the page come from here.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_SITE: Final = "default"


def routes(sites: Iterable[str]) -> list[Route]:
    """Return where the page and its files are found; it shows the chat of one of ``sites``."""
    names = tuple(sites)
    site = _SITE if _SITE in names else names[0]
    found = []
    for path in sorted(_FOLDER.iterdir()):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = text.replace(f'"{_SITE}"', f'"{site}"').replace(f".{_SITE}]", f".{site}]")
        address = "/" if path.name == "index.html" else f"/demo/{path.name}"
        found.append(Route(address, _showing(text, _TYPES[path.suffix]), methods=["GET"]))
    return found


def _showing(text: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def show(_: Request) -> Response:
        return Response(text, media_type=media_type, headers=_HEADERS)

    return show
