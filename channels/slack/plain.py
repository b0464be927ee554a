"""Turns what a person wrote in Slack into plain text: mentions, links, lists, files."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

_ENTITY: Final = re.compile(r"<([^<>]*)>|&(lt|gt|amp);")
_ESCAPED: Final = re.compile(r"&(lt|gt|amp);")
_SIGNS: Final = {"lt": "<", "gt": ">", "amp": "&"}
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_CALLED: Final = re.compile(r"^[ \t]*\0[\s,:]*|[ \t]*\0")  # \0 stands where the bot was named
_GONE: Final = frozenset({"tombstone", "hidden_by_limit"})


def plain(text: str, *, bot: str) -> str:
    """Return Slack's markup as plain text, without the mention of the user ``bot``."""
    words = _ENTITY.sub(lambda found: _entity(found, bot), text.replace("\0", ""))
    return _CALLED.sub("", words).strip()


def written(event: Mapping[str, Any], *, bot: str) -> str:
    """Return what a message says: its text or else its blocks, what it shares, its files."""
    said = plain(_text(event, "text"), bot=bot) or _blocks(event.get("blocks"), bot)
    attached = _dicts(event.get("attachments"))
    shared = [each for each in attached if each.get("is_share") or not said]
    files = [each for each in _dicts(event.get("files")) if _text(each, "mode") not in _GONE]
    parts = [said, *(_attachment(each, bot) for each in shared), *map(_file, files)]
    return "\n".join(filter(None, parts))


def _entity(found: re.Match[str], bot: str) -> str:
    if found[2]:
        return _SIGNS[found[2]]
    inside, bar, label = found[1].partition("|")
    label = _unescaped(label).strip()
    if inside.startswith("@"):
        return "\0" if inside[1:] == bot else "@" + (label.removeprefix("@") or inside[1:])
    if inside.startswith("#"):
        return "#" + (label.removeprefix("#") or inside[1:])
    if inside.startswith("!"):
        return _special(inside[1:], label)
    if _ADDRESS.fullmatch(inside):
        return _link(_unescaped(inside), label)
    return "<" + _unescaped(inside) + bar + label + ">"


def _special(command: str, label: str) -> str:
    kind, _, rest = command.partition("^")
    if kind == "subteam":
        return "@" + (label.removeprefix("@") or rest)
    if kind == "date":
        return label or rest.partition("^")[0]
    return "@" + (label.removeprefix("@") or kind)


def _link(address: str, label: str) -> str:
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {address, bare, bare.partition("://")[2]}:
        return bare
    return f"{label} ({bare})"


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _SIGNS[found[1]], text)


# --- Blocks -----------------------------------------------------------------------------------


def _blocks(blocks: Any, bot: str) -> str:
    said = "\n".join(filter(None, (_block(each, bot) for each in _dicts(blocks))))
    return _CALLED.sub("", said).strip()


def _block(block: Mapping[str, Any], bot: str) -> str:
    read = _BLOCKS.get(_text(block, "type"))
    return read(block, bot) if read else ""


def _rich_text(block: Mapping[str, Any], bot: str) -> str:
    return "\n".join(_rich(each, bot) for each in _dicts(block.get("elements")))


def _section(block: Mapping[str, Any], bot: str) -> str:
    texts = [block.get("text"), *_list(block.get("fields"))]
    return "\n".join(filter(None, (_words(each, bot) for each in texts)))


def _context(block: Mapping[str, Any], bot: str) -> str:
    return " ".join(filter(None, (_words(e, bot) for e in _list(block.get("elements")))))


def _picture(block: Mapping[str, Any], bot: str) -> str:
    return _words(block.get("title"), bot) or _text(block, "alt_text")


def _table(block: Mapping[str, Any], bot: str) -> str:
    return "\n".join(_row(row, bot) for row in _list(block.get("rows")))


_BLOCKS: Final[Mapping[str, Callable[[Mapping[str, Any], str], str]]] = {
    "rich_text": _rich_text,
    "markdown": lambda block, _: _text(block, "text"),
    "section": _section,
    "header": _section,
    "context": _context,
    "image": _picture,
    "video": _picture,
    "table": _table,
}


