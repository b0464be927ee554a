"""Turns a line of Markdown into words that can be read aloud."""

import re

# Each pattern reads on for a bounded stretch or to its next sign: a long line takes no long time.
_TARGET = r"\((?:[^()\s]|\([^()\s]*\)){0,2000}(?:\s+\"[^\"]{0,300}\")?\)"
_IMAGE = re.compile(rf"!\[([^\[\]]*)\]{_TARGET}")
_LINK = re.compile(rf"\[([^\[\]]*)\]{_TARGET}")
_REFERENCE = re.compile(r"\[([^\[\]]+)\]\[[^\[\]]*\]")
_NUMBER = re.compile(r"(`[^`]*`)|\s?\[\^?\d+\]")  # outside code it would pose as one of our marks
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>")
_VERBATIM = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])|(`+)(.+?)\2")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_STRONG = re.compile(r"(\*\*\*|\*\*|__|~~)(?=\S)(.{1,500}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])(.{1,500}?)(?<=[^\s*_])\1(?![\w*])")
_SPACE = re.compile(r"\s+")


def readable(markdown: str) -> str:
    """Return the text of inline Markdown: links, images and emphasis become their words."""
    text, verbatim = _set_aside(markdown)
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", _AUTOLINK.sub(r"\1", text)))
    text = _TAG.sub("", _REFERENCE.sub(r"\1", text))
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    for place, words in enumerate(verbatim):
        text = text.replace(f"\0{place}\0", words)
    return _SPACE.sub(" ", _NUMBER.sub(r"\1", text)).strip()


def _set_aside(markdown: str) -> tuple[str, list[str]]:
    """Take code and escaped characters out: what looks like Markdown there is not."""
    verbatim: list[str] = []

    def aside(match: re.Match[str]) -> str:
        verbatim.append(match[1] or (match[0] if "[" in match[3] else match[3].strip()))
        return f"\0{len(verbatim) - 1}\0"

    return _VERBATIM.sub(aside, markdown.replace("\0", "")), verbatim
