"""A site proves who its user is, and what an anonymous visitor said follows the person."""

import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bot.backends.scripted import ScriptedBackend
from bot.errors import SettingsError
from bot.settings import Settings, load
from channels.web.identity import Person, customer_of
from channels.web.sites import Sites
from tests.web.doors import Door, door

SECRET = "a shared secret of sixty-four bytes at least, and of a few more than that"
HMAC = "an older secret"
ENVIRONMENT = {"SHOP_KEY": SECRET, "SHOP_HMAC": HMAC}


def now() -> float:
    return time.time()  # noqa: TID251 - a site signs with the real time


def shop(**keys: dict[str, str]) -> str:
    """Return settings of a site that proves its users with ``keys``."""
    text = '[backends.one]\nkind = "scripted"\nanswers = ["Within 3 days."]\n[web.sites.shop]\n'
    text += '[web.sites.shop.identity]\nhmac_env = "SHOP_HMAC"\n'
    for kid, key in keys.items():
        text += f"[web.sites.shop.identity.keys.{kid}]\n"
        text += "".join(f'{name} = "{value}"\n' for name, value in key.items())
    return text


ONE = {"k1": {"algorithm": "HS256", "key_env": "SHOP_KEY"}}


def settings(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    file = folder / "bot.toml"
    file.write_text(text)
    return load(file, environment={**ENVIRONMENT, **(environment or {})})


def claims(sub: str = "42", **more: Any) -> dict[str, Any]:
    return {"sub": sub, "aud": "shop", "exp": now() + 600, "iat": now(), **more}


def signed(key: Any = SECRET, *, kid: str | None = "k1", by: str = "HS256", **said: Any) -> str:
    left_out = [name for name, value in said.items() if value is None]
    told = {name: value for name, value in claims(**said).items() if name not in left_out}
    return jwt.encode(told, key, algorithm=by, headers={"kid": kid} if kid else None)


def proving(folder: Path, text: str | None = None) -> Any:
    """Serve the settings of a file, whose keys stand in the environment."""
    found = settings(folder, text or shop(**ONE))
    return door(folder, ScriptedBackend("Within 3 days."), settings=found)


async def test_a_jwt_makes_the_visitor_known(tmp_path: Path) -> None:
    async with proving(tmp_path) as place:
        token = signed(name="Ada", email="ada@example.org", plan="gold", age=7)
        session = await place.session(site="shop", identity={"token": token})
        assert session["visitor"] == {"id": "shop:u:42", "name": "Ada", "known": True}
        ada = await place.visitor(site="shop", identity={"token": token})
        await ada.answered("Where is it?")
        found = await place.app.archive.find("web", ada.key)
    assert found is not None
    assert (found.customer, found.customer_name) == ("shop:u:42", "Ada")
    assert found.attributes == {"email": "ada@example.org", "plan": "gold"}


async def refused(place: Door, identity: dict[str, str]) -> str:
    body = {"site": "shop", "identity": identity}
    response = await place.http.post("/v1/sessions", json=body)
    assert response.status_code in {401, 422}, response.text
    return str(response.json()["detail"])


async def test_what_proves_nothing_is_refused(tmp_path: Path) -> None:
    public = ed25519.Ed25519PrivateKey.generate()
    async with proving(tmp_path) as place:
        for token in (
            signed("another secret that is as long as the first one is"),
            signed(kid="k2"),
            signed(by="HS512"),
            signed(public, by="EdDSA"),
            signed(aud="forum"),
            signed(aud=None),
            signed(exp=None),
            signed(sub=None),
            signed(exp=now() - 120),
            signed(exp=now() + 2 * 3600),
            signed(nbf=now() + 600),
            signed(iat=now() + 600),
            signed(sub=""),
            signed(sub="x" * 513),
            jwt.encode(claims(), "", algorithm="none"),
            "hello",
            "a.b.c",
        ):
            assert await refused(place, {"token": token}), token
        right = hmac.new(HMAC.encode(), b"42", hashlib.sha256).hexdigest()
        for user, digest in (("43", right), ("42", right[:-1] + "é"), ("42", "0" * 64)):
            assert await refused(place, {"user": user, "hash": digest})


async def test_the_log_says_why_a_proof_was_refused_and_not_whose(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "channels.web")
    cases = {
        signed(sub="ada-77", kid="k2"): "the proof's kid is 'k2'; known are k1",
        signed("another secret that is long" * 3, sub="ada-77"): "signature",
        signed(sub="ada-77", by="HS512"): "alg",
        signed(sub="ada-77", aud="forum"): "aud is not shop",
        signed(sub="ada-77", exp=now() - 120): "has expired",
        signed(sub="ada-77", exp=now() + 2 * 3600): "too far ahead",
        signed(sub="ada-77", nbf=now() + 600): "still to come",
        signed(sub=None): "has no sub",
        "ada-77": "is no JWT",
    }
    async with proving(tmp_path) as place:
        for token, why in cases.items():
            caplog.clear()
            await refused(place, {"token": token})
            [line] = [text for text in caplog.messages if text.startswith("Refused")]
            assert line.startswith("Refused for site 'shop', origin None: ")
            assert why in line
            assert "ada-77" not in caplog.text
            assert token not in caplog.text
            assert token.rpartition(".")[2] not in caplog.text
        await refused(place, {"user": "ada-77", "hash": "0" * 64})
        assert "the hash is not that of" in caplog.text
        assert "ada-77" not in caplog.text
        assert "0" * 64 not in caplog.text


async def test_odd_claims_of_a_site_are_no_error_of_ours(tmp_path: Path) -> None:
    async with proving(tmp_path) as place:
        for odd in ({"exp": 10**400}, {"exp": float("inf")}, {"sub": "a\ud800"}, {"sub": 7}):
            assert await refused(place, {"token": signed(**odd)})
        token = signed(name="A\x00\x1b[2Jd\ud800a\n\nLove\u202elace")
        session = await place.session(site="shop", identity={"token": token})
        assert session["visitor"]["name"] == "A[2Jda Lovelace"


async def test_an_hmac_makes_the_visitor_known_too(tmp_path: Path) -> None:
    digest = hmac.new(HMAC.encode(), b"42", hashlib.sha256).hexdigest()
    async with proving(tmp_path) as place:
        for written in (digest, digest.upper()):
            proof = {"user": "42", "hash": written, "name": "Ada"}
            session = await place.session(site="shop", identity=proof)
            assert session["visitor"] == {"id": "shop:u:42", "name": "Ada", "known": True}


def pem(key: Any) -> str:
    """Return the public half as PEM."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode())


PAIRS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


async def test_keys_rotate(tmp_path: Path) -> None:
    old, new = PAIRS["RS256"](), PAIRS["ES256"]()
    (tmp_path / "old.pem").write_text(pem(old))
    (tmp_path / "new.pem").write_text(pem(new))
    of_old = {"algorithm": "RS256", "key_file": "old.pem"}
    of_new = {"algorithm": "ES256", "key_file": "new.pem"}
    by_old = signed(old, kid="old", by="RS256")
    by_new = signed(new, kid="new", by="ES256")
    async with proving(tmp_path, shop(old=of_old)) as place:
        assert await place.session(site="shop", identity={"token": by_old})
        assert await refused(place, {"token": by_new})
    async with proving(tmp_path, shop(old=of_old, new=of_new)) as place:
        for token in (by_old, by_new):
            assert await place.session(site="shop", identity={"token": token})
        # Each key signs with its own algorithm alone, and with several a token names its own.
        assert await refused(place, {"token": signed(pem(old).encode()[:64], kid="old")})
        assert await refused(place, {"token": signed(new, kid=None, by="ES256")})
    async with proving(tmp_path, shop(new=of_new)) as place:
        assert await refused(place, {"token": by_old})
        assert await place.session(site="shop", identity={"token": by_new})


@pytest.mark.parametrize("algorithm", PAIRS)
async def test_a_single_key_needs_no_name(tmp_path: Path, algorithm: str) -> None:
    key = PAIRS[algorithm]()
    (tmp_path / "key.pem").write_text(pem(key))
    text = shop(k1={"algorithm": algorithm, "key_file": "key.pem"})
    async with proving(tmp_path, text) as place:
        token = signed(key, kid=None, by=algorithm)
        assert await place.session(site="shop", identity={"token": token})


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ({"algorithm": "HS256", "key_env": "NOWHERE"}, "NOWHERE is neither"),
        ({"algorithm": "HS512", "key_env": "SHOP_HMAC"}, "at least 64"),
        ({"algorithm": "RS256", "key_env": "SHOP_KEY"}, "no key for RS256"),
        ({"algorithm": "RS256", "key_file": "private.pem"}, "this is a private key"),
        ({"algorithm": "ES256", "key_file": "rsa.pem"}, "no key for ES256"),
    ],
)
def test_a_key_that_is_none_keeps_the_server_from_starting(
    tmp_path: Path, key: dict[str, str], told: str
) -> None:
    pair = PAIRS["RS256"]()
    (tmp_path / "rsa.pem").write_text(pem(pair))
    private = pair.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "private.pem").write_bytes(private)
    with pytest.raises(SettingsError, match=told) as caught:
        Sites(settings(tmp_path, shop(k1=key)))
    assert "keys.k1" in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_a_site_that_proves_nobody_takes_no_proof(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("x"), web={"sites": {"shop": {}}}) as place:
        assert await refused(place, {"token": signed()})
        assert await refused(place, {"user": "42", "hash": "0" * 64})


async def test_an_anonymous_conversation_follows_the_person(tmp_path: Path) -> None:
    async with proving(tmp_path) as place:
        nobody = await place.visitor(site="shop")
        await nobody.answered("Where is my parcel?")
        proof = {"renew": nobody.session["renew"], "identity": {"token": signed()}}
        session = await place.session(site="shop", **proof)
        assert [each["id"] for each in session["conversations"]] == [nobody.key]
        ada = nobody.as_another(session)
        assert len((await ada.page())["messages"]) == 2
        assert (await ada.say("And now?")).status_code == 202
        assert (await nobody.ask("GET", nobody.path)).status_code == 404
        elsewhere = await place.session(site="shop", identity={"token": signed()})
        assert [each["id"] for each in elsewhere["conversations"]] == [nobody.key]


async def test_nobody_claims_what_another_person_said(tmp_path: Path) -> None:
    async with proving(tmp_path) as place:
        ada = await place.visitor(site="shop", identity={"token": signed(sub="ada")})
        await ada.answered("My secret.")
        # Somebody else logs in on the same machine, with Ada's session still in the page.
        taken = await place.session(
            site="shop", renew=ada.session["renew"], identity={"token": signed(sub="bob")}
        )
        assert taken["visitor"]["id"] == "shop:u:bob"
        assert taken["conversations"] == []
        assert (await ada.page())["messages"]
        # Naming her anonymous id is no proof of having been her.
        for renew in (ada.session["token"], "x.y.z"):
            body = {"renew": renew, "identity": {"token": signed(sub="bob")}}
            assert (await place.session(site="shop", **body))["conversations"] == []


async def test_a_session_that_has_ended_keeps_nobody_from_logging_in(tmp_path: Path) -> None:
    async with proving(tmp_path) as place:
        body = {"renew": "a.b.c", "identity": {"token": signed()}}
        assert (await place.session(site="shop", **body))["visitor"]["known"]


async def test_a_proof_lasts_for_some_hours(tmp_path: Path) -> None:
    clock = [now()]
    found = settings(tmp_path, shop(**ONE))
    backend = ScriptedBackend("Within 3 days.")
    async with door(tmp_path, backend, settings=found, clock=lambda: clock[0]) as place:
        session = await place.session(site="shop", identity={"token": signed(name="Ada")})
        clock[0] += 12 * 3600 - 60
        again = await place.session(site="shop", renew=session["renew"])
        assert again["visitor"] == session["visitor"]
        assert again["expires_in"] == pytest.approx(60)
        clock[0] += 61
        body = {"site": "shop", "renew": again["renew"]}
        refusal = await place.http.post("/v1/sessions", json=body)
    assert (refusal.status_code, refusal.json()["type"]) == (401, "urn:frontdesk:expired")


def test_every_id_has_a_name_of_its_own() -> None:
    ids = ["a", "A", "a.b", "a/b", "a b", "ü", "x" * 65, "", "u:a", "../a"]
    names = {customer_of("shop", Person(id=each)) for each in ids}
    assert len(names) == len(ids)
    stolen = customer_of("shop", Person(id="a/b")).removeprefix("shop:h:")
    assert customer_of("shop", Person(id=stolen)) not in names
    assert all(len(name) < 110 and name.isascii() and "/" not in name for name in names)