def _words(text: Any, bot: str) -> str:
    """Return a text object's words."""
    if not isinstance(text, dict):
        return ""
    words = _text(text, "text")
    return plain(words, bot=bot) if text.get("type") == "mrkdwn" else words


def _row(row: Any, bot: str) -> str:
    cells = (_rich_text(cell, bot) or _text(cell, "text") for cell in _dicts(row))
    return "| " + " | ".join(cell.replace("\n", " ") for cell in cells) + " |"


def _rich(element: Mapping[str, Any], bot: str) -> str:
    inside = element.get("elements")
    match element.get("type"):
        case "rich_text_list":
            return "\n".join(_items(element, bot))
        case "rich_text_preformatted":
            return f"```\n{_line(inside, bot)}\n```"
        case "rich_text_quote":
            return "\n".join(f"> {line}" for line in _line(inside, bot).split("\n"))
        case "rich_text_section":
            return _line(inside, bot)
    return ""


def _items(element: Mapping[str, Any], bot: str) -> Iterable[str]:
    indent = "  " * min(_number(element, "indent"), 20)
    first = _number(element, "offset") + 1
    for number, item in enumerate(_dicts(element.get("elements")), first):
        mark = f"{number}." if element.get("style") == "ordered" else "-"
        yield f"{indent}{mark} {_line(item.get('elements'), bot)}"


def _line(elements: Any, bot: str) -> str:
    return "".join(_inline(each, bot) for each in _dicts(elements))


def _inline(element: Mapping[str, Any], bot: str) -> str:
    read = _INLINE.get(_text(element, "type"))
    if element.get("type") == "user" and element.get("user_id") == bot:
        return "\0"
    return read(element) if read else ""


def _emoji(element: Mapping[str, Any]) -> str:
    """Return the sign itself; a workspace's own emoji have only names."""
    try:
        sign = "".join(chr(int(code, 16)) for code in _text(element, "unicode").split("-"))
        return sign.encode().decode()
    except (ValueError, OverflowError):
        return f":{_text(element, 'name')}:"


_INLINE: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "text": lambda each: _text(each, "text").replace("\0", ""),
    "link": lambda each: _link(_text(each, "url"), _text(each, "text")),
    "user": lambda each: "@" + _text(each, "user_id"),
    "channel": lambda each: "#" + _text(each, "channel_id"),
    "usergroup": lambda each: "@" + _text(each, "usergroup_id"),
    "team": lambda each: "@" + _text(each, "team_id"),
    "broadcast": lambda each: "@" + _text(each, "range"),
    "emoji": _emoji,
    "date": lambda each: _text(each, "fallback") or str(each.get("timestamp") or ""),
    "color": lambda each: _text(each, "value"),
}


# --- What hangs on a message ------------------------------------------------------------------


def _attachment(attachment: Mapping[str, Any], bot: str) -> str:
    """Return what a shared message says, or an attachment of an app."""
    said = plain(_text(attachment, "text"), bot=bot) or _shared(attachment, bot)
    titled = [plain(_text(attachment, name), bot=bot) for name in ("pretext", "title")]
    words = "\n".join(filter(None, [*titled, said])) or _text(attachment, "fallback")
    author = _text(attachment, "author_name")
    files = map(_file, _dicts(attachment.get("files")))
    told = f"{author}: {words}" if author and words else words
    return "\n".join(filter(None, [told, *files]))


def _shared(attachment: Mapping[str, Any], bot: str) -> str:
    messages = (each.get("message") for each in _dicts(attachment.get("message_blocks")))
    quoted = (_blocks(each.get("blocks"), bot) for each in messages if isinstance(each, dict))
    return "\n".join(filter(None, quoted)) or _blocks(attachment.get("blocks"), bot)


def _file(file: Mapping[str, Any]) -> str:
    name = " ".join((_text(file, "name") or _text(file, "title")).split())
    return f"(file: {name})" if name else "(file)"


def _text(of: Mapping[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""


def _number(of: Mapping[str, Any], name: str) -> int:
    value = of.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]
