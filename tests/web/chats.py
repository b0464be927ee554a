"""The chat on a page, as a visitor sees and uses it."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

SCREENSHOTS = Path(__file__).parent / "screenshots"
_PATIENCE = 30_000.0  # milliseconds


class Chat:
    """The chat on ``page``, in English."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = (
            page.locator("frontdesk-chat")
            .get_by_role("button", name=re.compile("^(Open|Close) chat"))
            .first
        )
        self.panel = page.get_by_role("dialog")
        self.input = self.panel.get_by_role("textbox")
        self.log = self.panel.get_by_role("log")
        self.rows = self.log.locator(".row")
        self.answers = self.log.locator(".row.bot")
        self.questions = self.log.locator(".row.customer .body")
        self.status = self.panel.get_by_role("status")
        self.stop = self.panel.get_by_role("button", name="Stop the answer")

    async def open(self) -> "Chat":
        """Click on the launcher."""
        await self.launcher.click()
        await expect(self.input).to_be_focused(timeout=_PATIENCE)
        return self

    async def send(self, text: str) -> None:
        """Write ``text`` and press Enter."""
        await self.input.fill(text)
        await self.input.press("Enter")

    async def ask(self, text: str) -> str:
        """Send ``text`` and return the whole answer."""
        answered = await self.answers.count()
        await self.send(text)
        await expect(self.answers).to_have_count(answered + 1, timeout=_PATIENCE)
        return await self.whole_answer()

    async def whole_answer(self, *, seconds: float = 30.0) -> str:
        """Return the words of the newest answer once it is written to its end."""
        await expect(self.button("Helpful").last).to_be_visible(timeout=seconds * 1000)
        await expect(self.log.locator(".writing")).to_have_count(0, timeout=seconds * 1000)
        return await self.words()

    async def words(self) -> str:
        """Return the words of the newest answer as far as it is shown."""
        if not await self.answers.count():
            return ""
        return (await self.answers.last.locator(".body").text_content()) or ""

    async def sources(self) -> str:
        """Return what stands below the newest answer as its sources."""
        return " | ".join(await self.answers.last.locator(".sources li").all_text_contents())

    async def until_shown(self, words: str) -> None:
        """Wait until the newest answer shows ``words``."""
        await expect(self.answers.last).to_contain_text(words, timeout=_PATIENCE)

    def button(self, name: str) -> Locator:
        """Return the panel's button called ``name``."""
        return self.panel.get_by_role("button", name=name, exact=True)

    async def show(self, name: str) -> None:
        """Keep what the page looks like as a picture called ``name``."""
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    async def overflow(self) -> list[dict[str, Any]]:
        """Return what is wider than its place and does not scroll inside itself."""
        found: list[dict[str, Any]] = await self.page.evaluate(_OVERFLOW)
        return found


_OVERFLOW = """() => {
    const found = [];
    const add = (name, wide, place) => wide > place + 1 && found.push({name, wide, place});
    const page = document.scrollingElement;
    add('page', page.scrollWidth, page.clientWidth);
    const root = document.querySelector('frontdesk-chat').shadowRoot;
    for (const one of root.querySelectorAll('*')) {
        const style = getComputedStyle(one);
        if (['auto', 'scroll'].includes(style.overflowX)) continue;
        if (one.closest('.sr, .wide, svg')) continue;
        const box = one.getBoundingClientRect();
        if (!box.width) continue;
        add(`${one.tagName}.${one.className}`, one.scrollWidth, one.clientWidth || Infinity);
        add(`${one.tagName}.${one.className} on the right`, box.right, innerWidth);
        add(`${one.tagName}.${one.className} on the left`, -box.left, 0);
    }
    return found;
}"""
