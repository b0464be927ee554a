"""The manifest says to Slack what the bot needs, and nothing else."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.settings import Settings
from channels.slack.manifest import Mode, manifest
from channels.slack.scopes import SCOPES, lacking

README = Path(__file__).parents[2] / "channels/slack/README.md"
URL = "https://bot.shop.example"


def made(mode: Mode | None = None, **slack: Any) -> dict[str, Any]:
    settings = Settings.model_validate({"bot": {"name": "Birch"}, "slack": slack})
    return manifest(settings, mode=mode)


def events(found: dict[str, Any]) -> list[str]:
    heard: list[str] = found["settings"]["event_subscriptions"]["bot_events"]
    return heard


def test_a_bot_without_a_section_is_an_agent_on_a_socket() -> None:
    found = manifest(Settings())
    assert found["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in found["settings"]["event_subscriptions"]
    assert found["features"]["agent_view"]["agent_description"]
    assert "assistant_view" not in found["features"]
    assert "redirect_urls" not in found["oauth_config"]
    assert found["oauth_config"]["scopes"] == {"bot": sorted(SCOPES)}


def test_each_view_hears_its_own_events() -> None:
    agent, assistant = events(made()), events(made(view="assistant"))
    assert set(agent) - set(assistant) == {"agent_session_stopped"}
    assert set(assistant) - set(agent) == {"assistant_thread_started"}
    assert {"message.im", "app_mention", "app_uninstalled", "app_home_opened"} <= set(agent)
    assert "assistant_view" in made(view="assistant")["features"]


def test_over_http_slack_is_told_where() -> None:
    found = made("http", url=URL)
    assert found["settings"]["socket_mode_enabled"] is False
    assert found["settings"]["event_subscriptions"]["request_url"] == f"{URL}/slack/events"
    assert found["settings"]["interactivity"]["request_url"] == f"{URL}/slack/events"
    assert found["features"]["slash_commands"][0]["url"] == f"{URL}/slack/events"


def test_the_mode_of_the_settings_counts_where_none_is_asked_for() -> None:
    assert made(url=URL, mode="http") == made("http", url=URL)


@pytest.mark.parametrize("slack", [{"mode": "http"}, {"oauth": {"client_id": "1.2"}}])
def test_an_address_that_slack_must_know_and_that_is_not_set_is_named(slack: Any) -> None:
    with pytest.raises(SettingsError, match=r"\[slack\] url"):
        made(**slack)


def test_with_oauth_slack_knows_where_to_send_people_back_to() -> None:
    found = made(url=URL, oauth={"client_id": "1.2"})
    assert found["oauth_config"]["redirect_urls"] == [f"{URL}/slack/oauth_redirect"]
    assert found["settings"]["org_deploy_enabled"] is True


def test_a_bot_without_a_command_has_none() -> None:
    assert made()["features"]["slash_commands"][0]["command"] == "/ask"
    assert "slash_commands" not in made(command="")["features"]
    assert made()["features"]["shortcuts"][0]["callback_id"] == "frontdesk_ask"


def test_nothing_is_longer_than_slack_takes() -> None:
    long = "word " * 200
    settings = {"bot": {"name": long, "company": long}, "slack": {"suggestions": [long]}}
    found = manifest(Settings.model_validate(settings))
    assert len(found["display_information"]["name"]) <= 35
    assert len(found["display_information"]["description"]) <= 140
    assert len(found["features"]["bot_user"]["display_name"]) <= 80
    assert len(found["features"]["shortcuts"][0]["name"]) <= 24
    assert len(found["features"]["agent_view"]["agent_description"]) <= 300
    [prompt] = found["features"]["agent_view"]["suggested_prompts"]
    assert prompt["message"] == long


def test_every_scope_that_lacks_is_named_with_what_it_is_for() -> None:
    assert lacking(SCOPES) == []
    assert lacking(set(SCOPES) - {"chat:write"}) == [
        "chat:write: the bot writes its answers, and removes what it withdraws"
    ]
    assert len(lacking(())) == len(SCOPES)


def test_the_settings_of_the_readme_are_valid() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 2
    for block in blocks:
        settings = Settings.model_validate(tomllib.loads(block))
        assert manifest(settings)["settings"]["socket_mode_enabled"] is False


def test_the_readme_lists_every_scope() -> None:
    rows = dict(re.findall(r"^\| `([a-z_:]+)` \| (.+) \|$", README.read_text(), re.MULTILINE))
    assert {scope: rows.get(scope) for scope in SCOPES} == dict(SCOPES)
