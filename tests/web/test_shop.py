"""The demo page: a sample shop with the chat, which keeps to the strictest policy."""

from html.parser import HTMLParser

import pytest
from starlette.requests import Request
from starlette.responses import Response

from channels.web import shop


async def _get(path: str, *sites: str) -> Response:
    routes = {route.path: route for route in shop.routes(sites or ("default",))}
    answer = await routes[path].endpoint(Request({"type": "http"}))
    assert isinstance(answer, Response)
    return answer


async def _text(path: str, *sites: str) -> str:
    return bytes((await _get(path, *sites)).body).decode()


class _Markup(HTMLParser):
    """Every tag with its attributes, and the words inside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.inline.append(data)


async def test_the_page_has_no_script_and_no_style_of_its_own() -> None:
    page = _Markup(await _text("/"))
    assert "".join(page.inline).strip() == ""
    names = {name for tag, attributes in page.tags for name in (tag, *attributes)}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


async def test_everything_that_the_page_needs_comes_from_here() -> None:
    page = _Markup(await _text("/"))
    for tag, attributes in page.tags:
        address = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if address is None or address == "/widget.js":
            continue
        source = await _text(address)
        assert "://" not in source.replace("http://www.w3.org/2000/svg", ""), address


@pytest.mark.parametrize("path", ["/", "/demo/shop.css", "/demo/shop.js"])
async def test_every_file_goes_out_under_the_policy(path: str) -> None:
    policy = (await _get(path)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


async def test_the_page_shows_a_site_that_there_is() -> None:
    assert 'data-site="shop"' in await _text("/", "shop", "help")
    assert "[web.sites.shop]" in await _text("/", "shop", "help")
    assert 'data-site="default"' in await _text("/", "shop", "default")
