"""Conversations over HTTP: every endpoint's front door, and whatever is thrown at it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.knowledge.learning import learn
from bot.messages import Rating
from bot.store.tables import Conversation
from tests.house import until
from tests.web.doors import Door, Person, Told, door

ANSWER = "Parcels arrive within **3 working days**. [1]"


async def hear(events: AsyncIterator[Told], heard: list[Told]) -> None:
    async for each in events:
        heard.append(each)  # noqa: PERF401 - read while it grows


def names(told: list[Told]) -> list[str]:
    return [each.name for each in told]


def of(told: list[Told], name: str) -> list[Any]:
    return [each.data for each in told if each.name == name]


async def test_a_message_is_answered_in_the_stream_of_its_post(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        told = await visitor.answered("How long does shipping take?")
        page = await visitor.page()
    assert names(told)[0] == "accepted"
    assert "working" in names(told)
    assert names(told)[-2:] == ["message", "state"]
    [accepted] = of(told, "accepted")
    assert accepted["seq"] == 1
    [answer] = of(told, "message")
    words = ["p", "Parcels arrive within ", ["strong", "3 working days"], ". ", ["cite", {"n": 1}]]
    assert answer["blocks"] == [words]
    assert (answer["seq"], answer["author"], answer["answers"]) == (2, "bot", 1)
    assert [source["title"] for source in answer["sources"]] == ["Shipping"]
    assert page["messages"][1] == answer
    assert page["messages"][0]["id"] == accepted["id"]
    assert page["messages"][0]["blocks"] == [["p", "How long does shipping take?"]]
    assert page["state"] == {"owner": "bot", "asked": 1, "answered": 1, "read": 0, "seq": 2}
    assert page["more"] is False


async def test_a_plain_post_says_that_the_message_is_safe(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        response = await visitor.say("Hello?", id="message-1")
        assert response.status_code == 202
        assert response.json() == {"seq": 1, "id": "message-1"}


async def test_the_same_message_again_is_answered_once(tmp_path: Path) -> None:
    backend = ScriptedBackend(ANSWER)
    async with door(tmp_path, backend) as place, door(tmp_path, backend) as other:
        visitor = await place.visitor()
        elsewhere = Person(http=other.http, session=visitor.session, key=visitor.key)
        several = [
            (visitor, elsewhere)[number % 2].say("Hello?", id="again-and") for number in range(10)
        ]
        seqs = {response.json()["seq"] for response in await asyncio.gather(*several)}
        assert seqs == {1}
        body = {"id": "again-and", "text": "Hello?"}
        told = [each async for each in visitor.events("POST", "/messages", json=body)]
        assert of(told, "accepted") == [{"seq": 1, "id": "again-and"}]
        assert len(of(told, "message")) == 1
        assert len((await visitor.page())["messages"]) == 2
    assert len(backend.requests) == 1


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_other_words_under_the_same_id_are_a_conflict(tmp_path: Path, accept: str) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        await visitor.say("Before.")
        first = await visitor.say("Where is it?", id="message-1")
        same = await visitor.say(" Where is it?\r\n", id="message-1")
        other = await visitor.say("Or is it lost?", id="message-1", headers={"Accept": accept})
        messages = (await visitor.page())["messages"]
        fresh = await visitor.say("Or is it lost?", id="message-2")
    assert (same.status_code, same.json()) == (202, first.json())
    assert (other.status_code, other.json()["type"]) == (409, "urn:frontdesk:conflict")
    assert "new id" in other.json()["detail"]
    assert "lost" not in other.text + str(messages)
    assert fresh.status_code == 202


async def test_pieces_grow_into_the_answer(tmp_path: Path) -> None:
    text = "First **this** one.\n\n- and\n- a list\n\nThen [a link](https://shop.example), the end."
    async with door(tmp_path, ScriptedBackend(text, delay=0.02)) as place:
        visitor = await place.visitor()
        told = await visitor.answered("How long does shipping take?")
    blocks: list[Any] = []
    length = 0
    for piece in of(told, "piece"):
        assert piece["length"] > length
        length = piece["length"]
        blocks = blocks[: piece["from"]] + piece["blocks"]
    assert len(of(told, "piece")) > 3
    [answer] = of(told, "message")
    assert {piece["turn"] for piece in of(told, "piece")} == {answer["turn"]}
    assert json.dumps(blocks)[:60] == json.dumps(answer["blocks"])[:60]


async def test_who_comes_late_hears_all_of_it(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([Text("The first half, "), held.wait, Text("the second half.")])
    async with door(tmp_path, backend) as place:
        visitor = await place.visitor()
        await visitor.say("How long does shipping take?")
        heard: list[Told] = []

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(hear(visitor.events(), heard))
            await until(lambda: of(heard, "piece"))
            assert names(heard)[0] == "message"
            assert heard[0].seq == 1
            assert of(heard, "piece")[0]["from"] == 0
            held.set()
            await until(lambda: len(of(heard, "message")) == 2)
            await until(lambda: of(heard, "state")[-1]["answered"] == 1)
            listening.cancel()
        again: list[Told] = []
        async with asyncio.TaskGroup() as tasks:
            since = visitor.events(headers={"Last-Event-ID": "1"}, params={"after": 0})
            listening = tasks.create_task(hear(since, again))
            await until(lambda: of(again, "state"))
            listening.cancel()
    assert names(again) == ["message", "state"]
    assert again[0].data == of(heard, "message")[1]


async def test_a_stream_of_another_process_shows_what_was_committed_here(tmp_path: Path) -> None:
    backend = ScriptedBackend(ANSWER)
    async with door(tmp_path, backend) as one, door(tmp_path, backend) as other:
        visitor = await one.visitor()
        await visitor.answered("Hello?")
        elsewhere = Person(http=other.http, session=visitor.session, key=visitor.key)
        heard: list[Told] = []

        async with asyncio.TaskGroup() as tasks:
            standing = elsewhere.events(params={"after": 2})
            listening = tasks.create_task(hear(standing, heard))
            await until(lambda: of(heard, "state"))
            loop = asyncio.get_running_loop()
            await visitor.answered("And how much is it?")
            begun = loop.time()
            await until(lambda: len(of(heard, "message")) == 2)
            assert loop.time() - begun < 12  # and not when the stream breathes
            listening.cancel()
    assert [each.seq for each in heard if each.name == "message"] == [3, 4]


async def test_plain_polls_tell_the_same(tmp_path: Path) -> None:
    plain = {"Accept": "application/json"}
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        await visitor.answered("Hello?")
        events = f"{visitor.path}/events"
        all_of_it = (await visitor.ask("GET", events, headers=plain)).json()
        assert all_of_it["events"] == (await visitor.page())["messages"]
        nothing = (await visitor.ask("GET", events, headers=plain, params={"after": 2})).json()
        assert nothing == {"events": [], "state": all_of_it["state"]}
        async with asyncio.TaskGroup() as tasks:
            params = {"after": 2, "wait": 20}
            waiting = tasks.create_task(visitor.ask("GET", events, headers=plain, params=params))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            await visitor.say("And how much is it?")
        assert waiting.result().json()["events"][0]["seq"] == 3


async def test_older_messages_come_page_by_page(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        for number in range(3):
            await visitor.answered(f"Question {number}?")
        pages = []
        before = 7
        while before > 1:
            params = {"limit": 4, "before": before}
            page = (await visitor.ask("GET", visitor.path, params=params)).json()
            pages.append([message["seq"] for message in page["messages"]])
            assert page["more"] is (pages[-1][0] > 1)
            before = pages[-1][0]
    assert pages == [[3, 4, 5, 6], [1, 2]]


async def test_a_visitor_who_leaves_does_not_cancel_the_answer(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([Text("One, "), held.wait, Text("two.")])
    async with door(tmp_path, backend) as place:
        visitor = await place.visitor()
        body = {"id": "message-1", "text": "Count."}
        async for each in visitor.events("POST", "/messages", json=body):
            if each.name == "piece":
                break
        held.set()
        await until(lambda: not backend.running)
        told = [each async for each in visitor.events("POST", "/messages", json=body)]
    assert of(told, "message")[0]["blocks"] == [["p", "One, two."]]
    assert of(told, "message")[0]["stopped"] is False


async def test_a_stop_keeps_what_was_shown(tmp_path: Path) -> None:
    backend = ScriptedBackend([Text("One, "), asyncio.Event().wait, Text("never.")])
    async with door(tmp_path, backend) as place:
        visitor = await place.visitor()
        told = []
        body = {"id": "message-1", "text": "Count."}
        async for each in visitor.events("POST", "/messages", json=body):
            told.append(each)
            if each.name == "piece":
                assert (await visitor.ask("POST", f"{visitor.path}/stop")).status_code == 204
    [answer] = of(told, "message")
    assert answer["blocks"] == [["p", "One,"]]
    assert (answer["stopped"], answer["outcome"]) == (True, "stopped")


async def test_a_stop_reaches_an_answer_that_another_process_writes(tmp_path: Path) -> None:
    backend = ScriptedBackend([Text("One, "), asyncio.Event().wait, Text("never.")])
    engine = {"lease_seconds": 1.0}
    async with (
        door(tmp_path, backend, engine=engine) as one,
        door(tmp_path, backend, engine=engine) as other,
    ):
        visitor = await one.visitor()
        elsewhere = Person(http=other.http, session=visitor.session, key=visitor.key)
        told = []
        body = {"id": "message-1", "text": "Count."}
        async for each in visitor.events("POST", "/messages", json=body):
            told.append(each)
            if each.name == "piece":
                stop = await elsewhere.ask("POST", f"{visitor.path}/stop")
                assert stop.status_code == 204
        assert [each["blocks"] for each in of(told, "message")] == [[["p", "One,"]]]
        # It was for that answer alone.
        before = len(backend.requests)
        held = asyncio.create_task(visitor.answered("Again."))  # noqa: TID251 - awaited below
        await until(lambda: len(backend.requests) > before)
        await asyncio.sleep(1.0)
        assert not held.done()
        await elsewhere.ask("POST", f"{visitor.path}/stop")
        assert of(await held, "message")[0]["outcome"] == "stopped"


async def test_feedback_is_kept_and_can_be_changed(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        [answer] = of(await visitor.answered("Hello?"), "message")
        path = f"{visitor.path}/turns/{answer['turn']}/feedback"
        for rating in ("good", "bad"):
            body = {"rating": rating, "comment": "<b>so</b>"}
            assert (await visitor.ask("PUT", path, json=body)).status_code == 204
        [record] = await place.app.archive.record(answer["turn"])
        assert (record.rating, record.comment) == (Rating.BAD, "<b>so</b>")
        assert (await visitor.page())["messages"][1]["rating"] == "bad"
        unknown = f"{visitor.path}/turns/0123456789abcdef/feedback"
        assert (await visitor.ask("PUT", unknown, json={"rating": "bad"})).status_code == 404
        assert (await visitor.ask("PUT", path, json={"rating": "ugly"})).status_code == 422


async def test_a_turn_is_rated_only_within_its_conversation(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        ada, bob = await place.visitor(), await place.visitor()
        [answer] = of(await ada.answered("Hello?"), "message")
        await bob.answered("Hello?")
        path = f"{bob.path}/turns/{answer['turn']}/feedback"
        assert (await bob.ask("PUT", path, json={"rating": "bad"})).status_code == 404


async def test_what_was_read_is_not_unread(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        await visitor.answered("Hello?")
        for seq, unread in ((0, 1), (2, 0), (1, 0), (2_000_000_000, 0)):
            read = await visitor.ask("PUT", f"{visitor.path}/read", json={"seq": seq})
            assert read.status_code == 204
            [line] = (await visitor.ask("GET", "/v1/conversations")).json()["conversations"]
            assert (line["unread"], line["opening"]) == (unread, "Hello?")
        assert (await visitor.page())["state"]["read"] == 2


async def test_a_transcript_is_a_file_of_all_that_was_said(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        await visitor.answered("How long does shipping take?")
        response = await visitor.ask("GET", f"{visitor.path}/transcript")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    day = r"20\d\d-\d\d-\d\d"
    named = response.headers["content-disposition"]
    assert re.fullmatch(rf'attachment; filename="conversation-{day}\.md"', named)
    who, asked, bot, answered, source = response.text.strip().split("\n\n")
    assert (asked, answered) == ("How long does shipping take?", ANSWER)
    assert who.startswith("**You**, 20")
    assert bot.startswith("**Frontdesk**, 20")
    assert re.fullmatch(rf"\*\*Frontdesk\*\*, {day} \d\d:\d\d UTC", bot)
    assert source == "[1] Shipping"


async def test_a_transcript_names_the_addresses_of_articles(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        shown = "https://shop.example/help"
        await learn([tmp_path / "help"], articles=place.app.articles, link=shown)
        visitor = await place.visitor()
        await visitor.answered("How long does shipping take?")
        response = await visitor.ask("GET", f"{visitor.path}/transcript")
    assert "[1] Shipping <https://shop.example/help/" in response.text


async def test_a_transcript_tells_which_answer_was_stopped(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([Text("The first half, "), held.wait, Text("the second half.")])
    async with door(tmp_path, backend) as place:
        visitor = await place.visitor()
        body = {"id": "message-1", "text": "How long does shipping take?"}
        async for each in visitor.events("POST", "/messages", json=body):
            if each.name == "piece":
                await visitor.ask("POST", f"{visitor.path}/stop")
        response = await visitor.ask("GET", f"{visitor.path}/transcript")
    _, _, bot, answered, *_ = response.text.strip().split("\n\n")
    assert bot.endswith(" UTC, stopped")
    assert answered == "The first half,"


async def test_a_person_who_has_the_conversation_ends_the_wait(tmp_path: Path) -> None:
    held = asyncio.Event()
    async with door(tmp_path, ScriptedBackend([held.wait, ANSWER])) as place:
        visitor = await place.visitor()
        told = []
        body = {"id": "message-1", "text": "A person, please."}
        async for each in visitor.events("POST", "/messages", json=body):
            told.append(each)
            if each.name == "working":
                await hand_over(place, visitor)
    assert of(told, "state")[-1]["owner"] == "operator"
    assert not of(told, "message")


async def hand_over(place: Door, visitor: Person) -> None:
    taken = update(Conversation).where(Conversation.key == visitor.key).values(owner="operator")
    await place.app.database.write(lambda line: line.execute(taken))


# --- Bad input ---------------------------------------------------------------------------------


def problem(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    found = response.json()
    assert found["status"] == response.status_code
    assert found.keys() <= {"type", "title", "status", "detail", "errors"}
    return response.status_code, found["type"].removeprefix("urn:frontdesk:")


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"id": "message-1", "text": '])
async def test_what_is_no_json_is_told(tmp_path: Path, body: bytes) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        headers = {"Content-Type": "application/json"}
        path = f"{visitor.path}/messages"
        told = problem(await visitor.ask("POST", path, content=body, headers=headers))
    assert told in {(400, "malformed"), (400, "bad-request"), (422, "invalid")}


@pytest.mark.parametrize(
    "body",
    [
        [],
        "hello",
        None,
        {},
        {"id": 7, "text": "x"},
        {"id": "message-1", "text": 7},
        {"id": "message-1", "text": ""},
        {"id": "message-1", "text": {"a": "<script>"}},
        {"id": "short", "text": "x"},
        {"id": "a" * 65, "text": "x"},
        {"id": "../../../../etc", "text": "x"},
        {"id": "message-1\n", "text": "x"},
        {"id": "message-1", "text": "x", "author": "bot"},
        {"id": "message-1", "text": "x", "language": "<script>"},
        {"id": "message-1", "text": "\u200b \u2060"},
        {"id": "message-1", "text": "x" * 20_001},
    ],
)
async def test_what_has_other_types_is_told_without_being_repeated(
    tmp_path: Path, body: Any
) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        response = await visitor.ask("POST", f"{visitor.path}/messages", json=body)
        assert (problem(response))[0] == 422
        assert "script" not in response.text
        assert (await visitor.ask("GET", visitor.path)).status_code == 404


async def test_a_message_of_a_megabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        refusal = await visitor.say("x" * 1_000_000)
        assert problem(refusal) == (413, "request-entity-too-large")


async def test_a_body_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        head = f"POST {visitor.path}/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        head += "Content-Type: application/json\r\n"
        head += f"Authorization: {visitor.headers['Authorization']}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", place.http.base_url.port)
        writer.write(head.encode())
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(reader.readline())
            for _ in range(1000):
                writer.write(b"400\r\n" + b" " * 1024 + b"\r\n")
                await asyncio.sleep(0.005)
                if reading.done():
                    break
        writer.close()
    assert reading.result().startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("key", ["nothing", "x" * 300, "..%2F..", "%00", "a.b", "é", "'; DROP"])
async def test_unknown_conversations_are_not_found(tmp_path: Path, key: str) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        visitor = await place.visitor()
        base = f"/v1/conversations/{key}"
        for method, path in (("GET", base), ("GET", f"{base}/events"), ("POST", f"{base}/stop")):
            assert (await visitor.ask(method, path)).status_code in {404, 405, 422}
        body = {"id": "message-1", "text": "x"}
        said = await visitor.ask("POST", f"{base}/messages", json=body)
        assert said.status_code in {404, 405, 422}
        own = await visitor.ask(
            "POST", f"/v1/conversations/{visitor.id}.é{key}/messages", json=body
        )
        assert own.status_code in {404, 405, 422}
        assert (await visitor.ask("GET", "/v1/conversations")).json() == {"conversations": []}


async def test_nobody_makes_a_conversation_in_anothers_name(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend(ANSWER)) as place:
        ada, bob = await place.visitor(), await place.visitor()
        intruding = bob.as_another(bob.session)
        intruding.key = ada.key
        assert (await intruding.say("Hello?")).status_code == 404
        await ada.answered("Hello?")
        assert (await intruding.say("Hello?")).status_code == 404
        assert len((await ada.page())["messages"]) == 2


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"


async def test_markup_stays_words_in_every_field(tmp_path: Path) -> None:
    articles = {"x.md": f"# Shipping {MARKUP}\n\nParcels arrive within 3 days.\n"}
    backend = ScriptedBackend(f"{MARKUP} [bad](javascript:alert(1)) [1]")
    async with door(tmp_path, backend, articles=articles) as place:
        visitor = await place.visitor()
        told = await visitor.answered(f"{MARKUP} javascript:alert(1) https://a.example/")
        page = await visitor.page()

    def tags(node: Any) -> set[str]:
        if isinstance(node, str):
            return set()
        here = {node[0]} if node and isinstance(node[0], str) else set()
        return here.union(*(tags(child) for child in node[1:] if not isinstance(child, dict)))

    for message in page["messages"]:
        used = set().union(*(tags(block) for block in message["blocks"]))
        assert used <= {"p", "a", "br", "cite", "strong"}, used
        assert "javascript:" not in json.dumps(
            [each for each in walk(message["blocks"]) if isinstance(each, dict)]
        )
    assert of(told, "message")[0]["blocks"][0][1].startswith("<script>")


def walk(node: Any) -> list[Any]:
    found = [node]
    if isinstance(node, list):
        for each in node:
            found += walk(each)
    return found
