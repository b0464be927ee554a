"""The site of someone else that embeds the chat, on its own origin, under a strict policy."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.servers.base import hear
from tests.servers.listening import close

STRICT = (
    "default-src 'none'; script-src {bot}; style-src 'self'; connect-src {bot}; "
    "img-src 'self'; require-trusted-types-for 'script'"
)
_PAGE = """<!doctype html>
<html {attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A shop</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/shop.css">
</head>
<body>
<main>
<h1>A shop of someone else</h1>
<p>It knows nothing of the chat but <a href="#">one tag</a>.</p>
</main>
{tag}
</body>
</html>
"""
_TAG = '<script async src="{bot}/widget.js" data-site="shop"></script>'
_STYLE = """
:root { color-scheme: light dark; }
body { font-family: serif; margin: 2rem; }
* { letter-spacing: .02em; }
button { background: #b00; border-radius: 0; font: 30px fantasy; text-transform: uppercase; }
p { color: #900; font-size: 40px; }
a { color: #060; }
@media (prefers-color-scheme: dark) {
    body { background: #111; color: #eee; }
    p { color: #fbb; }
    a { color: #9f9; }
}
"""
_ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>'


class Host:
    """Serves one page, which embeds the chat of the bot at its parameter ``bot``, if there is one.

    ``policy`` is its Content-Security-Policy, ``attributes`` stand in its ``html`` tag.
    """

    def __init__(self) -> None:
        self.url = ""
        self.forget()

    def forget(self) -> None:
        """Be again as in the beginning."""
        self.policy = STRICT
        self.attributes = 'lang="en"'

    def embedding(self, bot: str) -> str:
        """Return the address of the page that embeds the chat of ``bot``."""
        return f"{self.url}/?{urlencode({'bot': bot})}"

    def answer(self, path: str) -> tuple[Mapping[str, str], str]:
        """Return the headers and the body for ``path``."""
        parts = urlsplit(path)
        if parts.path == "/shop.css":
            return {"content-type": "text/css"}, _STYLE
        if parts.path == "/icon.svg":
            return {"content-type": "image/svg+xml"}, _ICON
        bot = parse_qs(parts.query).get("bot", [""])[0]
        page = _PAGE.format(tag=_TAG.format(bot=bot) if bot else "", attributes=self.attributes)
        return {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": self.policy.format(bot=bot or self.url),
        }, page


@asynccontextmanager
async def host() -> AsyncIterator[Host]:
    """Serve the page until the block ends."""
    own = Host()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                heard = await hear(reader, client=0)
                headers, text = own.answer(heard.path)
                body = text.encode()
                lines = [f"{name}: {value}" for name, value in headers.items()]
                head = [f"content-length: {len(body)}", "connection: close", *lines, "", ""]
                writer.write("\r\n".join(["HTTP/1.1 200 OK", *head]).encode() + body)
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    own.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield own
    finally:
        await close(server)
