"""The shapes of Slack's Block Kit: which fields a thing must have and may have, and how long.

Sources: https://docs.slack.dev/reference/block-kit and the models of slack_sdk. What Slack might
take and we never send is refused: a stricter fake finds more.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]

_ADDRESS: Final = re.compile(r"https?://[^\s|<>]+|mailto:[^\s|<>]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def units(text: str) -> int:
    """Return the length as JavaScript counts it: an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def words(longest: int, *, blank: bool = False) -> Check:
    """Accept text of at most ``longest`` units that JSON can carry."""

    def fits(value: Any) -> bool:
        return (
            isinstance(value, str)
            and units(value) <= longest
            and not _SURROGATE.search(value)
            and (blank or bool(value.strip()))
        )

    return fits


def address(value: Any) -> bool:
    """Accept a link that a client may open."""
    return words(3000)(value) and _ADDRESS.fullmatch(value) is not None


def flag(value: Any) -> bool:
    """Accept true and false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """Accept a number such as an indent."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def one(*values: str) -> Check:
    """Accept any of ``values``."""
    return lambda value: value in values


def many(check: Check, *, most: int, least: int = 1) -> Check:
    """Accept a list of ``least`` to ``most`` things that each fit."""
    return lambda value: (
        isinstance(value, list) and least <= len(value) <= most and all(map(check, value))
    )


def either(*checks: Check) -> Check:
    """Accept what fits any of ``checks``."""
    return lambda value: any(check(value) for check in checks)


def shape(
    kind: str | None, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None
) -> Check:
    """Accept an object with all of ``required`` and nothing else than ``optional``."""
    checks = {**({"type": one(kind)} if kind else {}), **required}
    known = {**checks, **(optional or {})}

    def fits(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and checks.keys() <= value.keys() <= known.keys()
            and all(known[name](field) for name, field in value.items())
        )

    return fits


def plain(longest: int) -> Check:
    """Accept a plain text object."""
    return shape("plain_text", {"text": words(longest)}, {"emoji": flag})


def rich(longest: int) -> Check:
    """Accept a text object of either kind."""
    return either(plain(longest), shape("mrkdwn", {"text": words(longest)}, {"verbatim": flag}))


_CONFIRM: Final = shape(
    None,
    {"title": plain(100), "text": rich(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one("primary", "danger")},
)
_ID: Final = words(255)
_BUTTON: Final = shape(
    "button",
    {"text": plain(75), "action_id": _ID},
    {
        "value": words(2000),
        "url": address,
        "style": one("primary", "danger"),
        "accessibility_label": words(75),
        "confirm": _CONFIRM,
    },
)
_OPTION: Final = shape(
    None,
    {"text": rich(75), "value": words(150)},
    {"description": plain(75), "url": address},
)
_OVERFLOW: Final = shape(
    "overflow", {"action_id": _ID, "options": many(_OPTION, most=5)}, {"confirm": _CONFIRM}
)
_SELECT: Final = shape(
    "static_select",
    {"action_id": _ID, "options": many(_OPTION, most=100)},
    {"placeholder": plain(150), "initial_option": _OPTION, "confirm": _CONFIRM},
)
_IMAGE: Final = shape("image", {"image_url": address, "alt_text": words(2000)})
_THUMB: Final = shape(
    None, {"text": plain(75), "value": words(2000)}, {"accessibility_label": words(75)}
)
_FEEDBACK: Final = shape(
    "feedback_buttons",
    {"action_id": _ID, "positive_button": _THUMB, "negative_button": _THUMB},
)
_ICON: Final = shape(
    "icon_button",
    {"action_id": _ID, "icon": one("trash"), "text": plain(75)},
    {
        "value": words(2000),
        "accessibility_label": words(75),
        "visible_to_user_ids": many(words(30), most=10),
        "confirm": _CONFIRM,
    },
)

_STYLE: Final = shape(None, {}, dict.fromkeys(("bold", "italic", "strike", "code"), flag))
_STYLED: Final[Mapping[str, Check]] = {"style": _STYLE}
_INLINE: Final = either(
    shape("text", {"text": words(4000, blank=True)}, _STYLED),
    shape("link", {"url": address}, {"text": words(4000), "unsafe": flag, **_STYLED}),
    shape("emoji", {"name": words(100)}, {"unicode": words(100), "skin_tone": whole}),
    shape("user", {"user_id": words(30)}, _STYLED),
    shape("channel", {"channel_id": words(30)}, _STYLED),
    shape("usergroup", {"usergroup_id": words(30)}, _STYLED),
    shape("broadcast", {"range": one("here", "channel", "everyone")}, _STYLED),
)
_LINE: Final = many(_INLINE, most=1000)
_RICH: Final = either(
    shape("rich_text_section", {"elements": _LINE}),
    shape(
        "rich_text_list",
        {
            "elements": many(shape("rich_text_section", {"elements": _LINE}), most=1000),
            "style": one("bullet", "ordered"),
        },
        {"indent": whole, "offset": whole, "border": whole},
    ),
    shape("rich_text_preformatted", {"elements": _LINE}, {"border": whole, "language": words(30)}),
    shape("rich_text_quote", {"elements": _LINE}, {"border": whole}),
)

_OWN: Final[Mapping[str, Check]] = {"block_id": _ID}
_ANYWHERE: Final[Mapping[str, Check]] = {
    "section": either(
        shape(
            "section",
            {"text": rich(3000)},
            {
                "fields": many(rich(2000), most=10),
                "accessory": either(_BUTTON, _OVERFLOW, _SELECT, _IMAGE),
                "expand": flag,
                **_OWN,
            },
        ),
        shape("section", {"fields": many(rich(2000), most=10)}, _OWN),
    ),
    "divider": shape("divider", {}, _OWN),
    "header": shape("header", {"text": plain(150)}, _OWN),
    "image": shape(
        "image", {"image_url": address, "alt_text": words(2000)}, {"title": plain(2000), **_OWN}
    ),
    "context": shape("context", {"elements": many(either(rich(2000), _IMAGE), most=10)}, _OWN),
    "actions": shape(
        "actions", {"elements": many(either(_BUTTON, _OVERFLOW, _SELECT), most=25)}, _OWN
    ),
    "rich_text": shape("rich_text", {"elements": many(_RICH, most=100)}, _OWN),
}
MESSAGE: Final[Mapping[str, Check]] = {
    **_ANYWHERE,
    "markdown": shape("markdown", {"text": words(12_000)}, _OWN),
    "context_actions": shape(
        "context_actions", {"elements": many(either(_FEEDBACK, _ICON), most=5)}, _OWN
    ),
}
"""The blocks that a message may have."""

HOME: Final[Mapping[str, Check]] = _ANYWHERE
"""The blocks that an App Home may have: Markdown and feedback are for messages only."""


def fit(blocks: list[Any], known: Mapping[str, Check], *, most: int) -> bool:
    """Tell whether these blocks may stand together: each fits, and no id stands twice."""
    if len(blocks) > most or not all(_fits(block, known) for block in blocks):
        return False
    named = [block["block_id"] for block in blocks if "block_id" in block]
    return len(named) == len(set(named)) and all(map(_acts_apart, blocks))


def _fits(block: Any, known: Mapping[str, Check]) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    check = known.get(block["type"])
    return check is not None and check(block)


def _acts_apart(block: Mapping[str, Any]) -> bool:
    ids = [element.get("action_id") for element in block.get("elements", ())]
    named = [name for name in ids if name]
    return len(named) == len(set(named))
