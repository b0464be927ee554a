"""Where in Slack a conversation happens."""

import pytest

from channels.slack.places import Place, customer, message_id, user_of

PLACE = Place(install="T1", channel="C1", thread="1700000000.000100")


def test_a_place_is_found_again_by_its_key() -> None:
    assert PLACE.key == "T1:C1:1700000000.000100"
    assert Place.of(PLACE.key) == PLACE


@pytest.mark.parametrize("key", ["", "one", "T1:C1", "T1:C1:1.2:3", "T1::1.2", "::"])
def test_a_key_of_another_channel_is_no_place(key: str) -> None:
    with pytest.raises(ValueError, match="no key of a conversation"):
        Place.of(key)


def test_only_a_direct_message_is_direct() -> None:
    assert not PLACE.is_direct
    assert Place(install="T1", channel="D1", thread="1.2").is_direct


def test_people_of_two_workspaces_are_two_customers() -> None:
    assert customer("T1", "U1") != customer("T2", "U1")
    assert user_of(customer("T1", "U1")) == "U1"


def test_a_message_has_one_id_in_its_channel() -> None:
    assert message_id("C1", "1.2") != message_id("C2", "1.2")
