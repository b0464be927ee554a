"""The widget as it is served: small, whole, and kept by browsers for as long as it is the same."""

import asyncio
import gzip
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from channels.web.assets import Assets
from tests.servers.process import ROOT

BEFORE_CLICK = 4_000
WHOLE = 22_000
WIDGET = ROOT / "channels" / "web" / "widget"


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture
async def browser_of(assets: Assets) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=assets.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bot.example") as browser:
        yield browser


def test_the_launcher_takes_at_most_4_kilobytes(assets: Assets) -> None:
    assert 1_000 < len(assets.loader.zipped) <= BEFORE_CLICK


def test_the_whole_widget_takes_at_most_22_kilobytes(assets: Assets) -> None:
    sizes = {name: len(asset.zipped) for name, asset in assets.modules.items()}
    words = max(size for name, size in sizes.items() if name.startswith("labels/"))
    parts = sum(size for name, size in sizes.items() if not name.startswith("labels/"))
    assert 5_000 < len(assets.loader.zipped) + parts + words <= WHOLE, sizes


def test_what_is_always_needed_together_comes_together(assets: Assets) -> None:
    parts = {name for name in assets.modules if not name.startswith("labels/")}
    assert parts == {"chat.js", "talk.js"}


async def test_every_module_is_a_module_after_it_was_made_small(
    assets: Assets, tmp_path: Path
) -> None:
    node = shutil.which("node")
    assert node, "The tests of the web chat need node. Install Debian's package 'nodejs'."
    for number, asset in enumerate([assets.loader, *assets.modules.values()]):
        file = tmp_path / f"{number}.mjs"
        file.write_bytes(asset.body)
        checking = await asyncio.create_subprocess_exec(node, "--check", str(file))
        assert await checking.wait() == 0


def test_no_template_string_stands_in_another() -> None:
    """The minifier would take the inner one for program text."""
    for path in WIDGET.rglob("*.js"):
        program = re.sub(r"(?m)/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.DOTALL)
        for string in program.split("`")[1::2]:
            assert "${" not in re.sub(r"\$\{[^}]*\}", "", string), path.name


def test_the_loader_knows_where_the_rest_is_and_its_name_in_every_language(assets: Assets) -> None:
    loader = assets.loader.body.decode()
    assert f'"/widget/{assets.version}"' in loader
    assert "@" not in re.sub(r"@(media|supports)", "", loader)
    for path in (WIDGET / "labels").glob("*.js"):
        assert f'"{path.stem}":"' in loader


async def test_scripts_are_kept_for_ever_and_the_loader_for_minutes(
    browser_of: httpx2.AsyncClient, assets: Assets
) -> None:
    loader = await browser_of.get("/widget.js")
    module = await browser_of.get(f"/widget/{assets.version}/talk.js")
    assert loader.headers["cache-control"] == "public, max-age=300"
    assert module.headers["cache-control"] == "public, max-age=31536000, immutable"
    for answer in (loader, module):
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_loader_that_is_the_same_is_not_sent_again(
    browser_of: httpx2.AsyncClient,
) -> None:
    first = await browser_of.get("/widget.js")
    again = await browser_of.get("/widget.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await browser_of.get("/widget.js", headers={"If-None-Match": '"something"'})
    assert other.status_code == 200


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "gzip; q=0.0, br"])
async def test_who_takes_no_gzip_gets_none(
    browser_of: httpx2.AsyncClient, assets: Assets, accepted: str
) -> None:
    answer = await browser_of.get("/widget.js", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert answer.content == assets.loader.body == gzip.decompress(assets.loader.zipped)


async def test_a_page_of_an_older_version_goes_on_with_what_there_is(
    browser_of: httpx2.AsyncClient, assets: Assets
) -> None:
    answer = await browser_of.get("/widget/older/talk.js")
    assert answer.content == assets.modules["talk.js"].body
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/widget/v/nothing.js", "/widget/v/loader.js", "/widget/v/..%2Fassets.py", "/widget/v/"],
)
async def test_nothing_else_is_served(browser_of: httpx2.AsyncClient, path: str) -> None:
    assert (await browser_of.get(path)).status_code == 404


def test_another_word_is_another_version(tmp_path: Path, assets: Assets) -> None:
    folder = shutil.copytree(WIDGET, tmp_path / "widget")
    label = folder / "labels" / "en.js"
    label.write_text(label.read_text().replace("Send", "Send it"))
    assert Assets(folder).version != assets.version
