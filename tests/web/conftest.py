"""One browser for all tests of a worker, and for each test visitors of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.web.browsers import Visitor, chromium, visiting
from tests.web.shops import Shop
from tests.web.shops import shop as open_shop

Visit = Callable[..., Awaitable[Visitor]]

expect.set_options(timeout=30_000)  # the machine may be busy with other tests


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Run Chromium for as long as this worker has tests."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Return what makes another visitor: someone with a browser profile of their own."""
    async with AsyncExitStack() as stack:

        async def visitor(**options: Any) -> Visitor:
            return await stack.enter_async_context(visiting(browser, **options))

        yield visitor


@pytest.fixture(scope="session")
async def _shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    """Return the shop of this worker, as if it had just opened."""
    _shop.model.forget()
    _shop.site.forget()
    return _shop
