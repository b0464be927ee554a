"""How well languages are told apart, by rule and by library, in messages new to both."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.errors import MissingExtra
from bot.tasks.base import Languages
from bot.tasks.library import LibraryLanguages
from bot.tasks.rules import RuledLanguages
from tests.house import house
from tests.tongues import MESSAGES, OTHERS

ALL = (*MESSAGES, *OTHERS)
LIKELY = 0.5  # how sure a language must be to be taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many messages were heard rightly and surely enough, and which wrongly."""

    right: int
    wrong: Sequence[str]


async def tally(languages: Languages, messages: Mapping[str, Sequence[str]]) -> Tally:
    right, wrong = 0, []
    for code, texts in messages.items():
        for text in texts:
            heard = await languages.language(text)
            if heard is None or (heard.score or 0) < LIKELY:
                continue
            if heard.language == code:
                right += 1
            else:
                wrong.append(f"{heard.language}: {text}")
    return Tally(right=right, wrong=wrong)


async def test_the_rule_is_rather_silent_than_wrong() -> None:
    found = await tally(RuledLanguages(), MESSAGES)
    assert found.wrong == []
    assert found.right >= 40


async def test_the_library_hears_nearly_everything_among_139_languages() -> None:
    assert await tally(LibraryLanguages(), MESSAGES) == Tally(right=53, wrong=[])


async def test_the_library_hears_nearly_everything_among_those_of_the_settings() -> None:
    languages = LibraryLanguages(among=ALL)
    assert await tally(languages, {**MESSAGES, **OTHERS}) == Tally(right=71, wrong=[])


async def test_a_greeting_is_left_to_the_rule() -> None:
    languages = LibraryLanguages()
    for text, code in (("Bonjour", "fr"), ("Hola", "es"), ("Vielen Dank!", "de")):
        heard = await languages.language(text)
        assert heard is not None
        assert heard.language == code


@pytest.mark.parametrize(
    "text", ["", "#10293", "ada@x.example", "https://x.example/de", "ok", "👍"]
)
async def test_what_is_of_no_language_has_none(text: str) -> None:
    assert await LibraryLanguages().language(text) is None
    assert await LibraryLanguages(among=["en"]).language(text) is None


async def test_another_language_than_those_of_the_settings_is_not_taken_for_one_of_them() -> None:
    languages = LibraryLanguages(among=["en", "de-AT"])
    for text in (*MESSAGES["fr"], *MESSAGES["pl"], *OTHERS["tr"]):
        assert await languages.language(text) is None
    heard = await languages.language(MESSAGES["de"][0])
    assert heard is not None
    assert heard.language == "de"


async def test_a_library_that_is_not_there_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "py3langid" else found(name, *more),
    )
    with pytest.raises(MissingExtra, match=r"pip install 'frontdesk\[languages\]'"):
        async with house(
            tmp_path, ScriptedBackend("Hello."), tasks={"language": {"by": "library"}}
        ):
            pass
