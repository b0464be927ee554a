"""Cleans what a customer wrote, and turns away what cannot be taken."""

import re
import unicodedata
from typing import Final

from bot.errors import InboundRefused

# Controls but for the line break and the tab, halves of surrogate pairs, and the two overrides
# that make a text read differently from what it says. Marks and isolates of right-to-left
# scripts stay, and so do the joiners of emoji.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e\ufffe\uffff]")

# Letters that nobody sees but a model reads; within a flag such as Scotland's they are at home.
_TAGS: Final = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]{1,7}\U000e007f)|[\U000e0000-\U000e007f]"
)
_UNSEEN: Final = re.compile(r"[\s\u00ad\u061c\u115f\u180e\u200b-\u200f\u2060-\u206f\u3164\ufeff]*")


def cleaned(text: str, *, longest: int) -> str:
    """Return ``text`` in Unicode's NFC, trimmed, without what cannot be seen or kept.

    Raises:
        InboundRefused: nothing is left, or more than ``longest`` characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _TAGS.sub(lambda found: found["flag"] or "", _CONTROLS.sub("", text))
    text = unicodedata.normalize("NFC", text).strip()
    if _UNSEEN.fullmatch(text):
        raise InboundRefused("The message is empty. Write what you want to know.", words="empty")
    if len(text) > longest:
        raise InboundRefused(
            f"The message has more than {longest:,} characters, which is the most that is taken."
            " Send the part that matters, or set longest_message under [bot] in bot.toml.",
            words="too_long",
        )
    return text
