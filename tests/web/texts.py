"""Long answers whose words are numbered, so that a lost or doubled one is seen."""

import re

_MARKED = {3: "**{}**", 5: "*{}*", 7: "`{}`", 11: "[{}](https://larkmoor.example/)"}


def numbered(words: int) -> str:
    """Write ``words`` words, "word1" to the last, in paragraphs, lists and marks [1]."""
    paragraphs = []
    for first in range(1, words + 1, 20):
        line = [_marked(number) for number in range(first, min(first + 20, words + 1))]
        start = "- " if first % 40 == 21 else ""
        paragraphs.append(start + " ".join(line) + " [1]")
    return "\n\n".join(paragraphs)


def _marked(number: int) -> str:
    marks = next((marks for every, marks in _MARKED.items() if number % every == 0), "{}")
    return marks.format(f"word{number}")


def numbers(text: str) -> list[int]:
    """Return the numbers of the words in ``text``, in its order."""
    return [int(number) for number in re.findall(r"word(\d+)", text)]
