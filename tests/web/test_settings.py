"""What ``[web]`` says is checked before anybody is served."""

import json
from pathlib import Path

import pytest

from bot.errors import MissingExtra, SettingsError
from bot.settings import Settings, WebSettings, load
from channels.cli import extras
from tests.test_cli import pipe

_ONE = '[backends.one]\nkind = "scripted"\nanswers = ["So."]\n'


def read(folder: Path, text: str) -> WebSettings:
    file = folder / "bot.toml"
    file.write_text(text)
    return load(file, environment={}).web


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("web.port = 70000", "web.port = 70000: must be at most 65535"),
        ("web.proxies = ['example.org']", "must be an address or a network, as '10.0.0.0/8'"),
        ("web.token_minutes = 0", "web.token_minutes = 0: must be more than 0"),
        ("[web.sites.'My Shop']", "a site cannot be called 'My Shop'"),
        ("[web.sites.shop]\norigins = ['shop.example']", "must be an origin without a path"),
        ("[web.sites.shop]\norigins = ['https://shop.example/x']", "an origin without a path"),
        ("[web.sites.shop]\norigins = ['https://*.example']", "an origin without a path"),
        ("[web.sites.shop]\norigins = ['https://shop.example:0']", "an origin without a path"),
        ("[web.sites.shop]\ntitel = 'x'", "Did you mean 'title'?"),
        ("[web.sites.shop.identity]\nhmac = 'x'", "Did you mean 'hmac_env'?"),
        ("[web.sites.shop.identity.keys.k]\nalgorithm = 'none'", "algorithm = 'none': must be"),
        ("[web.sites.shop.identity.keys.k]\nalgorithm = 'RS256'", "needs either key_env or"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)


def test_origins_are_written_as_browsers_write_them(tmp_path: Path) -> None:
    origins = "['https://Shop.example:443/', 'http://[::1]:8080', 'http://shop:80']"
    web = read(tmp_path, f"[web.sites.shop]\norigins = {origins}")
    assert web.sites["shop"].origins == (
        "https://shop.example",
        "http://[::1]:8080",
        "http://shop",
    )


def test_secrets_are_found_by_the_names_that_settings_give(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(
        "[web]\nsecret_env = 'A'\n[web.sites.s.identity]\nhmac_env = 'B'\n"
        "[web.sites.s.identity.keys.k]\nalgorithm = 'HS256'\nkey_env = 'C'\n"
    )
    environment = {name: f"hidden-{name}" for name in "ABCD"}
    settings = load(tmp_path / "bot.toml", environment=environment)
    for name in "ABC":
        secret = settings.secret(name)
        assert secret is not None
        assert secret.get_secret_value() == environment[name]
    assert settings.secret("D") is None
    assert not any(value in repr(settings) for value in environment.values())
    with pytest.raises(SettingsError, match="D is neither in the environment nor"):
        settings.demand("D", place="here")


def test_without_sites_there_is_one() -> None:
    assert list(Settings().web.known_sites) == ["default"]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("[web]\nsecret_env = 'NOWHERE'", "NOWHERE is neither in the environment"),
        ("[web]\nsecret_env = 'PATH_TO'", "can be guessed"),
        ("[web.sites.shop]\ntitle = 'Ask'", "only this server's own pages"),
        (
            "[web.sites.shop.identity.keys.k]\nalgorithm = 'RS256'\nkey_file = 'bot.toml'",
            "keys.k: this is no key for RS256",
        ),
    ],
)
def test_the_doctor_names_what_keeps_the_chat_from_being_served(
    tmp_path: Path, text: str, fact: str
) -> None:
    (tmp_path / "secrets.toml").write_text("PATH_TO = 'short'")
    (tmp_path / "secrets.toml").chmod(0o600)
    (tmp_path / "bot.toml").write_text(f'secrets = "secrets.toml"\n{_ONE}{text}\n')
    found = json.loads(pipe(tmp_path, "doctor", "--json").stdout)
    told = [each for each in found if each["about"].startswith(("web", "site"))]
    assert any(fact in each["fact"] and not each["well"] for each in told)


def test_a_missing_extra_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras.missing("web") == []
    monkeypatch.setitem(extras.NEEDED, "web", ("fastapi", "no_such_package"))
    assert extras.missing("web") == ["no_such_package"]
    with pytest.raises(MissingExtra, match=r"pip install 'frontdesk\[web\]'"):
        extras.check("web")
