"""Which arm a conversation belongs to."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.router.splitting import arm
from bot.settings import RouterSettings, Split

MANY = range(1, 2001)


def split(name: str, share: float) -> Split:
    return Split(name=name, share=share, chain=("b",))


def arms(*splits: Split) -> dict[int, str]:
    """Return the arm of many conversations, by their ids."""
    found = {id_: arm(id_, splits) for id_ in MANY}
    return {id_: one.name if one else "rest" for id_, one in found.items()}


shares = st.lists(st.integers(1, 30), min_size=1, max_size=3).map(
    lambda found: [split(f"arm-{n}", share) for n, share in enumerate(found)]
)


@settings(max_examples=30, deadline=None)
@given(shares)
def test_every_arm_gets_its_share(splits: list[Split]) -> None:
    counted = Counter(arms(*splits).values())
    for each in splits:
        # More than four standard deviations of a fair draw of so many.
        assert abs(counted[each.name] / len(MANY) - each.share / 100) < 0.05


@settings(max_examples=30, deadline=None)
@given(shares, st.integers(1, 10), st.data())
def test_an_arm_that_grows_loses_nobody_and_moves_nobody_between_the_others(
    splits: list[Split], more: int, data: st.DataObject
) -> None:
    before = arms(*splits)
    place = data.draw(st.integers(0, len(splits) - 1))
    grown = splits[place]
    splits[place] = split(grown.name, grown.share + more)
    after = arms(*splits)
    moved = [id_ for id_ in MANY if before[id_] != after[id_]]
    assert all(before[id_] != grown.name for id_ in moved)
    assert all(grown.name == after[id_] or before[id_] == "rest" for id_ in moved)
    assert len(moved) / len(MANY) < 2 * more / 100 + 0.03


def test_with_one_arm_only_those_move_that_it_gains() -> None:
    before, after = arms(split("new", 20)), arms(split("new", 30))
    moved = [id_ for id_ in MANY if before[id_] != after[id_]]
    assert {before[id_] for id_ in moved} == {"rest"}
    assert abs(len(moved) / len(MANY) - 0.1) < 0.03


def test_it_is_the_same_on_every_machine_and_for_ever() -> None:
    found = [arm(id_, [split("new", 40)]) for id_ in range(1, 9)]
    assert [bool(one) for one in found] == [True, True, False, True, False, False, True, False]


def test_all_of_them_is_all_of_them() -> None:
    assert set(arms(split("one", 60), split("other", 40)).values()) == {"one", "other"}


@pytest.mark.parametrize(
    ("splits", "told"),
    [
        ([split("a", 60), split("b", 41)], "the shares come to 101 percent"),
        ([split("a", 10), split("a", 10)], "the name 'a' is given twice"),
        ([split("rest", 10)], "'rest' are the conversations of no arm"),
    ],
)
def test_arms_that_cannot_be_are_refused(splits: list[Split], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RouterSettings(split=tuple(splits))


def test_shares_that_come_to_all_may_be_fractions() -> None:
    splits = [split("a", 28.6), split("b", 35.7), split("c", 35.7)]
    assert "rest" not in arms(*RouterSettings(split=tuple(splits)).split).values()
