"""The command line: what people and programs get from it."""

import importlib.util
import json
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from bot.messages import Author, Message
from bot.settings.reference import KINDS
from channels.cli.backends import _CAN
from channels.cli.door import bot
from channels.cli.history import Story

ROOT = Path(__file__).parents[1]
COMMANDS = (
    *("chat", "ask", "learn", "forget", "unanswered", "prompts", "history", "why"),
    *("splits", "status", "doctor", "init", "settings", "backends", "tasks", "db"),
    *("serve", "slack", "run", "compare"),
)
INVOICE = "How do I get an invoice?"
NONSENSE = "Who painted the Mona Lisa?"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(bot, list(arguments), prog_name="bot")


def said(*arguments: str, code: int = 0) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    return result.output


def told(*arguments: str, code: int = 0) -> Any:
    return json.loads(said(*arguments, code=code))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as 'bot init' makes it, taught, with one question answered and one not."""
    folder = tmp_path_factory.mktemp("shop") / "project"
    said("init", str(folder))
    config = str(folder / "bot.toml")
    said("--config", config, "learn")
    said("--config", config, "ask", INVOICE)
    said("--config", config, "ask", NONSENSE)
    return folder


@pytest.fixture
def inside(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shop)
    return shop


def pipe(folder: Path, *arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "channels.cli", *arguments],
        cwd=folder,
        input=text,
        capture_output=True,
        check=False,
        timeout=100,
    )


# --- Help and errors ---------------------------------------------------------------------------


def test_help_lists_every_command_with_a_whole_sentence() -> None:
    text = said("--help")
    for command in COMMANDS:
        assert f"  {command} " in text
    assert "..." not in text.partition("COMMAND [ARGS]...")[2]
    assert "Examples:" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    text = said(command, "--help")
    assert f"Usage: bot {command}" in text
    assert len(text.splitlines()) > 4


def test_the_examples_of_an_export_stand_on_lines_of_their_own() -> None:
    assert "\n    bot history export > all.jsonl\n" in said("history", "export", "--help")


@pytest.mark.usefixtures("inside")
def test_the_examples_of_filling_templates_do_so() -> None:
    examples = re.findall(
        r"^ +bot (prompts render .+)$", said("prompts", "render", "--help"), re.MULTILINE
    )
    assert len(examples) == 3
    for example in examples:
        assert said(*shlex.split(example))


def test_an_unknown_command_is_told_with_the_nearest_one() -> None:
    assert "There is no command 'lern'. Did you mean 'learn'?" in said("lern", code=2)


def test_wrong_settings_are_told_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text("[bot]\nnmae = 'Ada'")
    for arguments in (["--config", "bot.toml", "history", "list"], ["doctor"], ["ask", "Hello?"]):
        result = pipe(tmp_path, *arguments)
        assert result.returncode in {1, 2}
        output = (result.stdout + result.stderr).decode()
        assert "bot.toml:2: bot.nmae = 'Ada': there is no such key." in output
        assert "Traceback" not in output


def test_the_settings_may_be_named_before_and_behind_the_command(inside: Path) -> None:
    other = inside / "other.toml"
    other.write_text('bot.contact = "x"\ndatabase.url = "sqlite:///other.db"')
    assert "No conversations yet" in said("--config", str(other), "history", "list")
    assert "No conversations yet" in said("history", "--config", str(other), "list")
    assert "No conversations yet" not in said("history", "list")


def test_a_reader_that_goes_away_is_no_error(inside: Path) -> None:
    command = f"{sys.executable} -m channels.cli settings | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], cwd=inside, capture_output=True, check=False)
    assert b"Traceback" not in result.stderr


# --- Projects ----------------------------------------------------------------------------------


def test_a_new_project_is_well_but_for_what_was_not_learned(tmp_path: Path) -> None:
    text = said("init", str(tmp_path / "new"))
    assert "bot learn" in text
    assert "bot chat" in text
    result = pipe(tmp_path / "new", "doctor")
    assert result.returncode == 1
    assert "Run: bot learn" in result.stdout.decode()
    assert pipe(tmp_path / "new", "learn").returncode == 0
    assert "All well." in pipe(tmp_path / "new", "doctor").stdout.decode()


def test_init_touches_no_folder_that_has_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty" in said("init", str(tmp_path), code=2)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_settings_are_the_reference() -> None:
    assert "| `longest_message` | whole number | `20000` |" in said("settings")


def test_the_doctor_names_what_is_wrong_and_the_cure(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("OTHER = 'x'")
    secrets.chmod(0o644)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "system.j2").write_text("{{ no_such_variable }}")
    (tmp_path / "bot.toml").write_text(
        'secrets = "secrets.toml"\nprompts.folder = "words"\nbackends.claude.kind = "anthropic"'
    )
    result = pipe(tmp_path, "doctor", "--json")
    findings = {finding["about"]: finding for finding in json.loads(result.stdout)}
    ill = {about for about, finding in findings.items() if not finding["well"]}
    assert result.returncode == 1
    assert ill == {"secrets", "backend claude", "contact", "templates", "articles"}
    assert "chmod 600" in findings["secrets"]["cure"]
    assert "ANTHROPIC_API_KEY" in findings["backend claude"]["fact"]


def test_the_doctor_names_a_folder_of_articles_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text('knowledge.paths = ["helpp"]')
    shop = tmp_path / "help"
    shop.mkdir()
    (shop / "a.md").write_text("# Returns\n\nWithin 30 days.")
    assert pipe(tmp_path, "learn", "help").returncode == 0
    told = [one for one in json.loads(pipe(tmp_path, "doctor", "--json").stdout) if not one["well"]]
    assert f"there is no {tmp_path / 'helpp'}" in [one["fact"] for one in told]


def test_the_doctor_says_what_a_model_on_this_machine_lacks(
    tmp_path: Path, tiny_llama: Path
) -> None:
    lines = {
        "here": f'model = "{tiny_llama}"',
        "elsewhere": 'model = "nobody/nothing"',
        "quantised": f'model = "{tiny_llama}"\nquantization = "8bit"',
    }
    sections = [f'[backends.{one}]\nkind = "transformers"\n{line}' for one, line in lines.items()]
    (tmp_path / "bot.toml").write_text("\n".join(sections), encoding="utf-8")
    findings = json.loads(pipe(tmp_path, "doctor", "--json").stdout)
    found = {one["about"].removeprefix("backend "): one for one in findings}
    assert "MB on cpu" in found["here"]["fact"]
    assert "bot models pull nobody/nothing" in found["elsewhere"]["fact"]
    assert "pip install bitsandbytes" in found["quantised"]["fact"]
    assert {one: each["well"] for one, each in found.items() if one in lines} == {
        "here": True,
        "elsewhere": False,
        "quantised": False,
    }


def test_the_doctor_says_what_a_tasks_model_lacks(tmp_path: Path, tiny_classifier: Path) -> None:
    (tmp_path / "bot.toml").write_text(
        f'[tasks.sentiment]\nby = "model"\nmodel = "{tiny_classifier}"\n'
        '[tasks.translation]\nby = "model"\npairs = { de-en = "nobody/nothing" }\n'
        f'[tasks.spans]\nby = "model"\nmodel = "{tiny_classifier}"',
        encoding="utf-8",
    )
    findings = {one["about"]: one for one in json.loads(pipe(tmp_path, "doctor", "--json").stdout)}
    assert "MB on cpu" in findings["task sentiment"]["fact"]
    assert "bot models pull nobody/nothing" in findings["task translation"]["fact"]
    assert "was not made to find an answer's place" in findings["task spans"]["fact"]
    assert [findings[f"task {one}"]["well"] for one in ("sentiment", "translation", "spans")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("schema", "fact"),
    [('{"type": "strng"}', "it has no 'properties'"), ('{"type": ', "cannot be used: Expecting")],
)
def test_the_doctor_tells_of_a_schema_that_the_bot_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schema: str, fact: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facts.json").write_text(schema, encoding="utf-8")
    (tmp_path / "bot.toml").write_text('[tasks.facts]\nschema_file = "facts.json"')
    findings = _told_by_the_doctor()
    assert fact in findings["task facts"]["fact"]
    assert not findings["task facts"]["well"]
    (tmp_path / "facts.json").write_text('{"properties": {}}', encoding="utf-8")
    assert _told_by_the_doctor()["task facts"]["well"]


def test_the_doctor_tells_of_examples_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text("- question: How long?\n", encoding="utf-8")
    (tmp_path / "bot.toml").write_text('strategies.few_shot.examples = "good.yaml"')
    found = _told_by_the_doctor()["strategies"]
    assert "example 1: reply" in found["fact"]
    assert not found["well"]


def test_the_doctor_tells_of_prompts_that_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sections = (
        '[backends.quotes]\nkind = "extractive"\n[tasks.sentiment]\nby = "prompt"\n'
        '[tasks.language]\nby = "prompt"\nbackend = "quotes"\n'
    )
    (tmp_path / "bot.toml").write_text(sections, encoding="utf-8")
    ill = {about for about, one in _told_by_the_doctor().items() if not one["well"]}
    assert {one for one in ill if one.startswith("task")} == {"task sentiment", "task language"}
    found = _told_by_the_doctor()["task sentiment"]
    assert found["fact"] == "asks a backend, and quotes cannot write"
    assert "[tasks.sentiment]" in found["cure"]

    writer = '[backends.writes]\nkind = "scripted"\nanswers = ["x"]\n'
    (tmp_path / "bot.toml").write_text(writer + sections, encoding="utf-8")
    ill = {about for about, one in _told_by_the_doctor().items() if not one["well"]}
    assert {one for one in ill if one.startswith("task")} == {"task language"}


_PAID = '[backends.claude]\nkind = "anthropic"\n[backends.gpt]\nkind = "openai"\n'
_FREE = '[backends.quotes]\nkind = "extractive"\n'
_BUDGET = "[router.budget]\ndollars_per_day = 5\n"
_NOBODY = "customers are told that no answer can be given: "


@pytest.mark.parametrize(
    ("text", "fact", "cure"),
    [
        (
            _PAID + _BUDGET,
            f"once it is used up, {_NOBODY}claude and gpt may cost something",
            'costs nothing: [backends.quotes] with kind = "extractive" as the last one.',
        ),
        (
            _PAID + '[router]\nchain = ["gpt"]\n' + _BUDGET,
            _NOBODY,
            "name it last in chain under [router].",
        ),
        (
            _PAID + _FREE + '[router]\nchain = ["claude"]\n' + _BUDGET + 'chain = ["gpt"]',
            f"{_NOBODY}gpt may cost something",
            "Name quotes last in chain under [router.budget].",
        ),
        (
            _PAID + _FREE + '[router]\nchain = ["gpt"]\n' + _BUDGET,
            "once it is used up, quotes answers",
            "",
        ),
        (
            _PAID.replace('"openai"', '"openai"\ninput_price = 0.0\noutput_price = 0.0') + _BUDGET,
            "once it is used up, gpt answers",
            "",
        ),
        (
            _PAID + _FREE + '[router]\nchain = ["gpt", "quotes"]\n' + _BUDGET + 'chain = ["gpt"]',
            "once it is used up, what costs nothing answers",
            "",
        ),
        (
            _PAID + _FREE + '[router]\nchain = ["gpt", "quotes"]\n'
            '[[router.rules]]\nmood = "upset"\nchain = ["claude"]\n' + _BUDGET + 'chain = ["gpt"]',
            _NOBODY,
            "Name quotes",
        ),
    ],
)
def test_the_doctor_tells_who_answers_once_a_budget_is_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fact: str, cure: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text(text, encoding="utf-8")
    found = _told_by_the_doctor()["budget"]
    assert fact in found["fact"]
    assert cure in found["cure"]
    assert found["well"] == (not cure)


_DEPLOYMENT = (
    '[backends.own]\nkind = "azure"\nbase_url = "https://acme.openai.azure.com"\nmodel = "{}"\n'
)


@pytest.mark.parametrize(
    ("text", "told_"),
    [
        (_DEPLOYMENT.format("helpdesk") + _FREE + _BUDGET, True),
        (_DEPLOYMENT.format("helpdesk") + "input_price = 2.5\n" + _FREE + _BUDGET, False),
        (_DEPLOYMENT.format("gpt-4o") + _FREE + _BUDGET, False),
        (_DEPLOYMENT.format("helpdesk") + _FREE + "[router.budget]\ntokens_per_day = 9999", False),
        (
            _DEPLOYMENT.format("a") + _FREE + "[router.budget]\ndollars_per_conversation = 1",
            True,
        ),
    ],
)
def test_the_doctor_tells_what_no_budget_holds_anything_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, *, told_: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text(text, encoding="utf-8")
    found = [one for one in told("doctor", "--json", code=1) if "no price" in one["fact"]]
    assert len(found) == told_
    for one in found:
        assert (one["about"], one["well"]) == ("budget", False)
        assert "nothing is held from the dollars for an answer of own" in one["fact"]
        assert "Set input_price and output_price under [backends.own]" in one["cure"]


_ELSEWHERE = 'base_url = "https://me:hush@llm.example:8001/v1"'


@pytest.mark.parametrize(
    ("section", "fact"),
    [
        (
            f'kind = "openai"\n{_ELSEWHERE}',
            "OPENAI_CUSTOM_HEADERS and OPENAI_ORG_ID of the environment go to llm.example",
        ),
        (
            f'kind = "anthropic"\n{_ELSEWHERE}',
            "ANTHROPIC_CUSTOM_HEADERS of the environment goes to llm.example",
        ),
        (
            'kind = "azure"\nmodel = "gpt-4o"\nbase_url = "https://a.openai.azure.com"',
            "OPENAI_CUSTOM_HEADERS and OPENAI_ORG_ID of the environment go to a.openai.azure.com",
        ),
        ('kind = "openai"', ""),
        ('kind = "openai"\nbase_url = "https://eu.api.openai.com/v1"', ""),
        (f'kind = "replicate"\n{_ELSEWHERE}', ""),
    ],
)
def test_the_doctor_names_the_variables_that_go_to_other_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, fact: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "x-team: hush")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "")
    (tmp_path / "bot.toml").write_text(f"[backends.own]\n{section}", encoding="utf-8")
    found = [one for one in told("doctor", "--json", code=1) if "environment go" in one["fact"]]
    assert [(one["about"], one["well"], one["fact"]) for one in found] == (
        [("backend own", True, f"{fact} with every question")] if fact else []
    )
    text = said("doctor", code=1)
    assert text.count("! backend own: ") == bool(fact)
    assert "hush" not in text


def _told_by_the_doctor() -> dict[str, dict[str, Any]]:
    return {finding["about"]: finding for finding in told("doctor", "--json", code=1)}


def test_all_that_the_doctor_looks_at_is_documented() -> None:
    files = ("doctor.py", "checkup.py", "budgets.py", "variables.py")
    code = "".join((ROOT / "channels/cli" / name).read_text(encoding="utf-8") for name in files)
    readme = (ROOT / "channels/cli/README.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r'about=f?"(\w+)', code))
    assert len(kinds) > 10
    assert [kind for kind in kinds if not re.search(f"`{kind}[ `]", readme)] == []


@pytest.mark.parametrize(
    ("section", "package", "cure"),
    [
        ('kind = "bedrock"', "boto3", "'frontdesk[bedrock]'"),
        ('kind = "huggingface"\nmodel = "a/b"', "huggingface_hub", "'frontdesk[huggingface]'"),
        ('kind = "transformers"\nmodel = "a/b"', "torch", "'frontdesk[local]'"),
    ],
)
def test_the_doctor_names_the_package_that_a_backend_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, package: str, cure: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == package else found(name, *more),
    )
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text(f"[backends.own]\n{section}", encoding="utf-8")
    findings = {finding["about"]: finding for finding in told("doctor", "--json", code=1)}
    assert not findings["backend own"]["well"]
    assert f"Install it with: pip install {cure}" in findings["backend own"]["fact"]
    assert cure in said("ask", "Hello?", code=2)


@pytest.mark.parametrize("there", [True, False])
def test_the_library_that_hears_languages_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    found = importlib.util.find_spec
    if not there:
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *more: None if name == "py3langid" else found(name, *more),
        )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text('[tasks.language]\nby = "library"', encoding="utf-8")
    findings = {finding["about"]: finding for finding in told("doctor", "--json", code=1)}
    assert findings["task language"]["well"] == there
    assert ["language", "library", "py3langid", "5"] in [
        line.split() for line in said("tasks").splitlines()
    ]
    if not there:
        cure = "Install it with: pip install 'frontdesk[languages]'"
        assert cure in findings["task language"]["fact"]
        assert cure in " ".join(said("ask", "Hello?", code=2).split())


def test_the_doctor_blames_an_unknown_language_on_the_settings(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text("")
    (tmp_path / "opening.md").write_text("# Opening hours\n\nWe open at nine.\n")
    pipe(tmp_path, "learn", "opening.md")
    (tmp_path / "bot.toml").write_text('knowledge.language = "klingon"\n')
    found = json.loads(pipe(tmp_path, "doctor", "--json").stdout)
    facts = {finding["about"]: finding["fact"] for finding in found if not finding["well"]}
    assert set(facts) == {"language", "contact"}
    assert "'klingon'" in facts["language"]


def test_the_doctor_sees_that_articles_have_changed(tmp_path: Path) -> None:
    said("init", str(tmp_path / "shop"))
    assert pipe(tmp_path / "shop", "learn").returncode == 0
    article = next((tmp_path / "shop" / "help").glob("*.md"))
    article.write_text(article.read_text() + "\nMore.\n")
    result = pipe(tmp_path / "shop", "doctor")
    assert result.returncode == 1
    assert "1 of them changed or gone since" in result.stdout.decode()


def test_the_doctor_takes_articles_under_another_link_for_what_they_are(tmp_path: Path) -> None:
    said("init", str(tmp_path / "shop"))
    pipe(tmp_path / "shop", "learn", "--link", "https://shop.example/help")
    result = pipe(tmp_path / "shop", "doctor")
    assert (result.returncode, b"All well." in result.stdout) == (0, True)


async def test_the_doctor_sees_that_the_database_cannot_be_written(
    tmp_path: Path, postgres_url: str
) -> None:
    (tmp_path / "bot.toml").write_text(f'[database]\nurl = "{postgres_url}"')
    before = json.loads(pipe(tmp_path, "doctor", "--json").stdout)
    connection = await asyncpg.connect(postgres_url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.close()
    after = json.loads(pipe(tmp_path, "doctor", "--json").stdout)
    assert [one["well"] for one in before if one["about"] == "database"] == [True]
    found = next(one for one in after if one["about"] == "database")
    assert not found["well"]
    assert "cannot be written" in found["fact"]


@pytest.mark.usefixtures("inside")
def test_the_tasks_are_listed_with_how_they_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot.toml").write_text(
        '[backends.small]\nkind = "scripted"\nanswers = ["x"]\n'
        '[tasks.sentiment]\nby = "prompt"\nbackend = "small"\nseconds = 2\n'
    )
    monkeypatch.chdir(tmp_path)
    rows = [line.split() for line in said("tasks").splitlines()]
    assert ["language", "rule", "5"] in rows
    assert ["sentiment", "prompt", "small", "2"] in rows
    assert ["spans", "off"] in rows
    assert ["topic", "rule", "nothing", "yet:", "it", "has", "no", "labels", "5"] in rows
    assert told("tasks", "--json")[0]["by"] == "rule"


def test_backends_are_listed_without_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-hush")
    text = said("backends")
    assert "ANTHROPIC_API_KEY is set" in text
    assert "extractive" in text
    assert "hush" not in text
    assert told("backends", "--json")[0]["key"] == "ANTHROPIC_API_KEY is set"


def test_the_small_backend_of_a_cascade_stands_first_in_the_order(tmp_path: Path) -> None:
    sections = "".join(f'[backends.{name}]\nkind = "extractive"\n' for name in ("a", "b"))
    (tmp_path / "bot.toml").write_text(f'{sections}[router]\nchain = ["b"]\ncascade.small = "a"\n')
    assert b"Order: a for what is easy, then b. One that" in pipe(tmp_path, "backends").stdout


def test_a_model_in_this_process_brings_its_own_window(tmp_path: Path) -> None:
    local = 'kind = "transformers"\nmodel = "./m"\n'
    own = f"[backends.own]\n{local}[backends.cut]\n{local}context_tokens = 4000\n"
    (tmp_path / "bot.toml").write_text(own)
    found = json.loads(pipe(tmp_path, "backends", "--json").stdout)
    assert [one["window"] for one in found] == [None, 4000]
    first, second = pipe(tmp_path, "backends").stdout.decode().splitlines()[1:3]
    assert "the model's own" in first
    assert "4,000" in second


def test_why_a_model_cannot_be_loaded_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text('[backends.own]\nkind = "transformers"\nmodel = "./m"\n')
    (tmp_path / "m").mkdir()
    run = pipe(tmp_path, "ask", "How long?")
    assert run.returncode == 1
    assert run.stderr.decode().count("holds no whole model") == 1
    assert "The backend 'own' cannot begin" in run.stderr.decode()
    assert run.stdout


def test_no_price_is_listed_for_a_server_of_ones_own(tmp_path: Path) -> None:
    local = 'kind = "openai"\nbase_url = "http://localhost:8000/v1"\n'
    own = "input_price = 0.5\noutput_price = 1\n"
    (tmp_path / "bot.toml").write_text(f"[backends.local]\n{local}[backends.priced]\n{local}{own}")
    found = json.loads(pipe(tmp_path, "backends", "--json").stdout)
    assert [(one["reads"], one["writes"]) for one in found] == [(None, None), (0.5, 1.0)]


def test_probing_tells_who_answers_and_why_another_does_not(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(
        '[backends.sound]\nkind = "scripted"\nanswers = ["ready"]\n'
        '[backends.deaf]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[backends.keyless]\nkind = "replicate"\nkey_env = "NO_SUCH_KEY"\n'
    )
    run = pipe(tmp_path, "backends", "--probe", "--json")
    sound, deaf, keyless = (one["probed"] for one in json.loads(run.stdout))
    assert run.returncode == 1
    assert (sound["error"], sound["cost"]) == ("", 0.0)
    assert "cannot be reached at http://127.0.0.1:9" in deaf["error"]
    assert "NO_SUCH_KEY" in keyless["error"]
    assert b"Asking sound, deaf, keyless for one word" in run.stderr


def test_probing_ends_well_where_all_answer(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text('[backends.quotes]\nkind = "extractive"\n')
    run = pipe(tmp_path, "backends", "--probe")
    assert run.returncode == 0
    assert b"quotes" in run.stdout


def test_a_question_may_name_who_answers_and_how(tmp_path: Path) -> None:
    lines = (
        '[backends.a]\nkind = "scripted"\nanswers = ["I am a."]\n'
        '[backends.b]\nkind = "scripted"\nanswers = ["<answer>I am b.</answer>"]\n'
    )
    (tmp_path / "bot.toml").write_text(lines)
    config = ("--config", str(tmp_path / "bot.toml"))
    asked = (*config, "ask", "--backend", "b", "--strategy", "chain_of_thought", "Hi")
    assert "I am b." in said(*asked)
    assert "strategy chain_of_thought" in said(*config, "why")
    text = said(*config, "ask", "--backend", "bb", "Hi", code=2)
    assert "No backend called 'bb'. Known backends: a, b. Did you mean 'b'?" in text


def test_every_kind_of_backend_says_what_it_can() -> None:
    assert set(_CAN) == set(KINDS)


# --- Teaching ----------------------------------------------------------------------------------


def test_learning_again_reads_nothing_and_forgets_what_is_gone(tmp_path: Path) -> None:
    said("init", str(tmp_path / "shop"))
    first = json.loads(pipe(tmp_path / "shop", "learn", "--json").stdout)
    again = json.loads(pipe(tmp_path / "shop", "learn", "--json").stdout)
    assert first["read"] > 10
    assert (again["read"], again["unchanged"]) == (0, first["read"])
    next((tmp_path / "shop" / "help").glob("*.md")).unlink()
    assert b"1 removed" in pipe(tmp_path / "shop", "learn").stdout


def test_ones_own_articles_take_the_place_of_the_sample_store(tmp_path: Path) -> None:
    assert b"[1] Reset your password" in pipe(tmp_path, "ask", "Reset my password?").stdout
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "opening.md").write_text("# Opening hours\n\nWe open at nine.\n")
    (tmp_path / "own" / "broken.md").write_bytes(b"\x00\x01\x02" * 100)
    result = pipe(tmp_path, "learn", "own")
    assert b"Read 1 article (1 passage)" in result.stdout
    assert b"Skipped broken.md" in result.stderr
    assert b"calls itself the sample shop's" in result.stdout
    assert b"A project of your own: bot init DIR" in result.stdout
    assert b"nine" in pipe(tmp_path, "ask", "What are your opening hours?").stdout
    assert b"Forgot password" not in pipe(tmp_path, "ask", "Reset my password?").stdout


@pytest.mark.usefixtures("inside")
def test_a_folder_that_is_not_there_is_told() -> None:
    assert "nowhere" in said("learn", "nowhere", code=2)


def test_a_folder_that_is_gone_can_be_forgotten(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "keys.md").write_text("# Lost keys\n\nCall the porter.")
    assert pipe(tmp_path, "learn", "old").returncode == 0
    (tmp_path / "old" / "keys.md").unlink()
    result = pipe(tmp_path, "learn", "old")
    assert result.returncode == 2
    assert b"1 article learned from it" in result.stderr
    assert f"run: bot forget {tmp_path / 'old'}".encode() in result.stderr
    (tmp_path / "old").rmdir()
    assert f"bot forget {tmp_path / 'old'}".encode() in pipe(tmp_path, "learn", "old").stderr
    assert f"Run: bot forget {tmp_path / 'old'}".encode() in pipe(tmp_path, "doctor").stdout
    assert pipe(tmp_path, "forget", "old").stdout == b"Forgot 1 article from old.\n"
    assert b"Nothing was learned from 'old'" in pipe(tmp_path, "forget", "old").stderr


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("command", ["learn", "forget"])
def test_an_empty_path_is_not_this_folder(command: str) -> None:
    assert "The path is empty" in said(command, "", code=2)


def test_a_bot_that_learned_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text("")
    assert b"Run: bot learn PATH\n" in pipe(tmp_path, "ask", "Hello?").stderr
    assert b"Run: bot learn PATH\n" in pipe(tmp_path, "chat").stdout
    (tmp_path / "bot.toml").write_text('knowledge.paths = ["."]')
    assert b"Run: bot learn\n" in pipe(tmp_path, "ask", "Hello?").stderr


def test_nothing_to_learn_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text("")
    assert "paths under [knowledge]" in said("learn", code=2)


@pytest.mark.usefixtures("inside")
def test_what_was_not_answered_is_listed() -> None:
    text = said("unanswered")
    assert NONSENSE in text
    assert INVOICE not in text
    assert told("unanswered", "--json")[0]["question"] == NONSENSE


# --- Asking ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("inside")
def test_a_question_is_answered_in_plain_text() -> None:
    text = said("ask", INVOICE)
    assert "[1]" in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("inside")
def test_an_answer_in_json_is_one_object() -> None:
    reply = told("ask", "--json", NONSENSE)
    assert reply["outcome"] == "unanswered"
    assert reply["citations"] == []


def test_a_question_may_come_through_a_pipe(shop: Path) -> None:
    result = pipe(shop, "ask", "-", text=f"{INVOICE}\n".encode())
    assert result.returncode == 0
    assert b"[1]" in result.stdout


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        (b"", "empty"),
        (b" \n\t\x00 ", "empty"),
        (b"caf\xe9", "iconv"),
        (b"a" * 1_000_000, "20,000"),
    ],
)
def test_what_cannot_be_asked_is_told_in_clear_words(shop: Path, text: bytes, cure: str) -> None:
    result = pipe(shop, "ask", "-", text=text)
    assert result.returncode == 2
    assert result.stdout == b""
    assert cure in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
    assert result.stderr.count(b"message") <= 2  # the fact and the cure, not the bot's words too
    assert b"help you with" not in result.stderr


def test_a_chat_through_a_pipe_answers_line_by_line(shop: Path) -> None:
    result = pipe(shop, "chat", text=f"{INVOICE}\n\n/quit\n{NONSENSE}\n".encode())
    assert result.returncode == 0
    assert b"[1]" in result.stdout
    assert b"\x1b" not in result.stdout
    assert NONSENSE.encode() not in result.stdout


@pytest.mark.parametrize("command", [("ask", INVOICE), ("settings",), ("history", "list")])
def test_an_output_that_takes_no_more_is_told(shop: Path, command: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        result = subprocess.run(
            [sys.executable, "-m", "channels.cli", *command],
            cwd=shop,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == (
        "The output cannot be written: No space left on device. Free some space.\n"
    )


def test_a_chat_through_a_pipe_that_loses_a_message_says_so_at_its_end(tmp_path: Path) -> None:
    said("init", str(tmp_path / "shop"))
    pipe(tmp_path / "shop", "ask", INVOICE)
    with closing(sqlite3.connect(tmp_path / "shop" / "frontdesk.db")) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON messages WHEN NEW.text LIKE 'Lost%'"
            " BEGIN UPDATE no_such_table SET x = 1; END"
        )
        database.commit()
    result = pipe(tmp_path / "shop", "chat", text=b"Lost?\nThank you!\n")
    assert result.returncode == 2, result.stdout


def test_a_chat_through_a_pipe_that_is_no_text_is_told(shop: Path) -> None:
    result = pipe(shop, "chat", text=b"hi\ncaf\xe9\n")
    assert result.returncode == 2
    assert "Line 2 of the input is not UTF-8" in result.stderr.decode()


def test_a_chat_through_a_pipe_with_an_endless_line_is_told(shop: Path) -> None:
    result = pipe(shop, "chat", text=b"a" * 40_000_000)
    assert result.returncode == 2
    assert b"Line 1 of the input is longer than 16 MiB." in result.stderr
    assert b"Traceback" not in result.stderr


def test_one_question_imports_nothing_for_terminals(shop: Path) -> None:
    script = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['bot', 'ask', {INVOICE!r}]\n"
        "from channels.cli import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=shop, capture_output=True, text=True, check=True
    )
    heavy = {"prompt_toolkit", "rich", "markdown_it", "alembic", "anthropic", "openai", "bs4"}
    assert not set(result.stderr.split()) & heavy


# --- Looking back ------------------------------------------------------------------------------


@pytest.mark.usefixtures("inside")
def test_conversations_are_listed_shown_and_exported(tmp_path: Path) -> None:
    lines = told("history", "list", "--json")
    number = str(lines[-1]["conversation"]["id"])
    assert lines[-1]["opening"] == INVOICE
    assert INVOICE in said("history", "list")
    shown = said("history", "show", number)
    assert INVOICE in shown
    assert "[1]" in shown
    assert told("history", "show", number, "--json")["messages"][0]["text"] == INVOICE
    exported = [json.loads(row) for row in said("history", "export").splitlines()]
    assert [story["messages"][0]["text"] for story in exported][:2] == [INVOICE, NONSENSE]
    page = tmp_path / "page.md"
    said("history", "export", number, "--format", "markdown", "--output", str(page))
    assert page.read_text().startswith(f"## Conversation {number}")


def test_a_message_that_its_customer_deleted_is_shown_as_deleted() -> None:
    gone = Message(seq=1, author=Author.CUSTOMER, text="", tokens=0, at=1.0)
    story = Story(id=1, channel="slack", key="T1:C1", customer="U1", messages=[gone], turns=[])
    assert story.text(gone) == "(deleted)"


@pytest.mark.usefixtures("inside")
def test_a_conversation_that_is_not_there_is_told() -> None:
    assert "There is no conversation 4711" in said("history", "show", "4711", code=2)


@pytest.mark.usefixtures("inside")
def test_an_answer_is_explained() -> None:
    turn = told("unanswered", "--json")[0]["turn"]
    page = said("why", turn[:10])
    for words in (NONSENSE, "Asked", "Tried", "extractive", "hash", "delivery sent"):
        assert words in page
    assert told("why", turn, "--json")["turn"]["id"] == turn
    assert "=====" in said("why", turn, "--prompt")
    assert (
        told("why", "--json")["turn"]["started"] >= told("why", turn, "--json")["turn"]["started"]
    )
    assert "There is no turn 'zzz'" in said("why", "zzz", code=2)
    assert "begins more than one turn" in said("why", "", code=2)


# --- Templates and the database ----------------------------------------------------------------


@pytest.mark.usefixtures("inside")
def test_templates_are_listed_shown_filled_and_checked() -> None:
    assert "words/unknown.j2" in said("prompts", "list")
    assert {sheet["name"] for sheet in told("prompts", "list", "--json")} >= {"system.j2"}
    assert "{% if contact %}" in said("prompts", "show", "words/unknown.j2")
    assert "help@larkmoor.example" in said("prompts", "render", "words/unknown.j2")
    assert "Samples stand for: summary" in said("prompts", "render", "system.j2")
    assert "Asked before." in said(
        "prompts", "render", "system.j2", "--set", "summary=Asked before."
    )
    assert "gives no value" in said("prompts", "render", "system.j2", "--set", "summary", code=2)
    assert "2,000 characters" in said(
        "prompts", "render", "words/too_long.j2", "--set", "limit=2000"
    )
    assert "not a whole number" in said(
        "prompts", "render", "words/too_long.j2", "--set", "limit=many", code=2
    )
    assert "nothing wrong" in said("prompts", "check")


@pytest.mark.usefixtures("inside")
def test_every_shipped_template_can_be_looked_at() -> None:
    for sheet in told("prompts", "list", "--json"):
        assert len(said("prompts", "render", sheet["name"])) > 10


def test_examples_stand_on_lines_of_their_own() -> None:
    text = said("history", "export", "--help")
    assert "\\b" not in text
    assert "\n    bot history export > all.jsonl\n    bot history export 12 13 --format" in text


def test_wrong_templates_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "direct.j2").write_text("{% if %}")
    (tmp_path / "bot.toml").write_text('prompts.folder = "words"')
    assert "direct.j2" in said("prompts", "check", code=1)


def test_the_database_is_upgraded_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "empty" in said("db", "current", code=1)
    assert "Upgraded from an empty database" in said("db", "upgrade")
    assert "Nothing to do" in said("db", "upgrade")
    said("db", "current")


def test_a_database_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.toml").write_text('database.url = "sqlite:///nowhere/shop.db"')
    assert "mkdir -p" in said("ask", "Hello?", code=2)


def test_the_readme_tells_of_every_command() -> None:
    readme = (Path(__file__).parent.parent / "channels" / "cli" / "README.md").read_text()
    for command in COMMANDS:
        assert f"| `bot {command}" in readme
