"""The chat as it is seen and used, in a real browser, with a Talk that does what a test says."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from channels.web.assets import Assets
from tests.web.conftest import Visit

_URL = "http://127.0.0.1:9"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; require-trusted-types-for 'script'"
)
_PAGE = """<!doctype html>
<html lang="{language}"><head><title>A page</title><link rel="stylesheet" href="/page.css">
<script type="module" src="/stage.js"></script></head>
<body><main><h1>A page</h1></main></body></html>
"""
_MODULES = {name: asset.body.decode() for name, asset in Assets().modules.items()}
# Those with the longest words, the tallest letters, and the other direction.
_LANGUAGES = ("ar", "de", "el", "fa", "he", "hu", "ja", "ro", "ru", "th")
_STAGE = (Path(__file__).parent / "stage.js").read_text(encoding="utf-8")

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
def show(visit: Visit) -> Open:
    """Return what opens a page with the chat, its panel shown."""

    async def opened(*, language: str = "en", style: str = "", **options: Any) -> Page:
        visitor = await visit(reduced_motion="reduce", **options)

        async def answer(route: Route) -> None:
            name = route.request.url.removeprefix(f"{_URL}/")
            if not name:
                page = _PAGE.format(language=language)
                headers = {"Content-Security-Policy": _POLICY}
                await route.fulfill(body=page, content_type="text/html", headers=headers)
            elif name == "page.css":
                await route.fulfill(body=style, content_type="text/css")
            elif body := {**_MODULES, "stage.js": _STAGE}.get(name):
                await route.fulfill(body=body, content_type="text/javascript; charset=utf-8")
            else:
                await route.fulfill(status=204)

        await visitor.context.route(f"{_URL}/**", answer)
        page = await visitor.open(f"{_URL}/")
        await page.locator(".panel").wait_for()
        return page

    return opened


async def _focused(page: Page) -> str:
    return str(
        await page.evaluate(
            "(({ariaLabel, textContent}) => ariaLabel || textContent)"
            "(stage.shadowRoot.activeElement ?? document.activeElement)"
        )
    )


async def _gap(page: Page) -> float:
    """Return how far the log is from its end."""
    return float(
        await page.evaluate(
            "drawn().then(() => { const log = find('.log');"
            " return log.scrollHeight - log.scrollTop - log.clientHeight; })"
        )
    )


async def _until(page: Page, true: str) -> None:
    # The browser's own way to wait needs an eval, which the page's policy forbids.
    await page.evaluate(f"(async () => {{ while (!({true})) await drawn(); }})()")


async def test_only_what_changed_of_an_answer_is_made_again(show: Open) -> None:
    page = await show()
    kept = await page.evaluate(
        """async () => {
            const writing = {key: 'answer', status: 'writing'};
            talk.put('bot', [['p', 'One.'], ['p', 'Tw']], writing);
            await drawn();
            const [first, second] = find('.body').children;
            talk.put('bot', [['p', 'One.'], ['p', 'Two.'], ['p', 'Three.']], writing);
            await drawn();
            const [same, other, last] = find('.body').children;
            talk.put('bot', [['p', 'One.'], ['p', 'Two.'], ['p', 'Three.']], {key: 'answer'});
            await drawn();
            const final = [...find('.body').children];
            return [first === same, second === other, final[1] === other, final[2] === last];
        }"""
    )
    assert kept == [True, False, True, True]
    assert await page.locator(".body").inner_text() == "One.\n\nTwo.\n\nThree."


async def test_a_finished_answer_is_announced_once_and_its_pieces_never(show: Open) -> None:
    page = await show()
    told = await page.evaluate(
        """async () => {
            const told = [], status = find('[role=status]');
            new MutationObserver(() => told.push(status.textContent))
                .observe(status, {childList: true, characterData: true, subtree: true});
            talk.set({working: true});
            for (const words of ['Within', 'Within 60', 'Within 60 days']) {
                talk.put('bot', [['p', words]], {key: 'answer', status: 'writing'});
                await drawn();
            }
            const busy = find('[role=log]').ariaBusy;
            talk.set({working: false});
            const cite = ['cite', {n: 1}];
            talk.say('bot', [['p', 'Within 60 ', ['strong', 'days'], cite]], {key: 'answer'});
            talk.change('entries');
            await drawn();
            return [busy, find('[role=log]').ariaBusy, find('[role=log]').ariaLive, told];
        }"""
    )
    assert told == ["true", "false", "off", ["Writing an answer", "Within 60 days\n"]]


async def test_the_log_follows_a_customer_who_reads_its_end_and_nobody_else(show: Open) -> None:
    page = await show()
    await page.evaluate("for (let n = 0; n < 40; n++) talk.put('bot', [['p', `Number ${n}`]])")
    assert await _gap(page) < 2
    await page.evaluate("talk.put('bot', [['p', 'One more']])")
    assert await _gap(page) < 2

    await page.evaluate("window.top_ = find('.log').scrollTop")
    await page.hover(".log")
    await page.mouse.wheel(0, -400)
    await _until(page, "Math.round(find('.log').scrollTop) == Math.round(top_) - 400")
    before = await page.evaluate("find('.log').scrollTop")
    await page.evaluate("talk.put('bot', [['p', 'Unseen']], {key: 'new', status: 'writing'})")
    await page.evaluate("talk.put('bot', [['p', 'Unseen'], ['p', 'words']], {key: 'new'})")
    assert await _gap(page) > 300
    assert await page.evaluate("find('.log').scrollTop") == before

    await page.get_by_role("button", name="New messages").click()
    assert await _gap(page) < 2
    assert await page.get_by_role("button", name="New messages").count() == 0


_FIVE_LINES = """
    find('textarea').value = 'Hello\\n'.repeat(5);
    find('textarea').dispatchEvent(new Event('input'));
