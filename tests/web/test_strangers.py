"""No visitor ever reaches what is another's: every endpoint that the API describes is tried."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.backends.scripted import ScriptedBackend
from tests.house import until
from tests.web.doors import Door, Person, door

SHOP, FORUM = "https://shop.example", "https://forum.example"
SITES = {"shop": {"origins": [SHOP]}, "forum": {"origins": [FORUM]}}
SECRET = "My secret."
_BODIES: dict[str, Any] = {
    "NewMessage": {"id": "message-1", "text": "What did they say?"},
    "Feedback": {"rating": "bad", "comment": "mine now"},
    "Read": {"seq": 1},
}


def endpoints(described: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the method, the path and a body of every operation that needs a conversation's id."""
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if "{id}" in path:
                yield method.upper(), path, _body(operation)


def _body(operation: dict[str, Any]) -> Any:
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return _BODIES[schema["$ref"].rpartition("/")[2]]


async def of_another(place: Door) -> tuple[Person, str]:
    """Return someone with a conversation, and the turn that answered in it."""
    ada = await place.visitor(site="shop", headers={"Origin": SHOP})
    [answer] = [each.data for each in await ada.answered("My secret.") if each.name == "message"]
    return ada, answer["turn"]


async def test_one_visitors_token_opens_nothing_of_anothers(tmp_path: Path) -> None:
    backend = ScriptedBackend("So.")
    async with door(tmp_path, backend, web={"sites": SITES}) as place:
        ada, turn = await of_another(place)
        before = await ada.page()
        strangers = [
            await place.visitor(site="shop", headers={"Origin": SHOP}),
            await place.visitor(site="forum", headers={"Origin": FORUM}),
            await place.visitor(site="forum"),
            # Her own token, from a page of another origin.
            Person(http=place.http, session=ada.session, headers={"Origin": FORUM}),
            Person(http=place.http, session={**ada.session, "token": "a.b.c"}),
            Person(http=place.http, session={**ada.session, "token": ada.session["renew"]}),
        ]
        described = (await place.http.get("/openapi.json")).json()
        tried = 0
        for method, path, body in endpoints(described):
            filled = path.format(id=ada.key, turn=turn)
            for stranger in strangers:
                for accept in ("application/json", "text/event-stream"):
                    asked = stranger.ask(method, filled, json=body, headers={"Accept": accept})
                    response = await asyncio.wait_for(asked, 30)
                    assert response.status_code in {401, 403, 404}, (method, path)
                    assert response.headers["content-type"] == "application/problem+json"
                    assert "secret" not in response.text
                    tried += 1
            bare = await place.http.request(method, filled, json=body)
            assert bare.status_code == 401, (method, path)
        assert tried >= 7 * 2 * len(strangers)
        assert await ada.page() == before
        for stranger in strangers[:3]:
            listed = await stranger.ask("GET", "/v1/conversations")
            assert listed.json() == {"conversations": []}
    assert len(backend.requests) == 1


async def test_what_is_anothers_cannot_be_told_from_what_is_not_there(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        ada, turn = await of_another_at_home(place)
        bob = await place.visitor()
        described = (await place.http.get("/openapi.json")).json()
        for method, path, body in endpoints(described):
            there = await bob.ask(method, path.format(id=ada.key, turn=turn), json=body)
            unknown = path.format(id=f"{ada.id}.nothing-at-all", turn=turn)
            nowhere = await bob.ask(method, unknown, json=body)
            assert there.status_code == nowhere.status_code == 404
            assert there.content == nowhere.content


async def of_another_at_home(place: Door) -> tuple[Person, str]:
    ada = await place.visitor()
    [answer] = [each.data for each in await ada.answered("My secret.") if each.name == "message"]
    return ada, answer["turn"]


async def test_every_refusal_is_a_problem_and_repeats_nothing(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        for method, path in (
            ("GET", "/v1/nothing"),
            ("GET", "/<script>"),
            ("DELETE", "/v1/conversations"),
            ("GET", "/docs/../../etc/passwd"),
            ("GET", "/docs/nothing.js"),
            ("GET", f"{visitor.path}?limit=-1"),
            ("GET", f"{visitor.path}?before=99999999999999999999"),
            ("GET", f"{visitor.path}/events?after=<script>"),
            ("PUT", f"{visitor.path}/read"),
        ):
            response = await visitor.ask(method, path)
            assert 400 <= response.status_code < 500, (method, path)
            assert response.headers["content-type"] == "application/problem+json"
            assert "script" not in response.text


async def test_no_answer_about_a_visitor_is_kept_on_its_way(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        await visitor.answered("My secret.")
        session = await place.http.post("/v1/sessions", json={})
        asked = {"Accept": "application/json"}
        for response in (
            session,
            await visitor.ask("GET", "/v1/conversations"),
            await visitor.ask("GET", visitor.path),
            await visitor.ask("GET", f"{visitor.path}/events", headers=asked),
            await visitor.ask("GET", f"{visitor.path}/transcript"),
            await visitor.say("And more."),
            await visitor.ask("GET", f"{visitor.path}x"),
        ):
            assert response.headers["cache-control"] == "no-store"


async def test_a_request_that_is_wrong_in_many_places_is_told_a_few(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        body = {f"k{number}": number for number in range(4000)}
        response = await place.http.post("/v1/sessions", json=body)
        assert response.status_code == 422
        assert len(response.json()["errors"]) == 20


async def test_a_stream_takes_no_body_without_an_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        await visitor.answered("Hi")
        host, _, port = place.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"GET {visitor.path}/events HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
        )
        writer.write(f"{head}Authorization: {visitor.headers['Authorization']}\r\n\r\n".encode())
        await reader.readuntil(b"retry: 500")
        writer.write((b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n") * 2)
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await until(lambda: not place.limits.open)
    assert "A request failed" not in caplog.text


async def test_what_nobody_foresaw_is_told_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with door(tmp_path, ScriptedBackend("So."), web={"sites": SITES}) as place:
        visitor = await place.visitor(site="shop", headers={"Origin": SHOP})

        hidden = SECRET

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError(hidden)

        monkeypatch.setattr(type(place.app.visits), "of", broken)
        response = await visitor.ask("GET", "/v1/conversations")
    assert response.status_code == 500
    assert response.json() == {
        "type": "urn:frontdesk:internal",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on our side.",
    }
    assert response.headers["access-control-allow-origin"] == SHOP
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_no_words_and_no_tokens_reach_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with door(tmp_path, ScriptedBackend("An answer with words.")) as place:
        visitor = await place.visitor()
        await visitor.answered("My secret?")
        plain = {"Accept": "application/json, text/secret"}
        await visitor.ask("GET", f"{visitor.path}/events?secret=secret", headers=plain)
        await visitor.ask("GET", "/secret?secret=secret")
        await visitor.ask("POST", f"{visitor.path}/messages", json={"secret": "secret"})
        await visitor.ask("POST", f"{visitor.path}/messages", content=b"{secret")
        page = await visitor.page()
        told = "\n".join(
            record.getMessage()
            for record in caplog.records
            if not record.name.startswith(("httpcore", "httpx"))
        )
    for hidden in (visitor.session["token"], visitor.session["renew"], "secret", "with words"):
        assert hidden not in told
    for part in (visitor.session["token"].split(".")[2], page["id"]):
        assert part not in told
    assert "POST /v1/conversations/{id}/messages 200" in told
