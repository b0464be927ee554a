"""Whoever keeps installations finds them again, and takes each state back once."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.store import tables
from bot.store.database import Database
from bot.store.installations import SqlInstallations


@pytest.fixture
def installations(database: Database) -> SqlInstallations:
    return SqlInstallations(database)


async def test_an_installation_is_found_again(installations: SqlInstallations) -> None:
    await installations.keep("slack", "T1", sealed="…", about={"team": "Tea & Co"})
    found = await installations.find("slack", "T1")
    assert found
    assert (found.name, found.sealed, found.about) == ("T1", "…", {"team": "Tea & Co"})
    assert found.at > 1_700_000_000
    assert await installations.all("slack") == [found]


async def test_a_new_installation_takes_the_place_of_the_old_one(
    installations: SqlInstallations,
) -> None:
    await installations.keep("slack", "T1", sealed="old", about={"team": "Tea & Co", "more": "x"})
    await installations.keep("slack", "T1", sealed="new", about={"team": "Tea"})
    (found,) = await installations.all("slack")
    assert (found.sealed, found.about) == ("new", {"team": "Tea"})


async def test_what_is_sealed_is_replaced_only_where_it_is_still_the_same(
    installations: SqlInstallations,
) -> None:
    await installations.keep("slack", "T1", sealed="old", about={"team": "Tea & Co"})
    await installations.keep("slack", "T2", sealed="old", about={})
    kept = await installations.find("slack", "T1")
    assert kept
    assert await installations.reseal("slack", "T1", old="old", new="new")
    assert not await installations.reseal("slack", "T1", old="old", new="newer")
    assert not await installations.reseal("slack", "T9", old="old", new="new")
    assert await installations.find("slack", "T1") == replace(kept, sealed="new")
    assert [each.sealed for each in await installations.all("slack")] == ["new", "old"]


async def test_channels_know_nothing_of_each_others_installations(
    installations: SqlInstallations,
) -> None:
    for name in ("T2", "T1"):
        await installations.keep("slack", name, sealed=name, about={})
    assert [each.name for each in await installations.all("slack")] == ["T1", "T2"]
    assert await installations.all("teams") == []
    assert await installations.find("teams", "T1") is None
    kept = await installations.find("slack", "T1")
    assert kept
    assert not await installations.remove("teams", "T1", at=kept.at)
    assert not await installations.remove("slack", "T1", at=kept.at - 1)
    assert await installations.remove("slack", "T1", at=kept.at)
    assert not await installations.remove("slack", "T1", at=kept.at)
    assert [each.name for each in await installations.all("slack")] == ["T2"]


@pytest.mark.parametrize("name", ["", "T" * 10_000, "T1\0", "\ud800"])
async def test_a_name_that_is_not_there_finds_nothing(
    installations: SqlInstallations, name: str
) -> None:
    await installations.keep("slack", "T1", sealed="…", about={})
    assert await installations.find("slack", name) is None
    assert not await installations.remove("slack", name, at=0)
    assert not await installations.redeem("slack", name)


async def test_a_state_is_redeemed_once(installations: SqlInstallations) -> None:
    await installations.issue("slack", "abc", seconds=600)
    assert not await installations.redeem("teams", "abc")
    assert not await installations.redeem("slack", "abd")
    redeemed = await asyncio.gather(*(installations.redeem("slack", "abc") for _ in range(5)))
    assert sorted(redeemed) == [False, False, False, False, True]


async def test_a_state_is_good_until_its_time_is_over(
    installations: SqlInstallations, database: Database
) -> None:
    await installations.issue("slack", "old", seconds=-1)
    assert not await installations.redeem("slack", "old")
    await installations.issue("slack", "older", seconds=-1)
    await installations.issue("slack", "new", seconds=600)
    count = select(func.count()).select_from(tables.OAuthState)
    assert await database.read(lambda line: line.execute(count).scalar_one()) == 1
