"""Turns a line of Markdown into words that can be read aloud."""

import re

_LINK = re.compile(r"!?\[([^\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_REFERENCE = re.compile(r"\[([^\]]+)\]\[[^\]]*\]")
_NUMBER = re.compile(r"\s?\[\^?\d+\](?!\()")  # a footnote would pose as one of our marks
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^<>\s]+[.@][^<>\s]+)>")
_VERBATIM = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])|(`+)(.+?)\2")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_STRONG = re.compile(r"(\*\*\*|\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?![\w*])")
_SPACE = re.compile(r"\s+")


def readable(markdown: str) -> str:
    """Return the text of inline Markdown: links, images and emphasis become their words."""
    text, verbatim = _set_aside(markdown)
    text = _LINK.sub(r"\1", _AUTOLINK.sub(r"\1", text))
    text = _NUMBER.sub("", _REFERENCE.sub(r"\1", text))
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", _TAG.sub("", text)))
    for place, words in enumerate(verbatim):
        text = text.replace(f"\0{place}\0", words)
    return _SPACE.sub(" ", text).strip()


def _set_aside(markdown: str) -> tuple[str, list[str]]:
    """Take code and escaped characters out: what looks like Markdown there is not."""
    verbatim: list[str] = []

    def aside(match: re.Match[str]) -> str:
        verbatim.append(match[1] or match[3].strip())
        return f"\0{len(verbatim) - 1}\0"

    return _VERBATIM.sub(aside, markdown.replace("\0", "")), verbatim
