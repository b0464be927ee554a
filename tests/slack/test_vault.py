"""Tokens of workspaces lie sealed; keys change without anybody installing anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.store.database import Database
from bot.store.installations import SqlInstallations
from channels.slack.installed import ManyWorkspaces, sealed_anew
from channels.slack.vault import Vault
from channels.slack.workspaces import NotInstalled, Workspace

TOKEN = "xoxb-1-very-secret"
OLD, NEW = Vault.new_key(), Vault.new_key()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("frontdesk.db*"))


def vault(*keys: str) -> Vault:
    return Vault.of(SecretStr(", ".join(keys)), place="SLACK_TOKEN_KEY")


def workspace(install: str = "T1", *, token: str = TOKEN) -> Workspace:
    return Workspace(
        install=install,
        token=SecretStr(token),
        team="Larkmoor",
        bot_user="UB",
        bot_id="B1",
        app_id="A1",
        scopes=frozenset({"chat:write"}),
    )


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[SqlInstallations]:
    database = await Database.open(f"sqlite:///{tmp_path}/frontdesk.db", clock=lambda: 1e9)
    yield SqlInstallations(database)
    await database.close()


def test_what_is_sealed_is_read_with_any_of_the_keys() -> None:
    sealed = vault(OLD).seal("T1", {"token": TOKEN})
    assert TOKEN not in sealed
    assert vault(NEW, OLD).open("T1", sealed) == {"token": TOKEN}
    with pytest.raises(SettingsError, match="T1 cannot be read with the keys in SLACK_TOKEN_KEY"):
        vault(NEW).open("T1", sealed)


def test_the_newest_key_seals() -> None:
    sealed = vault(NEW, OLD).seal("T1", {"token": TOKEN})
    assert vault(NEW).open("T1", sealed) == {"token": TOKEN}


def test_what_is_sealed_for_one_workspace_is_not_read_as_anothers() -> None:
    sealed = vault(OLD).seal("T1", {"token": TOKEN})
    with pytest.raises(SettingsError):
        vault(OLD).open("T2", sealed)
    with pytest.raises(SettingsError):
        vault(OLD).open("T1", sealed[:-4] + "AAA=")
    with pytest.raises(SettingsError):
        vault(OLD).open("T1", "not sealed, but ä")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", "SLACK_TOKEN_KEY holds no key. Make one with: bot slack key"),
        ("secret", "SLACK_TOKEN_KEY, key 1: 6 characters that are no key"),
        (f"{OLD},{NEW[:-2]}", "SLACK_TOKEN_KEY, key 2: 42 characters that are no key"),
        ("schlüssel", "key 1: 9 characters that are no key"),
    ],
    ids=["none", "no key", "cut", "not ASCII"],
)
def test_a_key_that_is_none_is_told_and_not_shown(keys: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        vault(keys)
    assert told in str(refused.value)
    assert not keys or keys not in str(refused.value)


async def test_a_workspace_is_found_again_and_its_token_is_not_in_the_database(
    kept: SqlInstallations, tmp_path: Path
) -> None:
    await ManyWorkspaces(kept, vault(OLD)).keep(workspace())
    assert await ManyWorkspaces(kept, vault(OLD)).find("T1") == workspace()
    content = everything_in(tmp_path)
    assert b"Larkmoor" in content
    assert TOKEN.encode() not in content


async def test_a_new_key_seals_everything_anew_and_the_old_one_can_go(
    kept: SqlInstallations,
) -> None:
    for install in ("T1", "T2", "T3"):
        await ManyWorkspaces(kept, vault(OLD)).keep(workspace(install))
    await ManyWorkspaces(kept, vault(NEW, OLD)).keep(workspace("T3"))
    before = {each.name: each.at for each in await kept.all("slack")}
    assert await sealed_anew(kept, vault(NEW, OLD)) == 2
    assert await sealed_anew(kept, vault(NEW)) == 0
    assert await ManyWorkspaces(kept, vault(NEW)).find("T2") == workspace("T2")
    assert {each.name: each.at for each in await kept.all("slack")} == before


async def test_what_no_key_opens_is_named_and_left_as_it_is(kept: SqlInstallations) -> None:
    await ManyWorkspaces(kept, vault(OLD)).keep(workspace("T1"))
    with pytest.raises(SettingsError, match="What is kept of T1"):
        await sealed_anew(kept, vault(NEW))
    assert await ManyWorkspaces(kept, vault(OLD)).find("T1") == workspace("T1")


async def test_nobody_is_found_where_nobody_installed(kept: SqlInstallations) -> None:
    with pytest.raises(NotInstalled, match="T9"):
        await ManyWorkspaces(kept, vault(OLD)).find("T9")


async def test_a_workspace_that_installs_again_has_its_new_token_at_once(
    kept: SqlInstallations,
) -> None:
    many = ManyWorkspaces(kept, vault(OLD))
    await many.keep(workspace())
    await many.find("T1")
    await many.keep(workspace(token="xoxb-2"))
    assert (await many.find("T1")).token.get_secret_value() == "xoxb-2"


async def test_another_process_learns_of_it_within_a_minute(kept: SqlInstallations) -> None:
    now = 0.0
    many = ManyWorkspaces(kept, vault(OLD), clock=lambda: now)
    await many.keep(workspace())
    await many.find("T1")
    await ManyWorkspaces(kept, vault(OLD)).keep(workspace(token="xoxb-2"))
    assert (await many.find("T1")).token.get_secret_value() == TOKEN
    now = 60.0
    assert (await many.find("T1")).token.get_secret_value() == "xoxb-2"


async def test_a_workspace_that_removed_the_app_is_forgotten(kept: SqlInstallations) -> None:
    many = ManyWorkspaces(kept, vault(OLD))
    await many.keep(workspace())
    await many.find("T1")
    await many.forget("T1", at=0)
    with pytest.raises(NotInstalled):
        await many.find("T1")


async def test_a_late_word_of_a_removal_does_not_undo_a_new_installation(
    kept: SqlInstallations,
) -> None:
    many = ManyWorkspaces(kept, vault(OLD))
    await many.keep(workspace())
    installed = await kept.find("slack", "T1")
    assert installed is not None
    await many.forget("T1", at=installed.at - 1)
    assert await many.find("T1") == workspace()
    await many.forget("T1", at=installed.at + 1)
    with pytest.raises(NotInstalled):
        await many.find("T1")
