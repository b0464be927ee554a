"""Bodies of Slack of which something is missing, or is something else."""

from typing import Any

from hypothesis import strategies as some

from tests.slack.bodies import (
    ADA,
    BOT,
    CHAT,
    DIRECT,
    INSTALL,
    TS,
    changed,
    click,
    command,
    deleted,
    envelope,
    in_channel,
    message,
    shortcut,
)

ALL = [
    envelope(message()),
    envelope(in_channel(f"<@{BOT}> hello", blocks=[{"type": "rich_text", "elements": []}])),
    envelope(in_channel("hello", ts="1700000007.000100", thread_ts=TS)),
    envelope(message(files=[{"name": "a.png"}], subtype="file_share")),
    envelope(changed(message("new"), message("old"))),
    envelope(deleted(before=message())),
    envelope({"type": "app_home_opened", "user": ADA, "channel": DIRECT, "tab": "home"}),
    envelope({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}),
    click("frontdesk_feedback", "good:abc"),
    click("frontdesk_stop", f"{INSTALL}:{DIRECT}:{TS}"),
    command("hello"),
    shortcut("hello"),
]
ODD: some.SearchStrategy[Any] = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.sampled_from(["", "x" * 50_000, "\ud800", "<@", "D1:", "true", CHAT, TS]),
    some.text(max_size=20),
    some.recursive(
        some.none(),
        lambda inner: (
            some.lists(inner, max_size=3)
            | some.dictionaries(some.sampled_from(["id", "type", "ts", "elements"]), inner)
        ),
        max_leaves=5,
    ),
)


@some.composite
def mutilated(draw: some.DrawFn) -> Any:
    """Return a body of which something is missing or is something else."""
    body: Any = draw(some.sampled_from(ALL))

    def spoilt(value: Any, depth: int) -> Any:
        if not isinstance(value, dict | list) or not value or depth == 0:
            return draw(ODD)
        copy: Any = value.copy()
        places = range(len(copy)) if isinstance(copy, list) else sorted(copy)
        place = draw(some.sampled_from(list(places)))
        if draw(some.booleans()):
            del copy[place]
        else:
            copy[place] = spoilt(copy[place], depth - 1)
        return copy

    for _ in range(draw(some.integers(1, 3))):
        body = spoilt(body, draw(some.integers(1, 4)))
    return body
