"""'bot compare': what is right, what is cited, what it costs, and a mark that builds must reach."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner, Result

from bot.answers import Draft
from bot.comparison import Contender, Contest, Question, Standing, read_questions
from bot.comparison import Result as Answered
from bot.comparison.contest import cost_of
from bot.errors import SetupError
from bot.messages import Attempt, Outcome, Usage
from bot.resources import sample
from channels.cli.compare import tell
from channels.cli.door import bot
from channels.cli.figure import figure
from tests.house import house
from tests.strategies.desks import DOWN, Model


def compare(folder: Path, *arguments: str) -> Result:
    config = ["--config", str(folder / "bot.toml")]
    return CliRunner().invoke(bot, [*config, "compare", *arguments], prog_name="bot")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "shop"
    runner = CliRunner()
    runner.invoke(bot, ["init", str(folder)], prog_name="bot")
    runner.invoke(bot, ["--config", str(folder / "bot.toml"), "learn"], prog_name="bot")
    return folder


def asked(**said: Any) -> Question:
    return Question.model_validate({"question": "How long?", **said})


# --- What is right


@pytest.mark.parametrize(
    ("expected", "text", "held"),
    [
        ("30 Days", "you have 30 days.", True),
        ("30 days", "you have thirty days.", False),
        (["30", "days"], "30 or more days", True),
        (["30", "weeks"], "30 days", False),
        ("/3[01] days?/", "a 31 day span", True),
        ("don't", "We don\u2019t.", True),
        ([], "anything", True),
    ],
)
def test_what_an_answer_must_hold(expected: Any, text: str, held: bool) -> None:  # noqa: FBT001
    assert asked(expected=expected).holds(text) is held


def result(question: Question, **how: Any) -> Answered:
    told: dict[str, Any] = {
        "text": "30 days",
        "outcome": "answered",
        "cited": (),
        "tokens": 10,
        "cost": 0.5,
        "seconds": 1.0,
    }
    return Answered(question=question, **told | how)


def test_a_standing_tells_the_shares_and_the_means() -> None:
    good, unknown = asked(expected="30", cites="a"), asked(answerable=False)
    standing = Standing(
        name="x",
        results=(
            result(good, cited=("a",)),
            result(good, text="5", cited=("b",), seconds=3.0),
            result(unknown, outcome="unanswered", tokens=40),
            result(unknown, outcome="answered", fell_back=True, cost=1.5),
        ),
    )
    assert (standing.quality, standing.right, standing.unanswered) == (0.5, 0.5, 0.5)
    assert (standing.cited, standing.fell_back) == (0.5, 1)
    assert (standing.tokens, standing.cost) == (17.5, 0.75)
    assert (standing.median, standing.p95) == (1.0, 3.0)


def test_a_cost_that_is_not_known_makes_the_mean_unknown() -> None:
    standing = Standing(name="x", results=(result(asked()), result(asked(), cost=None)))
    assert standing.cost is None
    assert standing.cited is None


# --- The contest


def contest(app: Any) -> Contest:
    return Contest(
        answering=app.answering, knowledge=app.knowledge, passages=6, at_once=2, clock=lambda: 0.0
    )


async def run(folder: Path, answer: Callable[[Any], Any], *names: str) -> list[Standing]:
    questions = [
        asked(question="How long does shipping take?", expected="3", cites="shipping"),
        asked(question="Do you sell ships?", answerable=False),
    ]
    async with house(folder, Model(answer)) as app:
        contenders = [Contender(strategy=name) for name in names]
        standings = list(await contest(app).run(contenders, questions))
        assert not await app.archive.newest_turn(), "no conversation is kept"
    return standings


async def test_answers_are_judged_by_words_and_by_articles(tmp_path: Path) -> None:
    (one,) = await run(tmp_path, lambda _: "It takes 3 days [1].", "direct")
    assert [each.right for each in one.results] == [True, False]
    assert one.results[0].cited == ("shipping",)


async def test_a_strategy_that_fell_back_is_told(tmp_path: Path) -> None:
    direct, tree = await run(tmp_path, lambda _: "<unanswered/>No.", "direct", "tree_of_thought")
    assert (direct.fell_back, tree.fell_back) == (0, 2)
    assert tree.tokens > direct.tokens
    assert direct.unanswered == 1


async def test_an_answer_of_another_backend_is_not_right(tmp_path: Path) -> None:
    small, large = Model(lambda _: DOWN, name="small"), Model(lambda _: "3 days.", name="large")
    question = asked(question="How long does shipping take?", expected="3")
    async with house(tmp_path, large, small) as app:
        contenders = [Contender(strategy="direct", backend=name) for name in ("small", "large")]
        one, two = await contest(app).run(contenders, [question])
    assert (one.name, one.quality, one.results[0].outcome) == ("direct, small", 0.0, "elsewhere")
    assert two.quality == 1.0
    assert (one.by, one.trouble(failed=False)) == ({"large": 1}, "It is down.")
    assert (two.by, two.trouble(failed=False)) == ({"large": 1}, "")


async def test_a_question_that_no_backend_answers_tells_why(tmp_path: Path) -> None:
    (one,) = await run(tmp_path, lambda _: DOWN, "direct")
    assert (one.failed, one.by, one.trouble(failed=True)) == (2, {}, "It is down.")


async def test_a_question_is_in_no_arm_and_takes_the_plain_chain(tmp_path: Path) -> None:
    old, new = (Model(lambda _: "3 days.", name=name) for name in ("old", "new"))
    split = [{"name": "all", "share": 100, "chain": ["new"], "use_strategy": "few_shot"}]
    async with house(tmp_path, old, new, router={"chain": ["old"], "split": split}) as app:
        await contest(app).run([Contender(strategy="direct")], [asked(), asked()])
    assert (len(old.requests), len(new.requests)) == (2, 0)


UNPRICED = Attempt(backend="a", model="a-1", usage=Usage(input=5, output=5))


@pytest.mark.parametrize(
    ("attempts", "cost"),
    [
        ([replace(UNPRICED, cost=0.5)], 0.5),
        ([replace(UNPRICED, cost=0.5, error="no tags"), replace(UNPRICED, cost=1.0)], 1.5),
        ([Attempt(backend="a", model="a-1", error="down"), replace(UNPRICED, cost=1.0)], 1.0),
        ([UNPRICED], None),
        ([replace(UNPRICED, error="no tags"), replace(UNPRICED, cost=1.0)], None),
        ([replace(UNPRICED, error="no tags")], None),
        ([Attempt(backend="a", model="a-1", error="down")], None),
        ([], None),
    ],
)
def test_an_answer_costs_what_each_attempt_took(
    attempts: list[Attempt], cost: float | None
) -> None:
    draft = Draft(text="", outcome=Outcome.ANSWERED, attempts=tuple(attempts))
    assert cost_of(draft) == cost


def test_a_cost_that_is_not_known_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    tell([Standing(name="x", results=(result(asked(), cost=None),))])
    said = capsys.readouterr().out
    assert "unknown" in said
    assert "$" not in said


def test_answers_that_no_backend_gave_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    lost = (result(asked(), outcome="failed", trouble=each) for each in ("A is down.", "B is."))
    failed = Standing(name="x", results=(result(asked(), by="a"), *lost))
    tell([failed, Standing(name="y", results=(result(asked()), result(asked())))])
    said = capsys.readouterr().out
    assert "x: 2 of 3 were answered by no backend. The first reason: A is down.\n" in said
    assert "y: " not in said
    assert said.count("reason") == 1


def test_answers_of_others_than_were_asked_first_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    others = (
        result(asked(), by="b", trouble=each) for each in ("A \x1b[2J is down.", "A is busy.")
    )
    tell([Standing(name="x", results=(result(asked(), by="a"), *others))])
    assert capsys.readouterr().out.endswith(
        "x: who was asked first did not answer all: 2 by b, 1 by a. The first reason: A is down.\n"
    )


# --- The command


def test_the_sample_store_answers_its_own_questions(shop: Path) -> None:
    plot, written = shop / "a.svg", shop / "a.json"
    done = compare(
        shop,
        *(str(shop / "questions.yaml"), "--strategy", "direct", "--strategy", "thinking"),
        *("--at-least", "0.9", "--plot", str(plot), "--json", str(written)),
    )
    assert done.exit_code == 0, done.output
    assert "direct    96%" in done.output
    direct, thinking = json.loads(written.read_text())
    assert direct["quality"] == thinking["quality"] > 0.9
    assert len(direct["results"]) == len(read_questions(sample() / "questions.yaml"))
    assert plot.read_text().count("<circle") == 2


def test_failures_are_told_below_the_table_and_in_no_log(shop: Path, tmp_path: Path) -> None:
    broken, file = tmp_path / "shop", tmp_path / "two.yaml"
    shutil.copytree(shop, broken)
    with (broken / "bot.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[backends.own]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n')
    file.write_text("- question: How long?\n- question: How much?\n", encoding="utf-8")
    done = subprocess.run(
        [*(sys.executable, "-m", "channels.cli", "compare", str(file)), "--strategy", "direct"],
        cwd=broken,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = "direct: 2 of 2 were answered by no backend. The first reason: The backend 'own' cannot"
    assert told in done.stdout


def test_below_the_mark_a_build_fails(shop: Path) -> None:
    done = compare(shop, str(shop / "questions.yaml"), "--strategy", "direct", "--at-least", "1")
    assert done.exit_code == 1


def test_an_unknown_backend_is_named(shop: Path) -> None:
    done = compare(shop, str(shop / "questions.yaml"), "--backend", "cloud")
    assert done.exit_code == 2
    assert "no backend called 'cloud'" in done.output


def test_a_database_that_goes_away_is_told_without_a_trace(shop: Path, tmp_path: Path) -> None:
    broken = tmp_path / "shop"
    shutil.copytree(shop, broken)
    with closing(sqlite3.connect(broken / "frontdesk.db")) as database:
        database.execute("ALTER TABLE passages RENAME TO gone")
    done = compare(broken, str(shop / "questions.yaml"), "--strategy", "direct")
    assert done.exit_code == 2, done.output
    assert done.output.startswith(f"The database '{broken / 'frontdesk.db'}' refused")
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[", "cannot be read as YAML"),
        ("[]", "holds no question"),
        ("- {answer: 1}", "question 1: question is missing"),
        ("- {question: a, expected: '/(/'}", "is no regular expression"),
        ("- {question: a, answerable: false, cites: b}", "cite nothing"),
        ("- {question: a, cite: b}", "question 1: there is no key 'cite'. Did you mean 'cites'?"),
        ("- {question: a, expected: [7]}", "question 1: expected.0 must be text"),
        ("- a", "question 1: must have keys and values"),
        ("a: b", "the file: must be a list"),
    ],
)
def test_a_file_that_holds_no_questions_is_told(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "questions.yaml"
    file.write_text(text)
    with pytest.raises(SetupError, match=r".*questions.yaml") as error:
        read_questions(file)
    assert wrong in str(error.value)


def test_all_mistakes_are_told_at_once_and_plainly(tmp_path: Path) -> None:
    file = tmp_path / "questions.yaml"
    file.write_text("- {expected: '/(/'}\n- {question: a, answerable: false, cites: b}\n")
    with pytest.raises(SetupError) as error:
        read_questions(file)
    for wrong in ("question is missing", "no regular expression", "question 2: what is not"):
        assert wrong in str(error.value)
    assert "Value error" not in str(error.value)


def test_a_file_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"^There is no file .*gone.yaml\."):
        read_questions(tmp_path / "gone.yaml")


def test_articles_that_are_not_learned_are_told_before_anything_is_asked(
    shop: Path, tmp_path: Path
) -> None:
    file, written = tmp_path / "own.yaml", tmp_path / "all.json"
    file.write_text("- {question: a, cites: gift-card}\n- {question: b, cites: [contact, moon]}\n")
    done = compare(shop, str(file), "--json", str(written))
    assert done.exit_code != 0
    assert "question 1: 'gift-card'. Did you mean 'gift-cards'?" in done.output
    assert "question 2: 'moon'." in done.output
    assert "Learned articles: " in done.output
    assert not written.exists()


def test_the_picture_holds_a_dot_for_each_whatever_its_name() -> None:
    one, two = result(asked()), result(asked(), cost=None)
    for results in ((one,), (two,)):
        drawn = figure([Standing(name="a<b & c", results=results) for _ in range(2)])
        tree = BeautifulSoup(drawn, "html.parser")
        assert len(tree.find_all("circle")) == 2
        labels = tree.find_all("text", string="a<b & c")
        assert len({label["y"] for label in labels}) == 2
