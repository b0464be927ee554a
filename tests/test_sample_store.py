"""The sample store is what ``bot init`` hands out: it must be whole, true and ready to run."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.prompts import PromptBook
from bot.resources import sample, shipped
from bot.settings import Settings
from bot.settings.reference import KINDS

HELP = sample() / "help"
ARTICLES = sorted(HELP.glob("*.md"))
_BOT = (sample() / "bot.toml").read_text()
_SETTING = re.compile(r"^(?:# )?(\w+) = (.+?)(?: +#.*)?$")
# Shown with a value, for their default is empty.
_EXAMPLES = {"link", "chain", "proxies", "secret_env"}


def _anchors(article: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", article.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def _body(section: str) -> str:
    """Return what ``bot.toml`` shows of a section, the tables within it left out."""
    body = _BOT.partition(f"[{section}]\n")[2]
    return re.split(r"^#? ?\[", body, maxsplit=1, flags=re.MULTILINE)[0]


def _shown(section: str) -> dict[str, str]:
    """Return the settings of a section as ``bot.toml`` shows them, commented out or not."""
    lines = _body(section).splitlines()
    return {match[1]: match[2] for line in lines if (match := _SETTING.match(line))}


def test_the_help_centre_has_a_dozen_articles_or_more() -> None:
    assert len(ARTICLES) >= 12


@pytest.mark.parametrize("article", ARTICLES, ids=lambda path: path.stem)
def test_an_article_introduces_itself(article: Path) -> None:
    _, front, body = article.read_text().split("---\n", 2)

    assert set(yaml.safe_load(front)) == {"title", "description"}
    assert body.count("\n## ") >= 2


@pytest.mark.parametrize("article", ARTICLES, ids=lambda path: path.stem)
def test_an_article_links_only_to_what_is_there(article: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", article.read_text()):
        name, _, anchor = target.partition("#")
        assert (HELP / name).is_file(), target
        assert not anchor or anchor in _anchors(HELP / name), target


def test_the_settings_of_the_sample_store_are_valid() -> None:
    settings = Settings.model_validate(tomllib.loads(_BOT))

    assert settings.bot.company == "Larkmoor"
    assert all((sample() / path).is_dir() for path in settings.knowledge.paths)
    assert settings.prompts.folder is not None
    assert (sample() / settings.prompts.folder).is_dir()


@pytest.mark.parametrize(
    "section",
    ["bot", "database", "engine", "window", "knowledge", "prompts", "router", "web"],
)
def test_every_setting_is_shown_with_its_default(section: str) -> None:
    shown = _shown(section)
    model = type(getattr(Settings(), section))

    tables = {name for name in model.model_fields if re.search(rf"\[{section}\.{name}[\].]", _BOT)}
    assert shown.keys() == model.model_fields.keys() - tables
    for name, value in shown.items():
        if f"\n# {name} = " in _body(section) and name not in _EXAMPLES:
            written = model.model_validate(tomllib.loads(f"{name} = {value}"))
            assert getattr(written, name) == getattr(model(), name), name


def test_everything_that_is_commented_out_works_once_it_is_not() -> None:
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", _BOT.replace("${NAME}", "it"), flags=re.MULTILINE)

    settings = Settings.model_validate(tomllib.loads(uncommented))

    kinds = {backend.kind for backend in settings.backends.values()}
    assert kinds == KINDS.keys() - {"scripted"}
    assert len(settings.router.rules) == 2
    assert {*settings.router.chain} <= settings.backends.keys()


def test_no_secret_and_no_real_address_is_handed_out() -> None:
    text = "\n".join(path.read_text() for path in sample().rglob("*") if path.is_file())

    assert not re.search(r"sk-|xoxb-|BEGIN [A-Z ]*KEY", text)
    assert {*re.findall(r"@([\w.-]+\.\w+)", text)} == {"larkmoor.example", "db.internal"}


def test_the_sample_templates_are_sound_and_add_to_the_shipped_ones() -> None:
    shipped_alone = PromptBook(shipped=shipped("prompts"))
    book = PromptBook(shipped=shipped("prompts"), folder=sample() / "prompts")
    facts = {"bot": "Birch", "company": "Larkmoor", "contact": "", "language": "en", "summary": ""}

    assert not book.check()
    assert [sheet.name for sheet in book.sheets() if sheet.overridden] == ["system.j2"]
    ours = book.render("direct.j2", **facts).splitlines()
    theirs = shipped_alone.render("direct.j2", **facts).splitlines()
    assert [line for line in ours if line not in theirs] == [
        "- Like a good shopkeeper: friendly and calm, without exclamation marks."
    ]
