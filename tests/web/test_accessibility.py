"""Whoever cannot see or has no mouse: axe-core finds nothing, and the keyboard is enough."""

import itertools
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.web.chats import Chat
from tests.web.conftest import Visit
from tests.web.desks import take_over, write
from tests.web.shops import Shop
from tests.web.texts import numbered

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RICH = """Here is *all* that an answer may hold [1]:

### Prices

| Where | Time | Cost |
|---|---|---|
| United States | 3–5 business days | $5.95 |
| Canada | 5–8 business days | $12.95 |

1. First look at `#A-1042` in your [account](https://larkmoor.example/account).
2. Then ~~wait~~ write.

> Nothing is lost.

```
tracking 1Z999AA10123456784
```
"""


async def _found(page: Page) -> list[str]:
    """Return what axe-core finds wrong on the page."""
    await page.evaluate(_AXE)
    result: dict[str, Any] = await page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, preload: false})", _RULES
    )
    assert len(result["passes"]) > 10, "axe-core saw nothing"
    return [
        f"{found['id']}: {node['target']} {node['html'][:300]} {node['failureSummary']}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


async def _fail(route: Route) -> None:
    await route.fulfill(status=500, headers={"access-control-allow-origin": "*"})


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_any_state(visit: Visit, shop: Shop, scheme: str) -> None:
    shop.model.answers = {"shipping": _RICH}
    visitor = await visit(color_scheme=scheme, reduced_motion="reduce")
    page = await visitor.open(shop.page)
    chat = Chat(page)
    found: dict[str, list[str]] = {}

    async def look(state: str) -> None:
        await chat.show(f"{state}-{scheme}")
        found[state] = await _found(page)

    await expect(chat.launcher).to_be_visible()
    await look("closed")
    await chat.open()
    await expect(chat.button("How long does shipping take?")).to_be_visible()
    await look("open")
    await chat.ask("How long does shipping take?")
    await look("answered")
    shop.model.seconds, shop.model.answer = 0.2, numbered(300)
    await chat.send("Tell me everything.")
    await chat.until_shown("word3")
    await look("streaming")
    await chat.stop.click()
    await chat.whole_answer()
    await page.route("**/messages", _fail)
    await chat.send("Is anybody there?")
    await expect(chat.button("Try again")).to_be_visible()
    await visitor.context.set_offline(True)
    await expect(chat.panel.get_by_role("alert")).to_have_text("No connection. We keep trying.")
    await look("error")
    await visitor.context.set_offline(False)
    await page.unroute("**/messages", _fail)
    shop.model.seconds = 0.0
    await chat.button("Try again").click()
    await expect(chat.answers).to_have_count(3)
    await chat.whole_answer()
    await take_over(shop.server.database)
    await write(shop.server.database, "This is Ann. I can help.")
    await expect(chat.log.locator(".row.operator")).to_be_visible()
    await look("person")
    assert "\n\n".join(itertools.chain(*found.values())) == ""


async def test_the_whole_journey_goes_by_keyboard_alone(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = Chat(page)
    await expect(chat.launcher).to_be_visible()
    keys = page.keyboard
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(chat.launcher).to_be_focused()
    await keys.press("Enter")
    await expect(chat.input).to_be_focused()
    await keys.type("How long does shipping take?")
    await keys.press("Enter")
    await chat.whole_answer()
    await expect(chat.input).to_be_focused()
    passed = []
    for _ in range(12):
        await keys.press("Shift+Tab")
        passed.append(await _focused(page))
        if passed[-1] == "Close chat":
            break
    assert {"Not helpful", "Helpful", "Conversation", "Close chat"} <= set(passed), passed
    assert any("Shipping times and costs" in name for name in passed), passed
    await keys.press("Shift+Tab")
    await expect(chat.button("Options")).to_be_focused()
    await keys.press("Enter")
    await expect(chat.button("New conversation")).to_be_focused()
    await keys.press("Tab")
    await expect(chat.button("Download conversation")).to_be_focused()
    await keys.press("Escape")
    await expect(chat.button("Options")).to_be_focused()
    await expect(chat.button("New conversation")).to_be_hidden()
    await keys.press("Escape")
    await expect(chat.panel).to_be_hidden()
    await expect(chat.launcher).to_be_focused()
    await visitor.assert_clean()


async def _focused(page: Page) -> str:
    name: str = await page.evaluate(
        """() => {
            const one = document.activeElement?.shadowRoot?.activeElement;
            return one?.getAttribute('aria-label') ?? one?.textContent ?? '';
        }"""
    )
    return name


async def test_a_finished_answer_is_announced_once(visit: Visit, shop: Shop) -> None:
    shop.model.seconds, shop.model.answer = 0.3, numbered(60)
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = await Chat(page).open()
    await chat.status.evaluate(
        """(status) => {
            window.__said = [];
            new MutationObserver(() => window.__said.push(status.textContent))
                .observe(status, {childList: true, characterData: true, subtree: true});
        }"""
    )
    assert await chat.log.get_attribute("aria-live") == "off"
    await chat.send("Tell me everything.")
    await chat.until_shown("word3")
    await expect(chat.log).to_have_attribute("aria-busy", "true")
    shop.model.seconds = 0.0
    await chat.whole_answer()
    await expect(chat.log).to_have_attribute("aria-busy", "false")
    await expect(chat.status).to_contain_text("word60")
    said: list[str] = await page.evaluate("window.__said")
    assert [words[:5] for words in said if "word" in words] == ["word1"]
    await visitor.assert_clean()