"""


async def test_the_log_stays_at_its_end_when_the_room_changes(show: Open) -> None:
    page = await show()
    await page.evaluate("for (let n = 0; n < 40; n++) talk.put('bot', [['p', `Number ${n}`]])")
    for deed in (
        "talk.fail('server')",
        "talk.set({online: false})",
        "find('textarea').value = 'Hello'; find('form').requestSubmit()",
        "talk.set({online: true})",
        _FIVE_LINES,
    ):
        await page.evaluate(deed)
        assert await _gap(page) < 2, deed
        await page.evaluate("new Promise((done) => setTimeout(done, 50))")
        assert await _gap(page) < 2, deed
    await page.evaluate("talk.put('bot', [['p', 'The last']])")
    assert await _gap(page) < 2


async def test_older_messages_move_nothing_that_is_read(show: Open) -> None:
    page = await show()
    await page.evaluate("for (let n = 0; n < 40; n++) talk.put('bot', [['p', `Number ${n}`]])")
    await page.evaluate("talk.set({more: true})")
    await page.evaluate("drawn().then(() => { find('.log').scrollTop = 0; return drawn(); })")
    first = page.get_by_text("Number 0", exact=True)
    before = await first.bounding_box()
    await page.get_by_role("button", name="Earlier messages").click()
    await page.get_by_text("Older 19", exact=True).wait_for(state="attached")
    after = await first.bounding_box()
    assert before is not None
    assert after is not None
    # Only the button has left, and the two first messages stand together now.
    assert abs(after["y"] - before["y"]) < 20


async def test_everything_is_reached_and_left_by_keyboard(show: Open) -> None:
    page = await show()
    assert await _focused(page) == "Write a message"
    await page.keyboard.type("One")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    assert await page.evaluate("talk.calls[0]") == ["send", "One\ntwo"]

    await page.evaluate("talk.set({working: true}), drawn()")
    await page.keyboard.press("Tab")
    assert await _focused(page) == "Stop the answer"
    await page.keyboard.press("Enter")
    assert await _focused(page) == "Write a message"

    await page.evaluate("talk.say('bot', [['p', 'Done.']], {turn: '7'}), drawn()")
    await page.keyboard.press("Shift+Tab")
    assert await _focused(page) == "Not helpful"
    await page.keyboard.press("Enter")
    await page.locator("[aria-pressed=true]").wait_for()
    assert await _focused(page) == "Not helpful"
    assert await page.get_by_role("status").inner_text() == "Thank you for your feedback."

    await page.get_by_role("button", name="Options").focus()
    await page.keyboard.press("Enter")
    assert await _focused(page) == "New conversation"
    await page.keyboard.press("Escape")
    assert await _focused(page) == "Options"
    await page.keyboard.press("Escape")
    assert await page.locator(".panel").is_hidden()
    assert await _focused(page) == "Open chat"


async def test_a_failed_message_can_be_sent_again_and_the_focus_stays(show: Open) -> None:
    page = await show()
    await page.evaluate(
        "talk.put('customer', [['p', 'Hello']], {key: 'mine', status: 'failed'}), drawn()"
    )
    await page.get_by_role("button", name="Try again").press("Enter")
    assert await page.evaluate("talk.calls") == [["retry", "mine"]]
    assert await _focused(page) == "Write a message"


@pytest.mark.parametrize(
    ("problem", "words"),
    {
        "offline": "Not sent Try again",
        "server": "Not sent Try again",
        "long": "This message is too long. Try again",
    }.items(),
)
async def test_a_failed_message_says_why_where_that_helps(
    show: Open, problem: str, words: str
) -> None:
    page = await show()
    more = f"{{status: 'failed', problem: '{problem}'}}"
    await page.evaluate(f"talk.put('customer', [['p', 'Hello']], {more}), drawn()")
    assert (await page.locator(".foot").inner_text()).split() == words.split()


async def test_on_a_low_screen_the_greeting_is_read_from_its_beginning(show: Open) -> None:
    page = await show(viewport={"width": 320, "height": 256})
    assert await page.evaluate("find('.log').scrollTop") == 0
    await page.evaluate("drawn().then(() => { find('.log').scrollTop = 20; return drawn(); })")
    assert await page.evaluate("find('.log').scrollTop") == 20
    await page.evaluate("talk.put('customer', [['p', 'Hello']])")
    assert await _gap(page) < 2


async def test_problems_are_told_in_words_that_help(show: Open) -> None:
    page = await show()
    alert = page.get_by_role("alert")
    for problem, words in {
        "busy": "Too many messages at once. Please wait a moment.",
        "server": "Something went wrong. Please try again.",
    }.items():
        await page.evaluate(f"talk.fail('{problem}')")
        assert await alert.inner_text() == words
    await page.evaluate("talk.set({online: false})")
    await page.get_by_text("No connection. We keep trying.").wait_for()
    await page.evaluate("talk.set({online: true})")
    await _until(page, "!find('[role=alert]').textContent")


async def test_the_launcher_tells_how_much_is_unread(show: Open) -> None:
    page = await show()
    await page.keyboard.press("Escape")
    await page.evaluate("talk.set({unread: 3}), drawn()")
    assert await _focused(page) == "Open chat. Unread messages: 3"


async def test_where_the_panel_fills_the_screen_the_focus_stays_in_it(show: Open) -> None:
    page = await show(viewport={"width": 360, "height": 640})
    dialog = page.get_by_role("dialog", name="Larkmoor")
    assert await dialog.get_attribute("aria-modal") == "true"
    assert await dialog.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    seen = []
    for _ in range(6):
        await page.keyboard.press("Tab")
        seen.append(await _focused(page))
    assert seen[:2] == ["Send", "Options"]
    assert "Write a message" in seen
    assert not set(seen) & {"Open chat", "Close chat. "}


_REFUSED: tuple[Any, ...] = (
    ["script", "alert(1)"],
    ["img", {"src": "x", "onerror": "alert(1)"}],
    ["p", {"onclick": "alert(1)", "style": "color: red"}, "words"],
    ["a", {"href": "javascript:alert(1)"}, "words"],
    ["a", {"href": " java\tscript:alert(1)"}, "words"],
    ["a", {"href": "data:text/html,<script>alert(1)</script>"}, "words"],
    ["a", {"href": "//shop.example"}, "words"],
    ["a", {"href": ["https://shop.example"]}, "words"],
    ["iframe", {"srcdoc": "<script>alert(1)</script>"}],
    ["P", "words"],
    [["p"], "words"],
    [{}, None, 7, True],
    [],
    None,
)


async def test_what_is_not_allowed_is_not_built(show: Open) -> None:
    page = await show()
    await page.evaluate(
        """(refused) => {
            let deep = ['p', 'deepest'];
            for (let n = 0; n < 2000; n++) deep = ['blockquote', deep];
            talk.put('bot', [...refused, deep, ['p', 'Still here']]);
        }""",
        list(_REFUSED),
    )
    await page.get_by_text("Still here").wait_for()
    tags = await page.evaluate("[...new Set(all('.body *').map((one) => one.tagName))].sort()")
    assert set(tags) <= {"P", "SPAN", "BLOCKQUOTE", "A"}
    links = await page.evaluate("all('.body a').map((one) => one.href)")
    assert links == ["https://shop.example/"]
    names = await page.evaluate(
        "[...new Set(all('.body *').flatMap((one) => one.getAttributeNames()))].sort()"
    )
    assert set(names) <= {"dir", "href", "target", "rel"}
    assert await page.evaluate("window.__seen.ran") == []


_CONTRAST = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const light = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) =>
            each <= 10 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const of = (selector) => getComputedStyle(find(selector));
    return [
        contrast(of('.send').color, of('.send').backgroundColor),
        contrast(of('.customer .bubble').color, of('.customer .bubble').backgroundColor),
        contrast(of('.body a').color, of('.bot .bubble').backgroundColor),
        contrast(of('.foot').color, of('.panel').backgroundColor),
        contrast(of('.who p').color, of('.panel').backgroundColor),
        contrast(of('.alert').color, of('.panel').backgroundColor),
    ];
}"""
_ACCENTS = ("", "#ffd400", "#111111", "white", "#3b82f6", "rgb(128 128 128)", "hsl(16 90% 53%)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_are_readable_on_any_accent(show: Open, scheme: str) -> None:
    page = await show(color_scheme=scheme)
    await page.evaluate(
        """() => {
            talk.put('customer', [['p', 'Hello']]);
            talk.put('bot', [['p', ['a', {href: 'https://shop.example'}, 'here']]]);
            talk.fail('server');
            return drawn();
        }"""
    )
    for accent in _ACCENTS:
        await page.evaluate(f"stage.style.setProperty('--frontdesk-accent', '{accent}')")
        contrasts = await page.evaluate(_CONTRAST)
        assert min(contrasts) >= 4.5, f"{accent}: {contrasts}"


_FULL = """() => {
    const word = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
    const row = ['tr', ...Array.from({length: 8}, (_, n) => ['td', `Column number ${n}`])];
    talk.put('customer', [['p', word]], {status: 'failed'});
    talk.put('bot', [
        ['p', word + ' https://shop.example/' + 'a'.repeat(200)],
        ['table', ['tbody', row]],
        ['pre', ['code', 'curl ' + 'x'.repeat(300)]],
    ], {turn: '1', sources: [{number: 1, title: word, heading: '', link: ''}]});
    talk.set({working: true, more: true});
    talk.fail('server');
    return drawn();
}"""
_TOO_WIDE = """() => [document.documentElement, ...all('.panel, .panel :not(.sr)')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth
        && !one.matches('.wide, .wide *, textarea') && getComputedStyle(one).display !== 'inline')
    .map((one) => `${one.tagName}.${one.className}`)"""


@pytest.mark.parametrize("language", _LANGUAGES)
async def test_nothing_is_too_wide_for_a_small_phone(show: Open, language: str) -> None:
    page = await show(language=language, viewport={"width": 320, "height": 640})
    await page.evaluate(_FULL)
    assert await page.evaluate(_TOO_WIDE) == []
    right_to_left = language in {"ar", "fa", "he"}
    assert await page.locator(".panel").get_attribute("dir") == ("rtl" if right_to_left else "ltr")


async def test_texts_grow_with_the_visitors_own_size(show: Open) -> None:
    page = await show(style="html { font-size: 200% }", viewport={"width": 1280, "height": 720})
    await page.evaluate(_FULL)
    assert await page.evaluate(_TOO_WIDE) == []
    assert await page.evaluate("getComputedStyle(find('.panel')).fontSize") == "32px"
    assert await page.locator("textarea").is_visible()


async def test_a_page_with_small_rems_has_no_small_words(show: Open) -> None:
    page = await show(style="html { font-size: 62.5% }")
    assert await page.evaluate("getComputedStyle(find('textarea')).fontSize") == "16px"
