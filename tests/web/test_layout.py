"""Small screens, zoomed pages and languages that run from right to left."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.web.chats import Chat
from tests.web.conftest import Visit
from tests.web.shops import Shop

_WIDE = """Our prices [1]:

| Where we ship to | How it goes | How long it takes | What it costs |
|---|---|---|---|
| United States of America | Standard | 3–5 business days | $5.95 |

```
a-very-long-line-of-code-that-does-not-fit-on-any-phone --and --many --options --more
```

Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
"""
_QUESTION = (
    "How long does shipping take? "
    "https://larkmoor.example/a/very/long/link/that/nobody/would/ever/type/by/hand/index.html"
)
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    "narrow": {"viewport": {"width": 360, "height": 640}},
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "zoomed-four-times": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
    "arabic": {"locale": "ar", "viewport": {"width": 1024, "height": 768}},
    "hebrew-phone": {"locale": "he", "viewport": {"width": 360, "height": 740}, "has_touch": True},
}


@pytest.mark.parametrize("screen", SCREENS)
async def test_nothing_is_wider_than_its_screen(visit: Visit, shop: Shop, screen: str) -> None:
    shop.model.answer = _WIDE
    right_to_left = SCREENS[screen].get("locale")
    shop.site.attributes = f'lang="{right_to_left or "en"}"'
    visitor = await visit(**SCREENS[screen])
    page = await visitor.open(shop.page)
    chat = Chat(page)
    await page.locator("frontdesk-chat").get_by_role("button").first.click()
    await expect(chat.input).to_be_visible()
    assert await chat.overflow() == []
    await chat.show(f"{screen}-open")
    await chat.send(_QUESTION)
    await expect(chat.answers.locator(".sources")).not_to_be_empty()
    await expect(chat.log.locator(".writing")).to_have_count(0)
    assert await chat.overflow() == []
    await chat.show(f"{screen}-answered")
    direction = await chat.panel.evaluate("(panel) => getComputedStyle(panel).direction")
    assert direction == ("rtl" if right_to_left else "ltr")
    box = await chat.input.bounding_box()
    viewport = page.viewport_size
    assert box
    assert viewport
    assert box["y"] + box["height"] <= viewport["height"]
    size = await chat.input.evaluate("(input) => parseFloat(getComputedStyle(input).fontSize)")
    assert size >= 16
    await visitor.assert_clean()


async def test_what_can_be_pressed_is_large_enough(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    chat = await Chat(await visitor.open(shop.page)).open()
    await chat.ask("How long does shipping take?")
    await chat.button("Options").click()
    for button in await chat.page.locator("frontdesk-chat").get_by_role("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, await button.get_attribute("aria-label")
