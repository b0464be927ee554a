"""What Slack refuses: a method's arguments in, Slack's error code out, or None.

Pure: what a channel, a stream or a token allows is the server's to know. Limits are those that
Slack writes down, or that others ran into (~13,200 characters a message); in doubt, the smaller.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.servers.slack.shapes import HOME, MESSAGE, Check, fit, many, shape, units, words

Arguments = Mapping[str, Any]

MARKDOWN: Final = 12_000
"""Units of all the Markdown in one message."""
WHOLE: Final = 13_200
"""Units of all that a message says, as Slack keeps it: with ``&``, ``<`` and ``>`` written out."""
BLOCK: Final = 20
"""What a block itself counts for; measured by others, roughly."""
TEXT: Final = 40_000
EDITED: Final = 4_000

_EVENT: Final = re.compile(r"[a-z][a-z0-9_.]{0,79}")
_STATES: Final = ("processing", "active", "suspended", "closed")
_CHUNK: Final = shape("markdown_text", {"text": words(MARKDOWN, blank=True)})
_BLOCKS: Final = "blocks"


def refusal(method: str, arguments: Arguments, *, shown: str = "") -> str | None:
    """Return why Slack refuses the call; ``shown`` is what a stream shows already."""
    rule = _RULES.get(method)
    return rule(arguments, shown) if rule else None


def appended(arguments: Arguments) -> str:
    """Return the text that a call of a stream adds."""
    chunks = _read(arguments.get("chunks"))
    listed = chunks if isinstance(chunks, list) else []
    texts = [chunk.get("text") for chunk in listed if isinstance(chunk, dict)]
    return "".join(
        text for text in [arguments.get("markdown_text"), *texts] if isinstance(text, str)
    )


def _message(arguments: Arguments, *, longest: int = TEXT) -> str | None:
    """What holds for every message that is posted whole."""
    text, markdown = arguments.get("text"), arguments.get("markdown_text")
    blocks = arguments.get(_BLOCKS)
    if not _sayable(text) or not _sayable(markdown):
        return "invalid_arguments"
    if markdown and (text or blocks):
        return "markdown_text_conflict"
    if not blocks and not _said(text) and not _said(markdown):
        return "no_text"
    if units(text or "") > longest or units(markdown or "") > MARKDOWN:
        return "msg_too_long"
    return _blocks(blocks, markdown or "") or _metadata(arguments.get("metadata"))


def _post(arguments: Arguments, _: str) -> str | None:
    return _missing(arguments, "channel") or _message(arguments)


def _update(arguments: Arguments, _: str) -> str | None:
    return _missing(arguments, "channel", "ts") or _message(arguments, longest=EDITED)


def _ephemeral(arguments: Arguments, _: str) -> str | None:
    if "metadata" in arguments:
        return "invalid_arguments"
    return _missing(arguments, "channel", "user") or _message(arguments)


def _start(arguments: Arguments, _: str) -> str | None:
    if arguments.get(_BLOCKS) or arguments.get("metadata"):
        return "invalid_arguments"
    if missing := _missing(arguments, "channel", "thread_ts"):
        return missing
    if not str(arguments["channel"]).startswith("D"):
        for name in ("recipient_team_id", "recipient_user_id"):
            if not arguments.get(name):
                return f"missing_{name}"
    return _chunks(arguments, "")


def _append(arguments: Arguments, shown: str) -> str | None:
    if missing := _missing(arguments, "channel", "ts"):
        return missing
    if not appended(arguments):
        return "no_text"
    return _chunks(arguments, shown)


def _stop(arguments: Arguments, shown: str) -> str | None:
    if missing := _missing(arguments, "channel", "ts"):
        return missing
    if arguments.get("session_status") not in [None, *_STATES]:
        return "invalid_arguments"
    whole = shown + appended(arguments)
    return (
        _chunks(arguments, shown)
        or _blocks(arguments.get(_BLOCKS), whole)
        or _metadata(arguments.get("metadata"))
    )


def _chunks(arguments: Arguments, shown: str) -> str | None:
    chunks, markdown = arguments.get("chunks"), arguments.get("markdown_text")
    if chunks is not None and markdown is not None:
        return "invalid_arguments"
    if not _sayable(markdown):
        return "invalid_arguments"
    if chunks is not None and not many(_chunk, most=100)(_read(chunks)):
        return "invalid_chunks"
    whole = shown + appended(arguments)
    return "msg_too_long" if units(whole) > MARKDOWN else None


def _chunk(chunk: Any) -> bool:
    return _CHUNK(chunk) and _sayable(chunk["text"]) and bool(chunk["text"])


def _blocks(given: Any, markdown: str) -> str | None:
    """Check blocks that stand in one message with ``markdown``."""
    blocks = _read(given) if given is not None else []
    if not isinstance(blocks, list):
        return "invalid_blocks_format"
    if not fit(blocks, MESSAGE, most=50):
        return "invalid_blocks"
    marked = [block["text"] for block in blocks if block["type"] == "markdown"]
    all_marked = "".join([markdown, *marked])
    others = [block for block in blocks if block["type"] != "markdown"]
    whole = _kept(all_marked) + sum(map(units, _texts(others))) + BLOCK * len(blocks)
    too_long = units(all_marked) > MARKDOWN or whole > WHOLE
    return "msg_blocks_too_long" if too_long else None


def _kept(markdown: str) -> int:
    escaped = 4 * markdown.count("&") + 3 * (markdown.count("<") + markdown.count(">"))
    return units(markdown) + escaped


def _texts(value: Any) -> list[str]:
    """Return every text that stands anywhere in ``value``."""
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    return own + [text for each in value.values() for text in _texts(each)]


def _metadata(given: Any) -> str | None:
    if given is None:
        return None
    metadata = _read(given)
    if not isinstance(metadata, dict) or metadata.keys() != {"event_type", "event_payload"}:
        return "invalid_metadata_format"
    kind, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(kind, str) or not _EVENT.fullmatch(kind) or not isinstance(payload, dict):
        return "invalid_metadata_schema"
    if not all(isinstance(value, str | int | float | bool) for value in payload.values()):
        return "invalid_metadata_schema"
    return "metadata_too_large" if len(json.dumps(payload)) > 8_000 else None


def _publish(arguments: Arguments, _: str) -> str | None:
    view = _read(arguments.get("view"))
    if not arguments.get("user_id") or not isinstance(view, dict):
        return "invalid_arguments"
    known = {"type", _BLOCKS, "private_metadata", "callback_id", "external_id"}
    if view.get("type") != "home" or not view.keys() <= known:
        return "invalid_arguments"
    if not all(words(3000)(view[name]) for name in view.keys() - {_BLOCKS}):
        return "invalid_arguments"
    blocks = view.get(_BLOCKS)
    if not isinstance(blocks, list) or not blocks or not fit(blocks, HOME, most=100):
        return "invalid_arguments"
    return "view_too_large" if len(json.dumps(view)) > 250_000 else None


def _status(arguments: Arguments, _: str) -> str | None:
    waiting: Check = many(words(100), most=10, least=0)
    fits = words(100, blank=True)(arguments.get("status")) and waiting(
        _read(arguments.get("loading_messages")) or []
    )
    return _missing(arguments, "channel_id", "thread_ts") or (None if fits else "invalid_arguments")


def _title(arguments: Arguments, _: str) -> str | None:
    fits = words(200)(arguments.get("title"))
    return _missing(arguments, "channel_id", "thread_ts") or (None if fits else "invalid_arguments")


def _prompts(arguments: Arguments, _: str) -> str | None:
    prompt = shape(None, {"title": words(200), "message": words(3000)})
    fits = many(prompt, most=4)(_read(arguments.get("prompts")))
    fits = fits and words(200)(arguments.get("title", "title"))
    return _missing(arguments, "channel_id") or (None if fits else "invalid_arguments")


def _session(arguments: Arguments, _: str) -> str | None:
    fits = arguments.get("status") in _STATES and words(200)(arguments.get("title", "title"))
    return _missing(arguments, "channel_id") or (None if fits else "invalid_arguments")


def _rename(arguments: Arguments, _: str) -> str | None:
    fits = words(200)(arguments.get("title"))
    return _missing(arguments, "channel_id") or (None if fits else "invalid_arguments")


def _missing(arguments: Arguments, *names: str) -> str | None:
    there = all(isinstance(arguments.get(name), str) and arguments[name] for name in names)
    return None if there else "invalid_arguments"


def _said(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())


def _sayable(text: Any) -> bool:
    """JSON carries no half of a surrogate pair, and Slack no NUL."""
    return text is None or (words(10**9, blank=True)(text) and "\0" not in text)


def _read(given: Any) -> Any:
    """Undo the JSON in which a form carries lists and objects."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return None


_RULES: Final[Mapping[str, Callable[[Arguments, str], str | None]]] = {
    "chat.postMessage": _post,
    "chat.update": _update,
    "chat.postEphemeral": _ephemeral,
    "chat.startStream": _start,
    "chat.appendStream": _append,
    "chat.stopStream": _stop,
    "views.publish": _publish,
    "assistant.threads.setStatus": _status,
    "assistant.threads.setTitle": _title,
    "assistant.threads.setSuggestedPrompts": _prompts,
    "agents.sessions.setStatus": _session,
    "agents.sessions.rename": _rename,
}
