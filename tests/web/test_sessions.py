"""A session is bound to its visitor, its site and its origin, and renewed quietly."""

import base64
import json
from pathlib import Path

import jwt
import pytest

from bot.backends.scripted import ScriptedBackend
from tests.web.doors import Door, door

SHOP = "https://shop.example"
FORUM = "https://forum.example"
WWW = "https://www.shop.example"
SITES = {"shop": {"origins": [SHOP, WWW], "title": "Ask us"}, "forum": {"origins": [FORUM]}}


def scripted() -> ScriptedBackend:
    return ScriptedBackend("Within 3 days. [1]")


def parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return the header and the claims of a token, as anyone can read them."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def forged(token: str) -> dict[str, str]:
    """Return tokens that are like ``token`` and that nobody signed with our key."""
    _, claims = parts(token)
    head, body, signature = token.split(".")
    other = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "shop:v:x"}).encode()).decode()
    return {
        "alg none": jwt.encode(claims, "", algorithm="none"),
        "another key": jwt.encode(claims, "k" * 32, algorithm="HS256"),
        "changed payload": f"{head}.{other.rstrip('=')}.{signature}",
        "no signature": f"{head}.{body}.",
        "no token": "hello",
        "empty": "..",
        "not ASCII": "é.é.é",
    }


async def refused(place: Door, token: str, **headers: str) -> tuple[int, str]:
    said = [(b"Authorization", f"Bearer {token}".encode())]
    said += [(name.encode(), value.encode()) for name, value in headers.items()]
    response = await place.http.get("/v1/conversations", headers=said)
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["type"].removeprefix("urn:frontdesk:")


async def test_a_session_tells_the_site_and_the_visitor(tmp_path: Path) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        session = await place.session(site="shop", headers={"Origin": SHOP})
    assert session["expires_in"] == 15 * 60
    assert session["visitor"]["name"] is None
    assert session["visitor"]["known"] is False
    assert session["visitor"]["id"].startswith("shop:v:")
    assert session["conversations"] == []
    assert session["site"] == {
        "title": "Ask us",
        "greeting": "",
        "suggestions": [],
        "language": "",
        "bot": "Frontdesk",
    }


async def test_without_sites_there_is_one_for_the_servers_own_pages(tmp_path: Path) -> None:
    async with door(tmp_path, scripted()) as place:
        assert (await place.session())["site"]["title"] == "Frontdesk"
        assert await place.session(headers={"Origin": place.url})
        refusal = await place.http.post("/v1/sessions", json={}, headers={"Origin": SHOP})
    assert refusal.status_code == 403
    assert refusal.json()["type"] == "urn:frontdesk:origin"
    assert "access-control-allow-origin" not in refusal.headers


@pytest.mark.parametrize(
    "origin", [FORUM, "null", "https://shop.example.evil.example", "", "x", "http://["]
)
async def test_no_page_of_another_origin_gets_a_session(tmp_path: Path, origin: str) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        body, headers = {"site": "shop"}, {"Origin": origin}
        assert (
            await place.http.post("/v1/sessions", json=body, headers=headers)
        ).status_code == 403


async def test_a_site_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        refusal = await place.http.post("/v1/sessions", json={"site": "nowhere"})
    assert (refusal.status_code, refusal.json()["type"]) == (404, "urn:frontdesk:site")


async def test_the_log_says_why_a_page_was_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "channels.web")
    strange = "https://evil.example/" + "x" * 100
    preflight = {"Origin": FORUM + ":1", "Access-Control-Request-Method": "POST"}
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        for site, origin in (("nowhere", FORUM), ("shop", FORUM), ("shop", strange)):
            headers = {"Origin": origin}
            await place.http.post("/v1/sessions", json={"site": site}, headers=headers)
        session = await place.session(site="shop", headers={"Origin": SHOP})
        await refused(place, session["token"], Origin=WWW)
        body = {"site": "shop", "renew": session["renew"]}
        await place.http.post("/v1/sessions", json=body, headers={"Origin": WWW})
        await place.http.options("/v1/sessions", headers=preflight)
        await place.http.options("/v1/sessions", headers={**preflight, "Origin": SHOP})
    assert [line for line in caplog.messages if line.startswith("Refused")] == [
        f"Refused for site 'nowhere', origin '{FORUM}': there is no such site, but shop, forum",
        f"Refused for site 'shop', origin '{FORUM}': the site's origins are {SHOP}, {WWW}",
        f"Refused for site 'shop', origin '{strange[:63]}: the site's origins are {SHOP}, {WWW}",
        f"Refused for site 'shop', origin '{WWW}': the session began on a page of {SHOP}",
        f"Refused for site 'shop', origin '{WWW}': the session began on a page of {SHOP}",
        f"Refused a browser's preflight, origin '{FORUM}:1': no site has it",
    ]
    for hidden in (session["token"], session["renew"], session["visitor"]["id"]):
        assert hidden not in caplog.text


