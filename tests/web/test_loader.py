"""The loader in a real browser: wherever the tag stands, and whatever the page does with it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.house import until
from tests.web.browsers import Visitor
from tests.web.conftest import Visit
from tests.web.models import Model
from tests.web.serving import Server, serving

STRICT = (
    "default-src 'none'; script-src 'self' 'nonce-page'; connect-src 'self'; "
    "img-src 'self'; require-trusted-types-for 'script'"
)
ONCE = '<script async src="/widget.js"></script>'


@pytest.fixture(scope="module")
async def model() -> AsyncIterator[Model]:
    async with Model() as running:
        yield running


@pytest.fixture(scope="module")
async def server(model: Model, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("bot"), model=model.url) as running:
        yield running


async def shown(visitor: Visitor, server: Server, *, head: str = "", body: str = "") -> Page:
    """Open a page with these in it, under a strict policy, on the bot's own origin."""
    html = (
        f'<!doctype html><html lang="de"><head><title>A page</title>{head}</head>'
        f"<body><h1>A page</h1>{body}</body></html>"
    )

    async def fulfill(route: Route) -> None:
        headers = {"Content-Security-Policy": STRICT}
        await route.fulfill(body=html, content_type="text/html", headers=headers)

    page = await visitor.context.new_page()
    await page.route("**/host", fulfill)
    await page.goto(f"{server.url}/host")
    return page


async def true(page: Page, said: str) -> None:
    """Wait until an expression is true; the page's own policy lets nothing wait inside of it."""
    async with asyncio.timeout(30):
        while not await page.evaluate(said):  # noqa: ASYNC110 - what is waited for knows no events
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "where",
    [
        {"head": ONCE},
        {"head": '<script src="/widget.js"></script>'},
        {"head": '<script defer src="/widget.js"></script>'},
        {"body": ONCE},
        {"head": ONCE, "body": ONCE + ONCE},
        {"head": '<script type="module" src="/widget.js"></script>'},
    ],
    ids=["async", "blocking", "deferred", "in the body", "three times", "as a module"],
)
async def test_the_launcher_is_there_once_wherever_the_tag_stands(
    visit: Visit, server: Server, where: dict[str, str]
) -> None:
    visitor = await visit()
    page = await shown(visitor, server, **where)
    await expect(page.locator("frontdesk-chat")).to_have_count(1)
    button = page.get_by_role("button", name="Chat öffnen", exact=True)
    await expect(button).to_be_visible()
    await expect(button).to_have_attribute("aria-expanded", "false")
    await visitor.assert_clean()


async def test_calls_that_came_before_the_script_are_made(visit: Visit, server: Server) -> None:
    early = """<script nonce="page">
        window.heard = [];
        (window.frontdesk ??= []).push(["on", "open", () => window.heard.push("open")]);
        window.frontdesk.push(["on", "message", (message) => window.heard.push(message.author)]);
        window.frontdesk.push(["send", "How long does shipping take?"]);
    </script>"""
    visitor = await visit()
    page = await shown(visitor, server, head=early + ONCE)
    await true(page, "window.heard.includes('bot') && window.heard.includes('open')")
    await page.evaluate("frontdesk.push(['close'])")
    await expect(page.locator("frontdesk-chat[open]")).to_have_count(0)
    await visitor.assert_clean()


async def test_a_page_that_replaces_its_body_keeps_the_chat(visit: Visit, server: Server) -> None:
    visitor = await visit()
    page = await shown(visitor, server, body=ONCE)
    await page.evaluate("frontdesk.ready.then(() => frontdesk.open())")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.evaluate("document.body.replaceWith(document.createElement('body'))")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.evaluate("document.querySelector('frontdesk-chat').remove()")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await visitor.assert_clean()


async def test_a_chat_that_could_not_be_fetched_comes_with_the_next_click(
    visit: Visit, server: Server
) -> None:
    visitor = await visit()
    page = await shown(visitor, server, body=ONCE)
    await page.evaluate(
        "frontdesk.ready.then(() => frontdesk.on('error', (problem) => (window.problem = problem)))"
    )
    await page.context.set_offline(True)
    button = page.get_by_role("button", name="Chat öffnen")
    await button.click()
    await true(page, "window.problem === 'offline'")
    await expect(button).to_have_attribute("aria-expanded", "false")
    await page.context.set_offline(False)
    await button.click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_who_was_here_before_sees_what_he_has_not_read(
    visit: Visit, server: Server, model: Model
) -> None:
    model.seconds = 1.0  # the answer comes after its question's page is closed, and unread
    visitor = await visit()
    page = await shown(visitor, server, body=ONCE)
    await page.evaluate("frontdesk.ready.then(() => frontdesk.send('Hello'))")
    await true(page, "JSON.parse(Object.values(localStorage)[0] ?? '{}').conversation")
    await page.close()
    model.seconds = 0.0
    again = await shown(visitor, server, body=ONCE)
    badge = again.get_by_role("button", name="Chat öffnen (1)")
    await expect(badge).to_be_visible(timeout=30_000)  # the answer may yet be to come
    await until(lambda: any("talk.js" in url for url in visitor.requests))
    await again.evaluate("frontdesk.open()")
    await expect(again.get_by_role("dialog")).to_be_visible()
    await expect(again.get_by_role("button", name="Chat öffnen (1)")).to_have_count(0)
    await visitor.assert_clean()
