"""The widget's labels: every language has every word."""

import json
import re
from pathlib import Path

import pytest

_WIDGET = Path("channels/web/widget")
_LABELS = sorted((_WIDGET / "labels").glob("*.js"))
_LINE = re.compile(r'^  (\w+): ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
_TECHNICAL = re.compile(r"[<>{}]|\s\s|^\s|\s$")


def _read(path: Path) -> dict[str, str]:
    source = path.read_text(encoding="utf-8")
    return {key: json.loads(words) for key, words in _LINE.findall(source)}


_ENGLISH = _read(_WIDGET / "labels" / "en.js")


def test_there_are_enough_languages_some_from_right_to_left() -> None:
    names = {path.stem for path in _LABELS}
    assert len(names) >= 20
    assert {"ar", "fa", "he"} <= names


def test_the_chat_offers_exactly_the_languages_that_there_are() -> None:
    source = (_WIDGET / "chat.js").read_text(encoding="utf-8")
    listed = re.search(r"const LANGUAGES = \(([^)]*)\)", source)
    assert listed is not None
    words = "".join(re.findall(r'"([^"]*)"', listed[1]))
    assert words.split() == sorted(path.stem for path in _LABELS)


@pytest.mark.parametrize("path", _LABELS, ids=lambda path: path.stem)
def test_a_language_has_every_word_and_no_other(path: Path) -> None:
    labels = _read(path)
    assert list(labels) == list(_ENGLISH)
    for key, words in labels.items():
        assert words, key
        assert not _TECHNICAL.search(words), f"{key}: {words!r}"


@pytest.mark.parametrize("path", _LABELS, ids=lambda path: path.stem)
def test_a_language_is_translated(path: Path) -> None:
    if path.stem == "en":
        return
    labels = _read(path)
    # Some words are the same in two languages, "Chat" and "Code" among them; sentences are not.
    same = [key for key, words in labels.items() if words == _ENGLISH[key]]
    assert len(same) <= 8, same
    assert not [key for key in same if " " in _ENGLISH[key]]
