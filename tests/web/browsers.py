"""A real Chromium, and what a page in it must not do."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FLAGS = (
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)

# Runs before any script of the page: what is not allowed leaves a trace, and so does an attack.
_WATCH = """(() => {
    const seen = (window.__seen = {violations: [], ran: []});
    document.addEventListener('securitypolicyviolation', (event) => {
        seen.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
    });
    for (const name of ['alert', 'confirm', 'prompt', 'print'])
        window[name] = (...words) => { seen.ran.push(`${name}(${words.join()})`); };
})()"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run this machine's Chromium, without a window and without a way to the network."""
    async with async_playwright() as playwright:
        names = [*_NAMES, playwright.chromium.executable_path]
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            pytest.fail(
                "The tests of the web chat need a browser. Install Debian's package 'chromium', "
                "or run: .venv/bin/playwright install chromium"
            )
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # its sandbox does not start as root
        browser = await playwright.chromium.launch(executable_path=found, args=[*_FLAGS, *root])
        yield browser
        await browser.close()


class Visitor:
    """Someone with a browser profile of their own, and what their pages did.

    ``errors`` are those of the console and of scripts, ``requests`` every address asked for.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        self.requests: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    async def open(self, url: str) -> Page:
        """Open ``url`` in another tab."""
        page = await self.context.new_page()
        await page.goto(url)
        return page

    @property
    def strangers(self) -> list[str]:
        """Return the requests that went to another machine."""
        return [url for url in self.requests if not _is_here(url)]

    async def noticed(self, what: str) -> list[str]:
        """Return what ``ran`` in the open pages of ``alert`` and its like, or ``violations``."""
        noticed: list[str] = []
        for page in self.context.pages:
            noticed += await page.evaluate(f"window.__seen.{what}")
        return noticed

    async def assert_clean(self) -> None:
        """Fail where a page did what no page may do."""
        violations, ran = await self.noticed("violations"), await self.noticed("ran")
        found = (self.errors, self.strangers, violations, ran)
        assert found == ([], [], [], []), found

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.text} ({message.location.get('url')})")


@asynccontextmanager
async def visiting(browser: Browser, **options: Any) -> AsyncIterator[Visitor]:
    """Let someone visit until the block ends; ``options`` are those of Playwright's contexts."""
    context = await browser.new_context(**options)
    await context.add_init_script(_WATCH)
    try:
        yield Visitor(context)
    finally:
        await context.close()


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about"} or parts.hostname == "127.0.0.1"
