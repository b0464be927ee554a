"""Customer, help centre and operator each read their own language."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.errors import SettingsError, TaskFailed
from bot.messages import Outcome
from bot.tasks.base import Account
from bot.tasks.interpreting import Interpreter
from bot.tasks.translating import Translating
from channels.cli.door import bot
from tests.house import ask, told, visible
from tests.shops import shop

QUOTES = """
[backends.quotes]
kind = "extractive"
"""
MODELS = """
[tasks.translation]
by = "model"
pairs = {{ de-en = "{there}", en-de = "{back}" }}
"""
REPLY = """Das sagt unser Hilfebereich:

> Pakete kommen innerhalb von 3 Werktagen an. Der Versand kostet 4,90 Euro. [1]

Diese Antwort wurde automatisch übersetzt: Unser Hilfebereich ist auf Englisch."""


@pytest.fixture
def settings(tiny_marian: Path, tiny_marian_back: Path) -> str:
    """Return a ``bot.toml`` whose help centre is English and whose models know German."""
    return QUOTES + MODELS.format(there=tiny_marian, back=tiny_marian_back)


async def test_a_german_question_finds_an_english_article_and_its_quote_comes_in_german(
    tmp_path: Path, settings: str, tiny_marian: Path
) -> None:
    async with shop(tmp_path, settings) as app:
        events = await told(app, "Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        assert turn.reply.text == REPLY
        assert visible(events) == REPLY
        assert [citation.title for citation in turn.reply.citations] == ["Shipping"]
        there, back = [each for each in turn.readings if each.task == "translation"]
        assert there.value == "de to en: How long does shipping take?"
        assert back.value.startswith("en to de: Here is what our help centre says:")
        assert back.value.endswith("Shipping costs 4.90 euros. [1]")
        assert str(tiny_marian) in there.by
        assert not there.error + back.error
        found = await app.archive.conversation(1)
        assert found is not None
        assert found.language == "de"


async def test_an_outcry_in_german_does_not_hide_the_question_beside_it(
    tmp_path: Path, settings: str
) -> None:
    async with shop(tmp_path, settings) as app:
        reply = await ask(app, "Das ist eine Frechheit! Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        there, *_ = [each for each in turn.readings if each.task == "translation"]
        assert there.value == "de to en: This is unacceptable! How long does shipping take?"
        assert "> Pakete kommen innerhalb von 3 Werktagen an." in reply.text
        assert [citation.title for citation in reply.citations] == ["Shipping"]


async def test_who_is_not_understood_reads_that_in_their_language(
    tmp_path: Path, settings: str
) -> None:
    async with shop(tmp_path, settings) as app:
        await ask(app, "Wie lange dauert der Versand?")
        reply = await ask(app, "Verkaufen Sie Fahrräder?")
        assert reply.outcome is Outcome.UNANSWERED
        assert reply.text.startswith("Es tut mir leid, dazu habe ich hier nichts gefunden")


async def test_an_english_customer_is_answered_as_ever(tmp_path: Path, settings: str) -> None:
    async with shop(tmp_path, settings) as app:
        reply = await ask(app, "How long does shipping take?")
        (turn,) = await app.archive.turns(1)
        assert "> Parcels arrive within 3 working days." in reply.text
        assert not [each for each in turn.readings if each.task == "translation"]


async def test_a_language_without_a_model_is_answered_untranslated_and_told(
    tmp_path: Path, settings: str
) -> None:
    async with shop(tmp_path, settings) as app:
        reply = await ask(app, "Quelle est la durée de livraison pour shipping 3 working days ?")
        (turn,) = await app.archive.turns(1)
        there, back = [each for each in turn.readings if each.task == "translation"]
        assert there.error.startswith("No model translates fr-en")
        assert back.error.startswith("No model translates en-fr")
        assert "help centre" in reply.text


async def test_a_backend_that_writes_speaks_for_itself(
    tmp_path: Path, tiny_marian: Path, tiny_marian_back: Path
) -> None:
    writing = '[backends.says]\nkind = "scripted"\nanswers = ["Drei Tage. [1]"]\n'
    settings = writing + MODELS.format(there=tiny_marian, back=tiny_marian_back)
    async with shop(tmp_path, settings) as app:
        reply = await ask(app, "Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        assert reply.text == "Drei Tage. [1]"
        assert [each.value for each in turn.readings if each.task == "translation"] == [
            "de to en: How long does shipping take?"
        ]
        assert len(reply.citations) == 1


async def test_a_prompt_translates_and_its_cost_is_kept(tmp_path: Path) -> None:
    settings = _prompted("How long does shipping take?", "Pakete: 3 Tage. [1]\n\nÜbersetzt.")
    async with shop(tmp_path, settings) as app:
        reply = await ask(app, "Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        assert reply.text == "Pakete: 3 Tage. [1]\n\nÜbersetzt."
        asked = [each for each in turn.attempts if each.step == "translation"]
        assert [each.backend for each in asked] == ["says", "says"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("Drei Tage.", "lost a source's number"),
        ("Drei Tage, siehe https://elsewhere.example/x. [1]", "names an address"),
        ("<think>Drei Tage. [1]", "cut or declined"),
    ],
)
async def test_a_prompt_that_gives_another_text_is_not_taken(
    tmp_path: Path, answer: str, error: str
) -> None:
    async with shop(tmp_path, _prompted("How long does shipping take?", answer)) as app:
        reply = await ask(app, "Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        assert "> Parcels arrive within 3 working days." in reply.text
        _, back = [each for each in turn.readings if each.task == "translation"]
        assert error in back.error


async def test_what_a_translator_thinks_is_seen_by_nobody(tmp_path: Path) -> None:
    there = "<think>Do I [1] know German?</think>How long does shipping take?"
    back = "<reasoning>Easy.</reasoning>3 Tage. [1]"
    async with shop(tmp_path, _prompted(there, back)) as app:
        reply = await ask(app, "Wie lange dauert der Versand?")
        (turn,) = await app.archive.turns(1)
        assert reply.text == "3 Tage. [1]"
        asked = [each.value for each in turn.readings if each.task == "translation"]
        assert asked[0] == "de to en: How long does shipping take?"


async def test_an_address_may_stand_among_letters_that_set_no_blanks(tmp_path: Path) -> None:
    help_page = "https://larkmoor.example/help"
    japanese = f"{help_page}\u3092\u898b\u3066\u3002ida@larkmoor.example\u307e\u3067\u3002"
    async with shop(tmp_path, _prompted(japanese)) as app:
        made = app.noticing.tasks.translator
        assert made is not None
        english = f"See {help_page} or write to ida@larkmoor.example."
        translator = made(Account(0, lambda _attempt: None))
        assert await translator.translate(english, source="en", target="ja") == japanese


@pytest.mark.parametrize("lost", ["https://larkmoor.example/help", "ida@larkmoor.example"])
async def test_a_prompt_that_loses_an_address_is_not_taken(tmp_path: Path, lost: str) -> None:
    german = "Siehe https://larkmoor.example/help oder schreiben Sie an ida@larkmoor.example."
    async with shop(tmp_path, _prompted(german.replace(lost, "uns"))) as app:
        made = app.noticing.tasks.translator
        assert made is not None
        translator = made(Account(0, lambda _attempt: None))
        with pytest.raises(TaskFailed, match="lost an address"):
            await translator.translate(
                "See https://larkmoor.example/help or write to ida@larkmoor.example.",
                source="en",
                target="de",
            )


def _prompted(*answers: str) -> str:
    return f"""
