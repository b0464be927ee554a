"""Keeps what a model or a customer wrote from steering the terminal."""

import re

# A terminal's control strings, from their beginning to their end (ECMA-48; xterm's ctlseqs).
_SEQUENCE = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]        # CSI: colours, cursor, erasing
    | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] )    # OSC, DCS, SOS, PM, APC: titles, links,
      [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )   #   the clipboard
    | \x1b [ -/]* [0-~]                              # others: reset, character sets
    """,
    re.VERBOSE,
)
# What is left of them, and every other character that moves the cursor, rings or reorders text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)
_NEWLINE = re.compile("\r\n|[\u2028\u2029]")


def harmless(text: str) -> str:
    """Return ``text`` without anything that a terminal obeys; newlines and tabs stay."""
    return _CONTROL.sub("", _SEQUENCE.sub("", _NEWLINE.sub("\n", text)))