async def test_pages_of_a_site_may_read_answers_and_others_may_not(tmp_path: Path) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization,content-type,last-event-id"
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        for origin, status in ((SHOP, 200), ("https://evil.example", 400)):
            headers = {"Origin": origin, **asked}
            preflight = await place.http.options("/v1/sessions", headers=headers)
            assert preflight.status_code == status
            allowed = preflight.headers.get("access-control-allow-origin")
            assert allowed == (origin if status == 200 else None)
            assert "access-control-allow-credentials" not in preflight.headers


async def test_a_token_of_one_origin_is_refused_from_another(tmp_path: Path) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        session = await place.session(site="shop", headers={"Origin": SHOP})
        for elsewhere in (FORUM, WWW, place.url):
            assert await refused(place, session["token"], Origin=elsewhere) == (403, "origin")
        body = {"site": "shop", "renew": session["renew"]}
        refusal = await place.http.post("/v1/sessions", json=body, headers={"Origin": WWW})
    assert refusal.status_code == 403


async def test_a_token_of_one_site_does_not_renew_at_another(tmp_path: Path) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        session = await place.session(site="shop")
        body = {"site": "forum", "renew": session["renew"]}
        refusal = await place.http.post("/v1/sessions", json=body)
    assert (refusal.status_code, refusal.json()["type"]) == (401, "urn:frontdesk:token")


async def test_an_origin_that_a_site_gave_up_is_refused_with_the_tokens_that_it_has(
    tmp_path: Path,
) -> None:
    async with door(tmp_path, scripted(), web={"sites": SITES}) as place:
        session = await place.session(site="shop", headers={"Origin": SHOP})
    fewer = {"shop": {"origins": ["https://new.example"]}}
    async with door(tmp_path, scripted(), web={"sites": fewer}) as place:
        assert await refused(place, session["token"], Origin=SHOP) == (403, "origin")


async def test_every_forged_token_is_refused(tmp_path: Path) -> None:
    async with door(tmp_path, scripted()) as place:
        session = await place.session()
        for kind, token in forged(session["token"]).items():
            assert await refused(place, token) == (401, "token"), kind
        for token in forged(session["renew"]).values():
            refusal = await place.http.post("/v1/sessions", json={"renew": token})
            assert refusal.status_code == 401
        # A token for renewal opens nothing, and one for calls renews nothing.
        assert await refused(place, session["renew"]) == (401, "token")
        refusal = await place.http.post("/v1/sessions", json={"renew": session["token"]})
        assert refusal.status_code == 401
        bare = await place.http.get("/v1/conversations")
        assert bare.status_code == 401
        assert bare.headers["www-authenticate"] == "Bearer"


async def test_a_token_ends_and_its_renewal_brings_the_same_visitor_back(tmp_path: Path) -> None:
    now = [1_000_000.0]
    async with door(tmp_path, scripted(), clock=lambda: now[0]) as place:
        session = await place.session()
        now[0] += 15 * 60 - 1
        headers = {"Authorization": f"Bearer {session['token']}"}
        assert (await place.http.get("/v1/conversations", headers=headers)).status_code == 200
        now[0] += 1
        assert await refused(place, session["token"]) == (401, "expired")
        now[0] += 29 * 86_400
        again = await place.session(renew=session["renew"])
        assert again["visitor"] == session["visitor"]
        now[0] += 29 * 86_400  # each renewal counts anew
        again = await place.session(renew=again["renew"])
        assert again["visitor"] == session["visitor"]
        now[0] += 31 * 86_400
        refusal = await place.http.post("/v1/sessions", json={"renew": again["renew"]})
    assert (refusal.status_code, refusal.json()["type"]) == (401, "urn:frontdesk:expired")


async def test_processes_share_what_they_sign_with(tmp_path: Path) -> None:
    async with door(tmp_path, scripted()) as one, door(tmp_path, scripted()) as other:
        visitor = await one.visitor()
        found = await other.http.get("/v1/conversations", headers=visitor.headers)
    assert found.status_code == 200


async def test_no_token_says_what_it_is_signed_with(tmp_path: Path) -> None:
    async with door(tmp_path, scripted()) as place:
        session = await place.session()
        secret = await place.app.visits.secret("web.sessions", "another")
    header, claims = parts(session["token"])
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert secret not in json.dumps([session, claims])
    assert secret != "another"
