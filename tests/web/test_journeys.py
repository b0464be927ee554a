"""What a visitor does, from the first click to the last: on the demo page and on a shop's own."""

import re
from pathlib import Path

from playwright.async_api import expect

from tests.servers.ports import free_port
from tests.web.chats import Chat
from tests.web.conftest import Visit
from tests.web.desks import take_over, write
from tests.web.serving import Server
from tests.web.shops import Shop
from tests.web.texts import numbered, numbers

QUESTION = "How long does shipping take?"


async def test_a_fresh_clone_answers_on_its_demo_page(visit: Visit, tmp_path: Path) -> None:
    with free_port() as port:
        server = Server(tmp_path, port)
        try:
            await server.start()
            visitor = await visit()
            page = await visitor.open(server.url)
            chat = await Chat(page).open()
            answer = await chat.ask(QUESTION)
            assert "3–5 business days" in answer
            assert "Shipping times and costs" in (await chat.sources())
            await chat.show("demo-answered")
            await visitor.assert_clean()
        finally:
            await server.stop()


async def test_an_answer_arrives_whole_though_the_page_is_loaded_again(
    visit: Visit, shop: Shop
) -> None:
    shop.model.seconds, shop.model.answer = 0.3, numbered(100)
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = await Chat(page).open()
    await chat.send(QUESTION)
    await chat.until_shown("word5")
    await chat.show("streaming")
    await page.reload()
    chat = await Chat(page).open()
    await chat.until_shown("word7")
    assert 100 not in numbers(await chat.words())
    second = await Chat(await visitor.open(shop.page)).open()
    shop.model.seconds = 0.0
    assert numbers(await chat.whole_answer()) == list(range(1, 101))
    assert numbers(await second.whole_answer()) == list(range(1, 101))
    for one in (chat, second):
        assert await one.questions.all_text_contents() == [QUESTION]
        assert await one.answers.count() == 1
        assert "Shipping times and costs" in (await one.sources())
    await visitor.assert_clean()


async def test_what_is_asked_in_one_tab_is_answered_in_all(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    first = await Chat(await visitor.open(shop.page)).open()
    await first.ask(QUESTION)
    second = await Chat(await visitor.open(shop.page)).open()
    await expect(second.answers).to_have_count(1)
    await second.ask("And to Canada?")
    await expect(first.answers).to_have_count(2)
    await first.whole_answer()
    await expect(first.log).to_have_text(await second.log.text_content() or "")
    await visitor.assert_clean()


async def test_a_visitor_stops_an_answer(visit: Visit, shop: Shop) -> None:
    shop.model.seconds, shop.model.answer = 0.05, numbered(400)
    visitor = await visit()
    chat = await Chat(await visitor.open(shop.page)).open()
    await chat.send(QUESTION)
    await chat.until_shown("word5")
    await chat.stop.click()
    shown = numbers(await chat.whole_answer())
    assert 5 <= len(shown) < 200
    assert shown == list(range(1, len(shown) + 1))
    await expect(chat.answers.last).to_contain_text("Stopped")
    await expect(chat.input).to_be_focused()
    await chat.show("stopped")
    await visitor.assert_clean()


async def test_a_visitor_says_what_an_answer_was_worth(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = await Chat(page).open()
    await chat.ask(QUESTION)
    await chat.button("Helpful").click()
    await expect(chat.status).to_have_text("Thank you for your feedback.")
    await page.reload()
    chat = await Chat(page).open()
    await expect(chat.button("Helpful")).to_have_attribute("aria-pressed", "true")
    await visitor.assert_clean()


async def test_a_quick_reply_asks(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    chat = await Chat(await visitor.open(shop.page)).open()
    await chat.button(QUESTION).click()
    await chat.whole_answer()
    await expect(chat.questions).to_contain_text([QUESTION])
    await expect(chat.button(QUESTION)).to_have_count(0)
    await visitor.assert_clean()


async def test_a_person_takes_over_and_answers(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    chat = await Chat(await visitor.open(shop.page)).open()
    await chat.ask(QUESTION)
    await take_over(shop.server.database)
    await expect(chat.panel).to_contain_text("A person is answering")
    await chat.send("Are you real?")
    await expect(chat.log).to_contain_text("A member of our team will answer here.")
    await write(shop.server.database, "I am Ann, and I am.")
    await expect(chat.log.locator(".row.operator")).to_contain_text("I am Ann, and I am.")
    await expect(chat.status).to_contain_text("I am Ann, and I am.")
    assert await chat.answers.count() == 1
    await chat.show("person")
    await visitor.assert_clean()


async def test_what_came_while_the_chat_was_closed_is_counted(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = await Chat(page).open()
    await chat.ask(QUESTION)
    await page.keyboard.press("Escape")
    await take_over(shop.server.database)
    await write(shop.server.database, "One thing more.")
    unread = re.compile("^Open chat.*1")
    await expect(chat.launcher).to_have_accessible_name(unread)
    await chat.show("unread")
    await page.reload()
    await expect(chat.launcher).to_have_accessible_name(unread)
    await chat.open()
    await expect(chat.launcher).to_have_accessible_name("Close chat")
    await visitor.assert_clean()


async def test_a_conversation_is_saved_as_a_file(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    page = await visitor.open(shop.page)
    chat = await Chat(page).open()
    await chat.ask(QUESTION)
    await chat.button("Options").click()
    await chat.show("menu")
    async with page.expect_download() as saving:
        await chat.button("Download conversation").click()
    saved = await (await saving.value).path()
    text = saved.read_text()
    assert QUESTION in text
    assert "**3–5 business days**" in text
    await visitor.assert_clean()


async def test_a_new_conversation_begins_empty(visit: Visit, shop: Shop) -> None:
    visitor = await visit()
    chat = await Chat(await visitor.open(shop.page)).open()
    await chat.ask(QUESTION)
    await chat.button("Options").click()
    await chat.button("New conversation").click()
    await expect(chat.rows).to_have_count(0)
    await expect(chat.button(QUESTION)).to_be_visible()
    await visitor.assert_clean()
