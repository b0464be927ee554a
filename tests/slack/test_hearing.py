"""What is understood of whatever arrives from Slack."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.messages import Rating
from channels.slack.envelopes import installs, kind
from channels.slack.heard import (
    Asked,
    Began,
    Call,
    Deleted,
    Edited,
    Heard,
    Ignored,
    Left,
    OpenedHome,
    OpenedMessages,
    Rated,
    Said,
    Stopped,
)
from channels.slack.hearing import Ears
from channels.slack.places import Place
from tests.slack.bodies import (
    ADA,
    BOB,
    BOT,
    CHAT,
    DIRECT,
    INSTALL,
    SHOP,
    TS,
    Body,
    changed,
    click,
    command,
    deleted,
    envelope,
    in_channel,
    message,
    shortcut,
)
from tests.slack.mutilations import mutilated

EARS = Ears(workspace=SHOP)
LATER = "1700000007.000100"


def hear(event: Body, **more: Any) -> Heard:
    return EARS.hear(envelope(event, **more))


def said(event: Body, **more: Any) -> Said:
    heard = hear(event, **more)
    assert isinstance(heard, Said), heard
    return heard


def why(heard: Heard) -> str:
    assert isinstance(heard, Ignored), heard
    return heard.reason


# --- What is kept -------------------------------------------------------------------------------


def test_a_direct_message_is_for_the_bot() -> None:
    heard = said(message("Where is my parcel?"))
    assert heard.call is Call.DIRECT
    assert heard.place == Place(install=INSTALL, channel=DIRECT, thread=TS)
    inbound = heard.inbound
    assert (inbound.channel, inbound.key) == ("slack", f"{INSTALL}:{DIRECT}:{TS}")
    assert (inbound.customer, inbound.text) == (f"{INSTALL}:{ADA}", "Where is my parcel?")
    assert (inbound.attributes, inbound.external_id) == ({}, f"{DIRECT}:{TS}")


def test_a_mention_is_one_message_as_whatever_it_arrives() -> None:
    words = f"<@{BOT}> where is my parcel?"
    once = said(in_channel(words))
    again = said(in_channel(words, type="app_mention"))
    assert once == again
    assert (once.call, once.text) == (Call.MENTION, "where is my parcel?")


def test_a_reply_in_a_thread_may_be_for_the_bot() -> None:
    heard = said(in_channel("And abroad?", ts=LATER, thread_ts=TS))
    assert (heard.call, heard.place.thread, heard.ts) == (Call.REPLY, TS, LATER)


def test_a_mention_in_blocks_alone_is_one() -> None:
    sections = [{"type": "user", "user_id": BOT}, {"type": "text", "text": " hello"}]
    section = {"type": "rich_text_section", "elements": sections}
    blocks = [{"type": "rich_text", "elements": [section]}]
    assert said(in_channel("", blocks=blocks)).call is Call.MENTION


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "", None])
def test_these_subtypes_are_a_persons_words(subtype: str | None) -> None:
    assert said(message(subtype=subtype)).text == "Where is my parcel?"


def test_forty_thousand_characters_are_heard() -> None:
    assert len(said(message("x" * 40_000)).text) == 40_000


@pytest.mark.parametrize("sign", ["user_team", "source_team", "team"])
def test_a_stranger_keeps_their_own_team(sign: str) -> None:
    event = in_channel(f"<@{BOT}> hello", **{"team": "T1", sign: "T9"})
    heard = said(event, is_ext_shared_channel=True)
    assert heard.inbound.attributes == {"team": "T9"}


# --- What is ignored ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (message(bot_id="B9"), "of a bot"),
        (message(bot_profile={"id": "B9"}), "of a bot"),
        (message(app_id="A9"), "of a bot"),
        (message(subtype="bot_message", user=None), "of a bot"),
        (message(bot_id="BBOT"), "said by the bot itself"),
        (message(user=BOT), "said by the bot itself"),
        (message(user="USLACKBOT"), "of Slack itself"),
        (message(hidden=True), "hidden"),
        (message(is_ephemeral=True), "hidden"),
        (message(subtype="channel_join"), "not a person's words"),
        (message(subtype="channel_leave"), "not a person's words"),
        (message(subtype="channel_topic"), "not a person's words"),
        (message(subtype="assistant_app_thread"), "not a person's words"),
        (message(subtype="of tomorrow"), "not a person's words"),
        (message(subtype="ekm_access_denied"), "the organisation's key was withdrawn"),
        (message(user=None), "it tells no user"),
        (message(channel=None), "it tells no channel"),
        (message(ts=None), "it tells no ts"),
        (message(ts="yesterday"), "it tells no ts"),
        (message(channel="C1:C2"), "it tells no channel"),
        (in_channel("hello everyone"), "not said to the bot"),
        (in_channel(f"<@{BOB}> yes?", ts=LATER, thread_ts=TS), "said to someone else"),
        (in_channel("<!here> lunch", ts=LATER, thread_ts=TS), "said to someone else"),
        ({"type": "reaction_added", "user": ADA}, "nothing is done about those"),
        ({"type": "member_joined_channel", "user": ADA}, "nothing is done about those"),
        ({"type": "of_tomorrow"}, "nothing is done about those"),
        ({"type": 7}, "nothing is done about those"),
        ({"type": "app_home_opened", "user": ADA, "tab": "about"}, "an unknown tab"),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, "no token of the bot"),
    ],
)
def test_it_is_ignored_with_a_reason(event: Body, reason: str) -> None:
    assert why(hear(event)).startswith(reason)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "event_callback"},
        {"type": "event_callback", "event": []},
        {"type": "event_callback", "event": {"type": "message"}},
        {"type": "view_submission", "view": {}},
        {"type": "block_suggestion", "value": "a"},
        {"type": "interactive_message", "actions": []},
        {"type": "shortcut", "callback_id": "frontdesk_ask"},
        {"type": "message_action", "callback_id": "another"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": [{"action_id": "another"}]},
        command("hello", command="/deploy"),
        command("hello", trigger_id=None),
        click("frontdesk_feedback", "splendid:abc"),
        click("frontdesk_feedback", "good:../../etc"),
        click("frontdesk_stop", "T1:C9:1.2"),
        click("frontdesk_stop", "T9:D1:1.2"),
        click("frontdesk_stop", "nothing"),
    ],
)
def test_a_body_that_asks_nothing_is_ignored(body: Body) -> None:
    assert why(EARS.hear(body))


def test_people_of_other_organisations_may_be_left_alone() -> None:
    wary = replace(EARS, strangers=False)
    event = in_channel(f"<@{BOT}> hello", team="T9")
    assert why(wary.hear(envelope(event, is_ext_shared_channel=True, team_id="T9"))) == (
        "of another organisation"
    )
    assert isinstance(wary.hear(envelope(in_channel(f"<@{BOT}> hello"))), Said)
    colleague = envelope(event)
    assert isinstance(wary.hear(colleague), Said)


def test_a_bot_whose_id_is_not_known_hears_people() -> None:
    heard = replace(EARS, workspace=replace(SHOP, bot_id="")).hear(envelope(message()))
    assert isinstance(heard, Said)


def test_a_reason_never_quotes_what_was_written() -> None:
    odd = {"type": "Where is my parcel?", "subtype": "It was blue."}
    assert hear(odd) == Ignored(kind="unknown/unknown", reason="nothing is done about those")


# --- Edits and deletions ------------------------------------------------------------------------


def test_an_edit_tells_how_the_message_stands_now() -> None:
    heard = hear(changed(message("Where are my boots?"), message("Where is my parcel?")))
    assert isinstance(heard, Edited)
    assert heard.said.text == "Where are my boots?"
    assert heard.said.external_id == f"{DIRECT}:{TS}"


def test_an_edit_may_take_the_mention_away() -> None:
    heard = hear(changed(in_channel("nothing"), in_channel(f"<@{BOT}> nothing")))
    assert isinstance(heard, Edited)
    assert heard.said.call is Call.NONE


def test_the_unfolding_of_a_link_is_no_edit() -> None:
    before = message("see https://shop.example")
    after = before | {"attachments": [{"title": "The shop", "from_url": "https://shop.example"}]}
    assert why(hear(changed(after, before))) == "no word was changed"


def test_an_edit_of_the_bots_own_message_is_ignored() -> None:
    assert why(hear(changed(message(user=BOT, bot_id="BBOT")))) == "said by the bot itself"


@pytest.mark.parametrize(
    "event",
    [deleted(before=message()), deleted(), changed({"subtype": "tombstone", "ts": TS})],
)
def test_a_deleted_message_is_told(event: Body) -> None:
    assert hear(event) == Deleted(external_id=f"{DIRECT}:{TS}")


def test_the_bots_own_deletions_are_ignored() -> None:
    assert why(hear(deleted(before=message(user=BOT, bot_id="BBOT")))) == "of a bot"


# --- Buttons, commands and the rest -------------------------------------------------------------

THREAD = Place(install=INSTALL, channel=DIRECT, thread=TS)


@pytest.mark.parametrize(
    ("value", "rating"), [("good:abc123", Rating.GOOD), ("bad:abc123", Rating.BAD)]
)
def test_a_rating_names_its_turn_and_its_thread(value: str, rating: Rating) -> None:
    heard = EARS.hear(click("frontdesk_feedback", value))
    assert heard == Rated(place=THREAD, user=ADA, turn="abc123", rating=rating)


def test_stop_is_heard_from_our_button_and_from_slacks() -> None:
    assert EARS.hear(click("frontdesk_stop", THREAD.key)) == Stopped(
        place=THREAD, trigger="11.22.trigger"
    )
    event = {"type": "agent_session_stopped", "channel": DIRECT, "thread_ts": TS, "user": ADA}
    assert hear(event) == Stopped(place=THREAD)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (
            command("Why?"),
            Asked(
                install=INSTALL,
                channel=CHAT,
                user=ADA,
                text="Why?",
                trigger="11.22.command",
                spoken=True,
            ),
        ),
        (
            shortcut("Why?"),
            Asked(
                install=INSTALL,
                channel=CHAT,
                user=ADA,
                text="Why?",
                trigger="11.22.shortcut",
                spoken=False,
            ),
        ),
        (
            click("frontdesk_suggest:2", "Why?", channel=None),
            Asked(
                install=INSTALL,
                channel="",
                user=ADA,
                text="Why?",
                trigger="11.22.trigger",
                spoken=False,
            ),
        ),
    ],
)
def test_a_question_may_come_by_command_shortcut_or_button(body: Body, asked: Asked) -> None:
    assert EARS.hear(body) == asked


def test_who_opens_the_bot_is_told() -> None:
    opened = {"type": "app_home_opened", "user": ADA, "channel": DIRECT}
    assert hear(opened | {"tab": "home"}) == OpenedHome(install=INSTALL, user=ADA)
    assert hear(opened | {"tab": "messages"}) == OpenedMessages(
        install=INSTALL, user=ADA, channel=DIRECT
    )
    thread = {"user_id": ADA, "channel_id": DIRECT, "thread_ts": TS, "context": {}}
    assert hear({"type": "assistant_thread_started", "assistant_thread": thread}) == Began(
        place=THREAD
    )


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}]
)
def test_a_workspace_that_leaves_is_told(event: Body) -> None:
    assert hear(event) == Left(install=INSTALL, at=1700000000.0)


def test_an_organisation_that_leaves_takes_no_workspace_with_it() -> None:
    """It may have installed the app by itself, and what is told twice finds only that."""
    granted = {"enterprise_id": "E1", "team_id": INSTALL, "is_enterprise_install": True}
    body = envelope({"type": "app_uninstalled"}, authorizations=[granted])
    assert EARS.hear(body) == Ignored(
        kind="app_uninstalled", reason="of a place that is forgotten already"
    )


# --- Where it comes from ------------------------------------------------------------------------


def test_an_event_comes_from_where_it_was_granted() -> None:
    shared = envelope(message(), team_id="T9", is_ext_shared_channel=True)
    assert [each for each in installs(shared) if each][:2] == [INSTALL, "T9"]


def test_an_organisation_comes_before_its_workspaces() -> None:
    granted = {"is_enterprise_install": True, "enterprise_id": "E1", "team_id": "T1"}
    assert next(installs(envelope(message(), authorizations=[granted]))) == "E1"
    assert (
        next(
            iter(
                filter(
                    None,
                    installs(command("hello", is_enterprise_install="true", enterprise_id="E1")),
                )
            )
        )
        == "E1"
    )


@pytest.mark.parametrize("odd", [[], {}, None, 7])
def test_an_odd_sign_of_an_organisation_is_none(odd: Any) -> None:
    assert next(filter(None, installs(command("hello", is_enterprise_install=odd)))) == INSTALL


def test_a_strangers_click_comes_from_where_the_message_is() -> None:
    body = click("frontdesk_feedback", "good:a", team={"id": "T9"})
    assert next(filter(None, installs(body))) == INSTALL


def test_a_kind_fits_a_log() -> None:
    assert kind(envelope(message(subtype="file_share"))) == "message/file_share"
    assert kind(command("hello")) == "command"
    assert kind([1]) == "unknown"


# --- Whatever it is -----------------------------------------------------------------------------


@given(mutilated())
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_arrives_becomes_a_value(body: Any) -> None:
    heard = EARS.hear(body)
    assert kind(body).isascii()
    assert all(isinstance(each, str) for each in installs(body))
    if isinstance(heard, Said):
        assert Place.of(heard.place.key) == heard.place
        assert len(heard.inbound.key) < 200
        assert len(heard.external_id) < 200