[router]
chain = ["quotes"]

[backends.quotes]
kind = "extractive"

[backends.says]
kind = "scripted"
answers = {json.dumps(answers)}

[tasks.translation]
by = "prompt"
backend = "says"
"""


async def test_pairs_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="needs pairs, as de-en"):
        async with shop(tmp_path, f'{QUOTES}\n[tasks.translation]\nby = "model"\n'):
            pytest.fail("It opened.")


# --- What fails -------------------------------------------------------------------------------


class Moody:
    """A translator that breaks, dawdles or says nothing, as it is told."""

    by = "moody"

    def __init__(self, mood: str) -> None:
        self._mood = mood
        self.asked: list[str] = []

    async def translate(self, text: str, *, source: str, target: str) -> str:
        self.asked.append(f"{source}-{target}: {text}")
        match self._mood:
            case "fails":
                raise TaskFailed("Nobody answered.")
            case "breaks":
                raise RuntimeError(f"cannot read {text!r}")
            case "dawdles":
                await asyncio.Event().wait()
            case "silent":
                return ""
        return text.upper()


def _translating(translator: Moody) -> Translating:
    return Translating(
        translator=lambda _account: translator,
        home="en",
        note="Translated.",
        seconds=0.05,
        clock=iter(range(100)).__next__,
    )


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        ("fails", "Nobody answered."),
        ("breaks", "RuntimeError at"),
        ("dawdles", "It took longer than 0.05 seconds."),
        ("silent", "Nothing came of de to en."),
    ],
)
async def test_a_translation_that_fails_leaves_the_words_and_quotes_nobody(
    mood: str, error: str
) -> None:
    translation = _translating(Moody(mood)).begin("de", conversation=1, note=set[str]().add)
    assert translation is not None
    assert await translation.question("Adas Geheimnis") == "Adas Geheimnis"
    assert await translation.reply("Quoted. [1]") == "Quoted. [1]"
    first, _ = translation.readings
    assert first.error.startswith(error)
    assert "Ada" not in first.error
    assert first.seconds == 1


@pytest.mark.parametrize("language", [None, "", "en", "en-GB"])
def test_who_reads_the_help_centre_s_language_needs_none(language: str | None) -> None:
    assert _translating(Moody("")).begin(language, conversation=1, note=set[str]().add) is None


# --- What an operator reads -------------------------------------------------------------------


async def test_the_same_words_are_put_once() -> None:
    moody = Moody("")
    interpreter = Interpreter(translator=moody, languages=None, target="en", seconds=1.0)
    for _ in range(2):
        put = await interpreter.put("Hallo", language="de-AT")
        assert put is not None
        assert put.text == "HALLO"
    assert moody.asked == ["de-AT-en: Hallo"]
    assert await interpreter.put("Hello", language="en-GB") is None
    assert await interpreter.put("Hello", language=None) is None


@pytest.mark.parametrize("command", ["show", "note"])
def test_a_language_is_asked_for_by_its_code(command: str) -> None:
    told = CliRunner().invoke(bot, ["history", command, "1", "--in", "german"])
    assert told.exit_code == 2
    assert "'german' is no language's code, as 'en'" in told.output


def test_an_operator_reads_each_message_under_the_original(
    tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_talk(tmp_path, settings))
    monkeypatch.chdir(tmp_path)
    page = _said("history", "show", "1", "--in", "en")
    assert "  Wie lange dauert der Versand?\n  en: How long does shipping take?\n" in page
    assert "en: Here is what our help centre says:" in page
    assert "en: Thank you" not in page
    story = json.loads(_said("history", "show", "1", "--in", "en", "--json"))
    assert story["put"]["1"]["text"] == "How long does shipping take?"
    plain = _said("history", "show", "1")
    assert "  en: " not in plain
    note = _said("history", "note", "1", "--in", "en")
    assert "en: How long does shipping take?" in note
    assert "en: " not in _said("history", "note", "1")


async def _talk(folder: Path, settings: str) -> None:
    async with shop(folder, settings) as app:
        await ask(app, "Wie lange dauert der Versand?")
        await ask(app, "Thank you very much for the help with shipping and what it costs!")


def _said(*arguments: str) -> str:
    outcome = CliRunner().invoke(bot, arguments, prog_name="bot")
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout
