"""The fake Slack refuses what Slack refuses, and says so with Slack's own code."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers.slack.rules import refusal

BUTTON = {
    "type": "button",
    "action_id": "stop",
    "text": {"type": "plain_text", "text": "Stop"},
    "value": "one",
}
MARKDOWN = {"type": "markdown", "text": "**Yes.**"}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}
CONTEXT: dict[str, Any] = {
    "type": "context",
    "elements": [{"type": "mrkdwn", "text": "[1] Shipping"}],
}
FEEDBACK: dict[str, Any] = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
        }
    ],
}
METADATA = {"event_type": "reply", "event_payload": {"turn": "t1", "part": 0, "last": True}}
POST = {"channel": "C1", "text": "Yes.", "blocks": [MARKDOWN, CONTEXT, FEEDBACK]}
STREAM = {"channel": "D1", "thread_ts": "1.2", "chunks": [{"type": "markdown_text", "text": "Y"}]}
APPEND = {"channel": "D1", "ts": "1.3", "chunks": [{"type": "markdown_text", "text": "Yes"}]}
HOME = {"user_id": "U1", "view": {"type": "home", "blocks": [SECTION]}}


def posted(*blocks: Any, **arguments: Any) -> str | None:
    return refusal("chat.postMessage", {"channel": "C1", "blocks": list(blocks), **arguments})


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat.postMessage", {**POST, "metadata": METADATA, "thread_ts": "1.2"}),
        ("chat.postMessage", {"channel": "C1", "markdown_text": "**Yes.**"}),
        ("chat.postMessage", {"channel": "C1", "blocks": '[{"type": "divider"}]'}),
        ("chat.postEphemeral", {**POST, "user": "U1"}),
        ("chat.update", {**POST, "ts": "1.2"}),
        ("chat.startStream", STREAM),
        ("chat.startStream", {"channel": "D1", "thread_ts": "1.2"}),
        ("chat.appendStream", APPEND),
        ("chat.stopStream", {"channel": "D1", "ts": "1.3", "session_status": "active"}),
        ("chat.stopStream", {**APPEND, "blocks": [CONTEXT, FEEDBACK], "metadata": METADATA}),
        ("views.publish", HOME),
        ("agents.sessions.setStatus", {"channel_id": "D1", "status": "processing"}),
        ("chat.delete", {}),
    ],
)
def test_what_is_well_formed_passes(method: str, arguments: dict[str, Any]) -> None:
    assert refusal(method, arguments) is None


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({**MARKDOWN, "text": "x" * 12_001}, "invalid_blocks"),
        ({**MARKDOWN, "text": "🙂" * 6_001}, "invalid_blocks"),
        ({**MARKDOWN, "text": " \n"}, "invalid_blocks"),
        ({**MARKDOWN, "text": "\ud83d"}, "invalid_blocks"),
        ({**MARKDOWN, "verbatim": True}, "invalid_blocks"),
        ({**SECTION, "text": {"type": "mrkdwn", "text": "x" * 3_001}}, "invalid_blocks"),
        ({**SECTION, "block_id": "x" * 256}, "invalid_blocks"),
        ({**CONTEXT, "elements": CONTEXT["elements"] * 11}, "invalid_blocks"),
        ({**CONTEXT, "elements": []}, "invalid_blocks"),
        ({"type": "actions", "elements": [BUTTON, BUTTON]}, "invalid_blocks"),
        ({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2_001}]}, "invalid_blocks"),
        ({"type": "actions", "elements": [{**BUTTON, "url": "javascript:1"}]}, "invalid_blocks"),
        ({**FEEDBACK, "elements": FEEDBACK["elements"] * 6}, "invalid_blocks"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "Title"}}, "invalid_blocks"),
        ({"type": "new"}, "invalid_blocks"),
        ({"type": []}, "invalid_blocks"),
        ({**MARKDOWN, "text": "&" * 2_700}, "msg_blocks_too_long"),
    ],
)
def test_a_wrong_block_is_refused(block: dict[str, Any], error: str) -> None:
    assert posted(block, text="Hello") == error


def test_blocks_are_counted_together() -> None:
    half = {**MARKDOWN, "text": "x" * 6_000}
    assert posted(half, half) is None
    assert posted(half, half, {**MARKDOWN, "text": "x"}) == "msg_blocks_too_long"
    section = {**SECTION, "text": {"type": "mrkdwn", "text": "x" * 2_000}}
    assert posted(half, half, section) == "msg_blocks_too_long"
    assert posted(*[SECTION] * 50) is None
    assert posted(*[SECTION] * 51) == "invalid_blocks"
    assert posted({**SECTION, "block_id": "a"}, {**MARKDOWN, "block_id": "a"}) == "invalid_blocks"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "Yes", "text": "Yes"}, "markdown_text_conflict"),
        ({"blocks": "{}"}, "invalid_blocks_format"),
        ({"text": "Yes", "metadata": {"event_type": "reply"}}, "invalid_metadata_format"),
        ({"text": "Yes", "metadata": {**METADATA, "event_type": "A b"}}, "invalid_metadata_schema"),
        (
            {"text": "Yes", "metadata": {**METADATA, "event_payload": {"turn": None}}},
            "invalid_metadata_schema",
        ),
        ({"text": "\ud83d"}, "invalid_arguments"),
    ],
)
def test_a_wrong_message_is_refused(arguments: dict[str, Any], error: str) -> None:
    assert refusal("chat.postMessage", {"channel": "C1", **arguments}) == error


def test_a_stream_is_held_to_the_length_of_one_message() -> None:
    assert refusal("chat.appendStream", APPEND, shown="x" * 11_997) is None
    assert refusal("chat.appendStream", APPEND, shown="x" * 11_998) == "msg_too_long"
    stop = {"channel": "D1", "ts": "1.3", "blocks": [SECTION]}
    assert refusal("chat.stopStream", stop, shown="<" * 3_000) is None
    assert refusal("chat.stopStream", stop, shown="<" * 3_400) == "msg_blocks_too_long"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.startStream", {**STREAM, "channel": "C1"}, "missing_recipient_team_id"),
        ("chat.startStream", {**STREAM, "thread_ts": None}, "invalid_arguments"),
        ("chat.startStream", {**STREAM, "metadata": METADATA}, "invalid_arguments"),
        ("chat.appendStream", {**APPEND, "chunks": []}, "no_text"),
        ("chat.appendStream", {**APPEND, "chunks": [{"type": "text"}]}, "no_text"),
        ("chat.appendStream", {**APPEND, "chunks": [{"text": "Yes"}]}, "invalid_chunks"),
        ("chat.stopStream", {**APPEND, "session_status": "done"}, "invalid_arguments"),
        ("chat.postEphemeral", POST, "invalid_arguments"),
        ("views.publish", {"user_id": "U1", "view": {"type": "home"}}, "invalid_arguments"),
        (
            "views.publish",
            {"user_id": "U1", "view": {"type": "home", "blocks": [MARKDOWN]}},
            "invalid_arguments",
        ),
        (
            "assistant.threads.setSuggestedPrompts",
            {"channel_id": "D1", "prompts": [{"title": "a", "message": "b"}] * 5},
            "invalid_arguments",
        ),
        (
            "agents.sessions.setStatus",
            {"channel_id": "D1", "status": "processing", "title": "x" * 201},
            "invalid_arguments",
        ),
    ],
)
def test_a_wrong_call_is_refused(method: str, arguments: dict[str, Any], error: str) -> None:
    assert refusal(method, arguments) == error


KEYS = st.sampled_from(["type", "text", "elements", "blocks", "value", "title"])
LEAVES = st.sampled_from([None, True, 7, "", "markdown", "section", "home", "[{}]", "x" * 99])
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
METHODS = st.sampled_from(
    [
        "chat.postMessage",
        "chat.update",
        "chat.startStream",
        "chat.appendStream",
        "chat.stopStream",
        "views.publish",
        "assistant.threads.setStatus",
        "assistant.threads.setSuggestedPrompts",
        "agents.sessions.setStatus",
    ]
)
NAMES = st.sampled_from(
    [
        "channel",
        "ts",
        "thread_ts",
        "text",
        "markdown_text",
        "blocks",
        "chunks",
        "metadata",
        "view",
        "status",
        "session_status",
        "loading_messages",
        "prompts",
        "title",
        "user_id",
        "channel_id",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(METHODS, st.dictionaries(NAMES, ANYTHING, max_size=6))
def test_no_call_breaks_the_rules_themselves(method: str, arguments: dict[str, Any]) -> None:
    error = refusal(method, arguments)
    assert error is None or error.replace("_", "").isalpha()
