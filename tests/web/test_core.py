"""The chat's core against the real server: nothing is lost, nothing doubled, whatever is cut."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import until
from tests.servers.acts import Answer, Fault, Refusal
from tests.web.line import Line, line
from tests.web.models import ANSWER, Model
from tests.web.pages import Chat, NodePage, node_page
from tests.web.serving import Server, serving

PLAIN = ANSWER.replace("**", "")
LONG = " ".join(f"word{number}" for number in range(60))
QUESTION = "How long does shipping take?"
SETTINGS = """
[web]
sessions_per_minute_and_address = 10000
messages_per_minute_and_address = 10000
messages_per_minute = 10000
token_minutes = 0.1

[web.sites.default]
origins = []

[web.sites.shop.identity]
hmac_env = "MODEL_KEY"
"""


@pytest.fixture(scope="module")
async def running_model() -> AsyncIterator[Model]:
    async with Model() as running:
        yield running


@pytest.fixture(autouse=True)
def model(running_model: Model) -> Model:
    running_model.seconds = 0.0
    running_model.answer = ANSWER
    running_model.answers = {}
    return running_model


@pytest.fixture(scope="module")
async def server(
    running_model: Model, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("bot")
    async with serving(folder, model=running_model.url, settings=SETTINGS) as running:
        yield running


@pytest.fixture
async def cable(server: Server) -> AsyncIterator[Line]:
    async with line(server.port) as opened:
        yield opened


@pytest.fixture
async def page(server: Server, cable: Line) -> AsyncIterator[NodePage]:
    """Run node until the test ends; the line outlives it, so that nothing comes back to it."""
    assert cable.url
    async with node_page(server.url) as running:
        yield running


def assert_calm(chat: Chat) -> None:
    """Fail if anything was ever on the screen twice, or an answer lost words that it had."""
    longest: dict[str, int] = {}
    for shown, lines in zip(chat.history, chat.ever, strict=True):
        keys = [entry["key"] for entry in shown["entries"]]
        assert len(keys) == len(set(keys))
        for key, (author, _, text) in zip(keys, lines, strict=True):
            if author == "bot":
                assert len(text) >= longest.get(key, 0)
                longest[key] = len(text)


async def asking(chat: Chat, text: str = QUESTION) -> str:
    """Start the chat and send something."""
    await chat.do("start")
    key: str = await chat.do("send", text)
    return key


async def some_words(chat: Chat) -> None:
    """Wait until some of the first answer has been on the screen."""
    await chat.until(
        lambda: any(status == "writing" for lines in chat.ever for _, status, _ in lines)
    )


def followed(chat: Chat) -> list[str]:
    """Return the ids from which the chat asked for the events of its conversation."""
    asked = [asked for asked in chat.asked if asked["path"].endswith("/events")]
    return [each["headers"]["Last-Event-ID"] for each in asked]


async def test_a_question_gets_its_answer_word_by_word(page: NodePage, model: Model) -> None:
    model.seconds = 0.1
    chat = await page.open()
    await chat.do("start")
    key = await chat.do("send", QUESTION)
    await chat.until_answered()
    first = next(lines for lines in chat.ever if lines)
    assert first == [("customer", "sending", QUESTION)]
    assert chat.lines == [("customer", "sent", QUESTION), ("bot", "sent", PLAIN)]
    assert chat.shown["entries"][0]["key"] == key
    assert chat.shown["entries"][1]["sources"]
    growing = [lines[-1][2] for lines in chat.ever if lines and lines[-1][1] == "writing"]
    assert len(growing) > 3
    assert growing == sorted(growing, key=len)
    assert [message["author"] for message in chat.messages] == ["bot"]


async def test_a_new_visitor_asks_for_nothing_that_is_not_there(page: NodePage) -> None:
    chat = await page.open()
    await asking(chat)
    await chat.until_answered()
    assert {answer["status"] for answer in chat.answered} == {200}


async def test_only_one_stream_is_open_at_a_time(page: NodePage, model: Model) -> None:
    model.seconds = 0.5
    chat = await page.open()
    await asking(chat)
    await some_words(chat)
    await chat.do("send", "And express?")
    await chat.until(lambda: chat.sent("And express?"))
    model.seconds = 0.0
    await chat.until_answered(2)
    streams = [
        asked for asked in chat.asked if "event-stream" in asked["headers"].get("Accept", "")
    ]
    assert [asked["method"] for asked in streams][:1] == ["POST"]
    sent = [asked for asked in chat.asked if asked["path"].endswith("/messages")]
    assert [asked["headers"]["Accept"] for asked in sent] == [
        "text/event-stream",
        "application/json",
    ]


async def test_a_line_that_is_cut_again_and_again_loses_and_doubles_nothing(
    page: NodePage, model: Model, cable: Line
) -> None:
    model.seconds = 0.05
    model.answer = LONG
    chat = await page.open(at=cable.url)
    await asking(chat)
    while not any(status == "sent" and who == "bot" for who, status, _ in chat.lines):
        await asyncio.sleep(0.1 + cable.cuts / 100)  # at last it stands long enough to tell all
        cable.cut()
    await chat.until_answered()
    assert cable.cuts > 5
    assert chat.lines == [("customer", "sent", QUESTION), ("bot", "sent", LONG)]
    assert_calm(chat)
    assert len(chat.messages) == 1


async def test_an_answer_that_ends_while_the_line_is_down_is_there_after_it(
    page: NodePage, model: Model, cable: Line
) -> None:
    model.seconds = 0.3
    model.answer = LONG
    chat = await page.open(at=cable.url)
    await asking(chat)
    await some_words(chat)
    await cable.down()
    model.seconds = 0.0
    await until(lambda: not model.busy)
    await chat.until(lambda: not chat.state["connected"])
    await cable.up()
    await chat.until_answered()
    assert chat.lines[-1] == ("bot", "sent", LONG)
    assert chat.state["connected"]
    assert_calm(chat)
    resumed = [asked for asked in chat.asked if asked["path"].endswith("/events")]
    assert all(asked["headers"]["Last-Event-ID"].isdigit() for asked in resumed)


async def test_what_was_heard_is_not_asked_for_again(page: NodePage, cable: Line) -> None:
    chat = await page.open(at=cable.url)
    await asking(chat)
    await chat.until_answered()
    await chat.do("send", "And express?")
    await chat.until_answered(2)
    await chat.until(lambda: followed(chat))
    last = max(entry["seq"] for entry in chat.shown["entries"])
    while followed(chat)[-1] != str(last):  # the stream may not have told all of it yet
        await asyncio.sleep(0.3)
        before = len(followed(chat))
        cable.cut()
        await chat.until(lambda before=before: len(followed(chat)) > before)  # type: ignore[misc]
    assert len(chat.messages) == 2


async def test_a_reload_in_mid_answer_goes_on_with_all_of_it(page: NodePage, model: Model) -> None:
    model.seconds = 0.3
    model.answer = LONG
    chat = await page.open()
    await asking(chat)
    await some_words(chat)
    await chat.do("close")
    again = await page.open("again")
    await again.do("start")
    await some_words(again)
    model.seconds = 0.0
    await again.until_answered()
    assert again.lines == [("customer", "sent", QUESTION), ("bot", "sent", LONG)]
    assert_calm(again)


async def test_a_second_tab_shows_the_same(page: NodePage, model: Model) -> None:
    model.seconds = 0.3
    model.answer = LONG
    one = await page.open("one")
    await asking(one)
    await some_words(one)
    other = await page.open("other")
    await other.do("start")
    await other.do("send", "And express?")
    await other.until(lambda: other.sent("And express?"))
    model.seconds = 0.0
    for chat in (one, other):
        await chat.until_answered(2)
        assert [text for _, _, text in chat.lines if text != LONG] == [QUESTION, "And express?"]
        assert_calm(chat)
    assert [e["key"] for e in one.shown["entries"]] == [e["key"] for e in other.shown["entries"]]


async def test_a_tab_that_has_nothing_yet_goes_on_with_what_another_began(page: NodePage) -> None:
    one = await page.open("one")
    other = await page.open("other")
    await one.do("start")
    await other.do("start")
    await asking(one)
    await one.until_answered()
    await page.do("other", "happen", "storage")
    await other.until_answered()
    assert other.lines == one.lines


async def test_two_tabs_opened_at_once_become_one_visitor(page: NodePage) -> None:
    one = await page.open("one")
    other = await page.open("other")
    await asyncio.gather(one.do("start"), other.do("start"))
    assert one.shown["visitor"] != other.shown["visitor"]
    for chat in (one, other):
        await asking(chat)
        await chat.until_answered()
    again = await page.open("again")
    await again.do("start")
    assert one.shown["visitor"] == again.shown["visitor"]
    await again.until(lambda: again.lines in (one.lines, other.lines))


async def test_a_session_is_renewed_before_it_ends(page: NodePage) -> None:
    chat = await page.open()
    await asking(chat)
    await chat.until_answered()
    await asyncio.sleep(6.1)  # the seconds that a token lasts here
    await chat.do("send", "And express?")
    await chat.until_answered(2)
    assert [asked["path"] for asked in chat.asked].count("/v1/sessions") > 1
    assert 401 not in [answer["status"] for answer in chat.answered]
    assert not chat.errors


async def test_a_token_that_is_refused_is_renewed_unnoticed(page: NodePage) -> None:
    chat = await page.open()
    await chat.do("start")
    await chat.do("meet", {"path": "/messages", "forged": True})
    await chat.do("send", QUESTION)
    await chat.until_answered()
    assert 401 in [answer["status"] for answer in chat.answered]
    assert {status for lines in chat.ever for _, status, _ in lines} <= {
        "sending",
        "sent",
        "writing",
    }


@pytest.mark.parametrize(("status", "problem"), [(429, "busy"), (500, "server")])
async def test_a_message_that_is_refused_can_be_sent_again(
    page: NodePage, status: int, problem: str
) -> None:
    chat = await page.open()
    await chat.do("start")
    await chat.do("meet", {"path": "/messages", "status": status})
    key = await chat.do("send", QUESTION)
    await chat.until(lambda: chat.lines == [("customer", "failed", QUESTION)])
    assert chat.shown["entries"][0]["problem"] == problem
    assert not chat.state["working"]
    await chat.do("retry", key)
    await chat.until_answered()
    assert chat.lines[0] == ("customer", "sent", QUESTION)
    assert "problem" not in chat.shown["entries"][0]


async def test_what_is_too_much_at_once_goes_out_by_itself_a_little_later(page: NodePage) -> None:
    chat = await page.open()
    await chat.do("start")
    await chat.do("meet", {"path": "/messages", "status": 429})
    await chat.do("send", QUESTION)
    await chat.until_answered()
    assert [("customer", "failed", QUESTION)] in chat.ever


async def test_a_message_that_is_too_long_is_given_back_to_be_written_anew(page: NodePage) -> None:
    chat = await page.open()
    await chat.do("start")
    await chat.do("meet", {"path": "/messages", "status": 413})
    key = await chat.do("send", QUESTION)
    await chat.until(lambda: chat.lines == [("customer", "failed", QUESTION)])
    assert chat.shown["entries"][0]["problem"] == "long"
    assert await chat.do("retry", key) == QUESTION
    assert chat.lines == []
    await chat.do("send", "And express?")
    await chat.until_answered()
    assert chat.lines[0] == ("customer", "sent", "And express?")


async def test_what_is_sent_where_no_chat_is_fails_and_says_why(page: NodePage) -> None:
    chat = await page.open(site="nowhere")
    key = await chat.do("send", QUESTION)
    for _ in range(2):
        await chat.until(lambda: chat.lines == [("customer", "failed", QUESTION)])
        assert chat.shown["entries"][0]["problem"] == "refused"
        assert not chat.state["working"]
        await chat.do("retry", key)


async def test_a_stream_stands_as_long_as_its_session(running_model: Model, tmp_path: Path) -> None:
    async with (
        serving(tmp_path, model=running_model.url) as server,
        node_page(server.url) as page,
    ):
        chat = await page.open()
        await asking(chat)
        await chat.until_answered()
        await chat.until(lambda: followed(chat))
        await asyncio.sleep(5.0)  # longer than its first event may take
        assert len(followed(chat)) == 1


async def test_an_unsent_message_outlives_a_reload_and_is_sent_once(
    page: NodePage, cable: Line
) -> None:
    chat = await page.open(at=cable.url)
    await asking(chat, "Hello.")
    await chat.until_answered()
    await cable.down()
    await chat.do("send", QUESTION)
    await chat.do("close")
    again = await page.open("again", at=cable.url)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(again.do("start"))  # waits for the line
        await again.until(lambda: ("customer", "sending", QUESTION) in again.lines)
        await cable.up()
    await again.until_answered(2)
    assert [text for who, _, text in again.lines if who == "customer"] == ["Hello.", QUESTION]
    [kept] = await again.do("kept", "one")
    assert kept["unsent"] == []


async def test_a_message_whose_acceptance_was_not_heard_is_kept_once(
    page: NodePage, cable: Line
) -> None:
    chat = await page.open(at=cable.url)
    await chat.do("start")
    for number in range(8):
        await chat.do("send", f"Question {number}")
        await asyncio.sleep(number / 100)
        cable.cut()
    await chat.until(lambda: len(chat.lines) > 8 and {"sent"} == {s for _, s, _ in chat.lines})
    await chat.until(lambda: not chat.state["working"])
    said = [text for who, _, text in chat.lines if who == "customer"]
    assert said == [f"Question {number}" for number in range(8)]
    again = await page.open("again", at=cable.url)
    await again.do("start")
    # What its messages' own streams did not tell comes with the standing one.
    await chat.until(lambda: chat.lines == again.lines)


async def test_a_proxy_that_holds_streams_back_is_asked_plainly(
    page: NodePage, model: Model, cable: Line
) -> None:
    cable.buffering = True
    model.seconds = 0.3
    chat = await page.open(at=cable.url)
    await asking(chat)
    await chat.until_answered()
    assert chat.lines == [("customer", "sent", QUESTION), ("bot", "sent", PLAIN)]
    await chat.do("send", "And express?")
    await chat.until_answered(2, seconds=13)  # it is not held as a poll is where nothing happens
    assert len([asked for asked in chat.asked if "wait=" in asked["path"]]) < 12
    assert chat.state["connected"]


async def test_a_page_that_only_listens_finds_out_too_that_streams_are_held_back(
    page: NodePage, cable: Line
) -> None:
    chat = await page.open(at=cable.url)
    await asking(chat)
    await chat.until_answered()
    cable.buffering = True
    other = await page.open("other", at=cable.url)
    await other.do("start")
    await chat.do("send", "And express?")
    await other.until_answered(2)
    assert any("wait=" in asked["path"] for asked in other.asked)
    assert other.lines[:2] == chat.lines[:2]


async def test_a_killed_server_loses_and_doubles_nothing(
    page: NodePage, model: Model, server: Server
) -> None:
    model.seconds = 0.3
    model.answer = LONG
    chat = await page.open()
    await asking(chat)
    await some_words(chat)
    await server.kill()
    model.seconds = 0.0
    await chat.until(lambda: not chat.state["connected"])
    await server.start()
    await chat.until_answered(seconds=60)
    assert chat.lines == [("customer", "sent", QUESTION), ("bot", "sent", LONG)]
    assert len(chat.messages) == 1


async def test_a_hidden_tab_needs_no_line_and_catches_up(page: NodePage) -> None:
    chat = await page.open("hidden")
    await asking(chat)
    await chat.until_answered()
    await chat.do("hide", True)  # noqa: FBT003 - what a document says of itself
    other = await page.open("other")
    await other.do("start")
    before = len(chat.asked)
    await other.do("send", "And express?")
    await other.until_answered(2)
    await asyncio.sleep(0.5)
    assert len(chat.lines) == 2
    assert len(chat.asked) == before
    await chat.do("hide", False)  # noqa: FBT003
    await chat.until_answered(2)
    assert chat.lines == other.lines


async def test_a_withdrawn_text_vanishes_before_another_comes(page: NodePage, model: Model) -> None:
    model.seconds = 0.3
    model.answer = Answer(text=LONG, fault=Fault.CUT, after=8)
    chat = await page.open()
    await asking(chat)
    await some_words(chat)
    model.answer = Refusal(status=400)
    await chat.until_answered()
    assert "word" not in chat.lines[-1][2]
    assert [who for who, _, _ in chat.lines] == ["customer", "bot"]


async def test_an_answer_can_be_stopped_and_rated(page: NodePage, model: Model) -> None:
    model.seconds = 0.3
    model.answer = LONG
    chat = await page.open()
    await asking(chat)
    await some_words(chat)
    await chat.do("stop")
    await chat.until_answered()
    entry = chat.shown["entries"][-1]
    assert entry["stopped"]
    await chat.do("rate", entry["turn"], "good")
    assert chat.shown["entries"][-1]["rating"] == "good"
    again = await page.open("again")
    await again.do("start")
    assert again.shown["entries"][-1]["rating"] == "good"


async def test_what_was_read_is_read_in_every_tab(page: NodePage) -> None:
    chat = await page.open()
    await asking(chat)
    await chat.until_answered()
    assert chat.state["unread"] == 1
    again = await page.open("again")
    await again.do("peek")
    assert again.state["unread"] == 1
    await chat.do("markRead")
    assert chat.state["unread"] == 0
    third = await page.open("third")
    await chat.until(lambda: any("/read" in each["path"] for each in chat.answered))
    await third.do("peek")
    assert third.state["unread"] == 0


async def test_older_messages_come_when_they_are_wanted(page: NodePage) -> None:
    chat = await page.open()
    await chat.do("start")
    for number in range(40):
        await chat.do("send", f"Question {number}")
    await chat.until(lambda: {"sent"} == {status for _, status, _ in chat.lines}, seconds=60)
    await chat.until(lambda: not chat.state["working"])
    again = await page.open("again")
    await again.do("start")
    assert len(again.lines) == 30
    # What its messages' own streams did not tell comes with the standing one.
    await chat.until(lambda: again.lines == chat.lines[-30:])
    while again.state["more"]:
        await again.do("older")
    assert again.lines == chat.lines


async def test_a_new_conversation_begins_empty_and_outlives_a_reload(page: NodePage) -> None:
    chat = await page.open()
    await asking(chat)
    await chat.until_answered()
    await chat.do("fresh")
    assert chat.lines == []
    reloaded = await page.open("reloaded")
    await reloaded.do("start")
    assert reloaded.lines == []
    await chat.do("send", "And express?")
    await chat.until_answered()
    again = await page.open("again")
    await again.do("start")
    assert again.lines == chat.lines
    assert "And express?" in await again.do("transcript")


async def test_what_was_written_before_follows_the_person_who_logs_in(page: NodePage) -> None:
    chat = await page.open(site="shop")
    await asking(chat)
    await chat.until_answered()
    proof = {"user": "ada", "hash": hmac.new(b"none", b"ada", hashlib.sha256).hexdigest()}
    await chat.do("identify", proof)
    assert chat.shown["visitor"]["known"]
    assert chat.lines == [("customer", "sent", QUESTION), ("bot", "sent", PLAIN)]
    elsewhere = await page.open("elsewhere", site="shop", kept="two")
    await elsewhere.do("identify", proof)
    await elsewhere.do("start")
    assert elsewhere.lines == chat.lines
    await chat.do("identify", None)
    assert chat.lines == []
    assert not chat.shown["visitor"]["known"]


async def test_a_false_proof_shows_nothing_of_whoever_was_here_before(page: NodePage) -> None:
    proof = {"user": "eve", "hash": hmac.new(b"none", b"eve", hashlib.sha256).hexdigest()}
    chat = await page.open(site="shop")
    await chat.do("identify", proof)
    await asking(chat)
    await chat.until_answered()
    for false, name in ((False, "again"), (True, "at once")):
        other = await page.open(name, site="shop")
        if false:
            await other.do("identify", {"user": "bob", "hash": "0" * 64})
            await other.do("start")
        else:
            await other.do("start")
            assert other.lines == chat.lines
            await other.do("identify", {"user": "bob", "hash": "0" * 64})
            await chat.do("identify", proof)
        assert other.errors == ["identity"]
        assert other.lines == []
        assert not other.shown["visitor"]["known"]


async def test_a_false_proof_changes_nothing_and_says_so(page: NodePage) -> None:
    chat = await page.open(site="shop")
    await asking(chat)
    await chat.until_answered()
    await chat.do("identify", {"user": "ada", "hash": "0" * 64})
    assert chat.errors == ["identity"]
    assert not chat.shown["visitor"]["known"]
    assert len(chat.lines) == 2
    await chat.do("send", "And express?")
    await chat.until_answered(2)
