"""bot.toml is read, filled and checked; what is wrong is told all at once, with its cure."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.resources import sample
from bot.settings import ScriptedSettings, Settings, SlackSettings, TransformersSettings, load
from bot.settings.places import line, places
from bot.settings.reference import sections, table
from bot.settings.tasks import LONGEST_TOPIC
from bot.store.columns import Mark
from bot.store.tables import Conversation

ROOT = Path(__file__).parent.parent
NOTHING: Mapping[str, str] = {}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bot.toml"


def read(file: Path, text: str, environment: Mapping[str, str] = NOTHING) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(file, environment=environment)


def refusal(file: Path, text: str, environment: Mapping[str, str] = NOTHING) -> str:
    with pytest.raises(SettingsError) as caught:
        read(file, text, environment)
    return str(caught.value)


# --- Where it is looked for --------------------------------------------------------------------


def test_without_a_file_the_sample_store_is_the_knowledge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, environment=NOTHING)
    assert settings.file is None
    assert settings.knowledge.paths == (sample() / "help",)
    assert settings.bot.contact
    assert list(settings.backends) == ["extractive"]
    assert settings.database.url.get_secret_value() == f"sqlite:///{tmp_path}/frontdesk.db"


def test_the_sample_store_is_itself_a_project() -> None:
    settings = load(sample() / "bot.toml", environment=NOTHING)
    assert settings.knowledge.paths == (sample() / "help",)
    assert list(settings.backends) == ["extractive"]


def test_a_key_in_the_environment_brings_its_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, environment={"OPENAI_API_KEY": "sk-o", "ANTHROPIC_API_KEY": "sk-a"})
    assert list(settings.backends) == ["anthropic", "openai", "extractive"]
    key = settings.key("anthropic")
    assert key is not None
    assert key.get_secret_value() == "sk-a"


def test_the_file_in_the_current_folder_is_taken(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('bot.name = "Ada"')
    monkeypatch.chdir(file.parent)
    assert load(None, environment=NOTHING).bot.name == "Ada"


def test_the_environment_names_a_file_and_an_argument_wins(file: Path) -> None:
    file.write_text('bot.name = "Ada"')
    other = file.with_name("other.toml")
    other.write_text('bot.name = "Bob"')
    environment = {"FRONTDESK_CONFIG": str(other)}
    assert load(None, environment=environment).bot.name == "Bob"
    assert load(file, environment=environment).bot.name == "Ada"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml.*No such file.*bot init"):
        load(tmp_path / "nowhere.toml", environment=NOTHING)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Is a directory"):
        load(tmp_path, environment=NOTHING)


# --- Paths, variables and keys -----------------------------------------------------------------


def test_relative_paths_start_at_the_folder_of_the_file(file: Path) -> None:
    folder = file.parent
    (folder / "help").mkdir()
    (folder / "words").mkdir()
    settings = read(
        file,
        """
        knowledge.paths = ["help"]
        prompts.folder = "words"
        database.url = "sqlite:///data/shop.db"
        """,
    )
    assert settings.knowledge.paths == (folder / "help",)
    assert settings.prompts.folder == folder / "words"
    assert settings.database.url.get_secret_value() == f"sqlite:///{folder}/data/shop.db"
    assert f"sqlite:///{folder}/frontdesk.db" == read(file, "").database.url.get_secret_value()


def test_an_absolute_database_stays_where_it_is(file: Path) -> None:
    settings = read(file, 'database.url = "sqlite:////srv/shop.db"')
    assert settings.database.url.get_secret_value() == "sqlite:////srv/shop.db"


def test_variables_are_filled_from_the_environment_then_from_the_secrets(file: Path) -> None:
    file.with_name("secrets.toml").write_text("HOST = 'from-secrets'\nUSER = 'from-secrets'")
    settings = read(
        file,
        """
        secrets = "secrets.toml"
        database.url = "postgresql://${USER}@${HOST}/shop"
        bot.company = "costs $${5}"
        """,
        {"USER": "from-environment"},
    )
    url = settings.database.url.get_secret_value()
    assert url == "postgresql://from-environment@from-secrets/shop"
    assert settings.bot.company == "costs ${5}"


def test_a_key_is_taken_from_the_environment_then_from_the_secrets(file: Path) -> None:
    file.with_name("secrets.toml").write_text("ONE = 'secret-one'\nTWO = 'secret-two'")
    text = """
        secrets = "secrets.toml"
        [backends]
        one = {kind = "openai", key_env = "ONE"}
        two = {kind = "anthropic", key_env = "TWO"}
        """
    settings = read(file, text, {"ONE": "environment-one"})
    keys = [settings.key(name) for name in ("one", "two")]
    assert [key and key.get_secret_value() for key in keys] == ["environment-one", "secret-two"]


def test_a_missing_key_is_told_with_its_variable(file: Path) -> None:
    settings = read(file, 'backends.gpt = {kind = "openai", key_env = "SHOP_KEY"}')
    with pytest.raises(SettingsError, match=r"'gpt' has no key: SHOP_KEY is neither.*key_env"):
        settings.key("gpt")


def test_an_empty_key_is_a_missing_one(file: Path) -> None:
    settings = read(file, 'backends.gpt = {kind = "openai"}', {"OPENAI_API_KEY": " "})
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        settings.key("gpt")


def test_a_server_of_ones_own_and_a_backend_without_a_model_need_no_key(file: Path) -> None:
    settings = read(
        file,
        """
        [backends]
        own = {kind = "openai", base_url = "http://localhost:8000/v1"}
        quotes = {kind = "extractive"}
        """,
    )
    assert settings.key("own") is None
    assert settings.key("quotes") is None


def test_no_secret_is_in_any_text_of_the_settings(file: Path) -> None:
    settings = read(
        file,
        """
        database.url = "postgresql://me:hush@host/shop"
        backends.gpt = {kind = "openai"}
        """,
        {"OPENAI_API_KEY": "sk-hush"},
    )
    for text in (
        str(settings),
        repr(settings),
        settings.model_dump_json(),
        str(settings.key("gpt")),
    ):
        assert "hush" not in text


def test_settings_built_by_hand_are_taken_as_they_are() -> None:
    backends = {"echo": ScriptedSettings(kind="scripted", answers=("Hello.",))}
    settings = Settings(backends=backends)
    assert settings.file is None
    assert settings.key("echo") is None


# --- What is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n[bot]\nnmae = 'Ada'", "bot.toml:3: bot.nmae = 'Ada': there is no such key."),
        ("[bot]\nnmae = 'Ada'", "Did you mean 'name'?"),
        ("[bots]\nname = 'Ada'", "bot.toml:1: bots: there is no such key. Known keys: bot,"),
        ("bot.name = 5", "bot.name = 5: must be text in quotes, for example 'Frontdesk'."),
        ("bot.longest_message = 'x'", "= 'x': must be a whole number, for example 20000."),
        ("window.tokens = 20.5", "window.tokens = 20.5: must be a whole number"),
        ("window.tokens = 20", "window.tokens = 20: must be at least 200"),
        ("engine.sweep_seconds = 0", "must be more than 0"),
        ("engine.lease_seconds = nan", "must be a number that ends"),
        ("knowledge.paths = 'help'", "knowledge.paths = 'help': must be a list, as [\"…\"]"),
        ("knowledge = 'help'", "knowledge = 'help': must be a table"),
        ("backends = 'gpt'", "backends = 'gpt': must be a table"),
        ("backends.gpt = 'openai'", "backends.gpt = 'openai': must be a table"),
        ("backends.gpt = {}", "backends.gpt.kind: is missing. Known kinds: extractive,"),
        ("backends.a.kind = 'openay'", "no such kind of backend. Known kinds: extractive,"),
        ("backends.a.kind = 'openay'", "Did you mean 'openai'?"),
        ("[backends.a]\nkind = 'openai'\nmodle = 'x'", "bot.toml:3: backends.a.modle = 'x'"),
        ("backends.a = {kind = 'openai', temperature = 5}", "must be at most 2"),
        ("backends.a = {kind = 'anthropic', effort = 'huge'}", "must be 'low', 'medium'"),
        ("backends.a = {kind = 'scripted'}", "backends.a.answers: is missing"),
        (
            "[[router.rules]]\n[[router.rules]]\nchain = []",
            "router.rules[1]: changes nothing. Give it a chain",
        ),
        (
            "[[router.rules]]\nmood = 'upset'\ncascade = true",
            "bot.toml:3: router.rules[0].cascade = true: there is no small backend to stand before",
        ),
        (
            "[[router.split]]\nname = 'a'\nshare = 5\ncascade = true",
            "bot.toml:4: router.split[0].cascade = true: there is no small backend",
        ),
        ("backends.gpt.kind = 'openai'\nrouter.chain = ['gtp']", "no backend called 'gtp'"),
        ("backends.gpt.kind = 'openai'\nrouter.chain = ['gtp']", "Did you mean 'gpt'?"),
        ("bot.name = '${NAMELESS}'", "NAMELESS is neither in the environment nor in the secrets"),
        ("window.tokens = '${COUNT}'", "window.tokens = '${COUNT}': COUNT is neither"),
        ("secrets = 'nowhere'", "secrets: cannot be reached"),
        ("prompts.folder = 'nowhere'", "No such file or directory. Correct the path"),
        ("bot.strategy = 'cot'", "bot.strategy = 'cot': must be 'direct', 'few_shot'"),
        ("bot.strategy = 'few-shot'", "or 'thinking'. Did you mean 'few_shot'?"),
        ("bot.language = 'plain English'", "must be a language's code, as 'en'"),
        ("knowledge.link = 'help'", "must begin with https://, http:// or /"),
        ("\n\nbackends.a = {kind = 'openai', base_url = 'localhost:1'}", "bot.toml:3: backends.a"),
        ("\nrouter.rules = [\n{strategy = 'x', chain = []}]", "bot.toml:2: router.rules[0].strat"),
        ("database.url = 'mysql://me:hush@host'", "database.url: must be sqlite:///FILE or"),
        (
            "\n[tasks.translation.pairs]\ngerman = 'a/b'",
            "bot.toml:3: tasks.translation.pairs.german = 'a/b': must be the codes of two lang",
        ),
        (
            "[[router.split]]\nname = 'New Model'\nshare = 5\nuse_strategy = 'direct'",
            "bot.toml:2: router.split[0].name = 'New Model': must be up to 40 small letters",
        ),
        (
            "backends.a = {kind = 'openai', key_env = 'my key'}",
            "must be the name of a variable, not its value, for example 'OPENAI_API_KEY'.",
        ),
        ("[bot\nname = 'Ada'", "this is not TOML: Expected ']'"),
        ("bot.name = 'a'\nbot.name = 'b'", "this is not TOML: Cannot overwrite a value"),
    ],
)
def test_a_wrong_file_is_told_with_place_value_and_cure(file: Path, text: str, told: str) -> None:
    assert told in refusal(file, text)


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(file: Path) -> None:
    told = refusal(
        file,
        """secrets = "nowhere"
bots = 1
[bot]
nmae = "Ada"
company = "${COMPANY}"
[router]
chain = ["claude"]
""",
    ).splitlines()
    assert told[0] == "The settings cannot be used:"
    assert [row.split(": ")[0].rsplit(":", 1)[1] for row in told[1:]] == ["1", "2", "4", "5", "7"]


@pytest.mark.parametrize(
    "text",
    [
        "backends.gpt = {kind = 'openai', api_key = 'sk-hush'}",
        "backends.gpt = {kind = 'openai', key_env = 'sk-hush'}",
        "database.url = 'mysql://me:sk-hush@host'",
        "backends.gpt = {kind = 'openai', base_url = ['https://me:sk-hush@host']}",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(file: Path, text: str) -> None:
    assert "hush" not in refusal(file, text)


def test_a_key_in_the_file_is_told_where_it_belongs(file: Path) -> None:
    told = refusal(file, "backends.gpt = {kind = 'openai', api_key = 'sk-hush'}")
    assert "keys do not belong into this file" in told
    assert "key_env" in told


@pytest.mark.parametrize("content", ["KEY = hush", "KEY: 'hush'", "KEY = ['hush']", "KEY='hush"])
def test_a_broken_secrets_file_is_told_without_its_content(file: Path, content: str) -> None:
    file.with_name("secrets.toml").write_text(f"\n{content}\n")
    told = refusal(file, "secrets = 'secrets.toml'")
    assert "bot.toml:1: secrets:" in told
    assert "KEY" in told or "line" in told
    assert "hush" not in told


def test_a_file_that_is_not_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(file, environment=NOTHING)


def test_a_long_value_is_cut(file: Path) -> None:
    assert len(refusal(file, f"bot.longest_message = '{'x' * 5000}'")) < 500


def test_a_topic_is_as_long_as_the_store_keeps_it(file: Path) -> None:
    kept = Conversation.__table__.c.topic.type
    assert isinstance(kept, Mark)
    assert kept.longest == LONGEST_TOPIC
    longest = "x" * LONGEST_TOPIC
    labels = read(file, f"[tasks.topic.labels]\n{longest} = 'a'").tasks.topic.labels
    assert list(labels) == [longest]
    told = refusal(file, f"[tasks.topic.labels]\n{longest}x = 'a'\n{longest}y = 'b'")
    for line_, last in ((2, "a"), (3, "b")):
        place = f"bot.toml:{line_}: tasks.topic.labels.{'x' * 60}… = '{last}': "
        assert f"{place}a topic's name of 256 characters is too long: 255 can be kept." in told


# --- Lines -------------------------------------------------------------------------------------


def test_every_statement_has_its_line() -> None:
    text = '''# a comment
[bot]
name = "A # [no.header]"
company = """
[not.a.header]
"""
[[router.rules]]
chain = [
  "a",  # one
]
[[router.rules]]
attributes = {}
[backends."my gpt"]
"a.b".c = {d = {}}
'''
    found = places(text)
    assert line(("bot", "company"), found) == 4
    assert line(("router", "rules", 0, "chain"), found) == 8
    assert line(("router", "rules", 1, "attributes"), found) == 12
    assert line(("router", "rules", 1, "chain"), found) == 11
    assert line(("backends", "my gpt", "a.b", "c", "d"), found) == 14
    assert line(("nowhere",), found) is None


@given(st.text(max_size=60))
def test_any_text_is_told_as_settings_or_as_a_settings_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    with suppress(SettingsError):
        load(file, environment=NOTHING)


# --- The documentation -------------------------------------------------------------------------


def test_the_readme_has_the_table_of_every_key() -> None:
    readme = (ROOT / "bot" / "settings" / "README.md").read_text(encoding="utf-8")
    assert readme.endswith("## Every key\n\n" + table()), "put the output of 'bot settings' there"


def test_every_key_says_what_it_means() -> None:
    for section in sections():
        for key in section.keys:
            assert key.meaning.endswith("."), f"{section.header} {key.name}"
            assert key.type


def test_history_leaves_room_in_the_smallest_model() -> None:
    small = {"kind": "openai", "base_url": "http://localhost:1", "context_tokens": 4096}
    settings = Settings.model_validate({"backends": {"small": small}})
    assert settings.history_tokens == 2048
    assert Settings().history_tokens == Settings().window.tokens


# --- Slack -------------------------------------------------------------------------------------


def test_a_bare_section_is_a_bot_in_slack(file: Path) -> None:
    assert read(file, "").slack is None
    assert read(file, "[slack]").slack == SlackSettings()


def test_the_tokens_of_slack_are_found_without_a_section(file: Path) -> None:
    settings = read(file, "", {"SLACK_BOT_TOKEN": "xoxb-1"})
    token = settings.secret(SlackSettings().bot_token_env)
    assert token is not None
    assert token.get_secret_value() == "xoxb-1"


def test_the_tokens_of_slack_may_have_other_names(file: Path) -> None:
    text = """
        secrets = "secrets.toml"
        [slack]
        bot_token_env = "OURS"
        [slack.oauth]
        client_id = "1.2"
        key_env = "SEAL"
        """
    file.with_name("secrets.toml").write_text("OURS = 'xoxb-2'\nSEAL = 'key'")
    settings = read(file, text)
    assert settings.demand("OURS", place="here").get_secret_value() == "xoxb-2"
    assert settings.demand("SEAL", place="here").get_secret_value() == "key"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[slack]\nmodus = 'http'", "slack.modus = 'http': there is no such key"),
        ("[slack]\nmodes = 'http'", "Did you mean 'mode'?"),
        ("[slack]\nview = 'bot'", "slack.view = 'bot': must be 'agent' or 'assistant'"),
        ("[slack]\nurl = 'shop.example'", "must be the public address of 'bot serve'"),
        ("[slack]\ncommand = 'Ask us'", "slack.command = 'Ask us': must be a slash"),
        ("[slack]\nsuggestions = ['a', 'b', 'c', 'd', 'e']", "4 questions at most"),
        ("[slack.oauth]", "slack.oauth.client_id: is missing"),
        ("[slack.oauth]\nclient_id = '1'\nkey = 'x'", "Did you mean 'key_env'?"),
    ],
)
def test_what_is_wrong_about_slack_is_told(file: Path, text: str, told: str) -> None:
    assert told in refusal(file, text)


def test_a_public_address_has_no_slash_at_its_end(file: Path) -> None:
    slack = read(file, "[slack]\nurl = 'https://bot.shop.example/'").slack
    assert slack is not None
    assert slack.url == "https://bot.shop.example"


# --- Models in this process


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("./models/llama", "{folder}/models/llama"),
        ("../llama", "{folder}/../llama"),
        ("/srv/llama", "/srv/llama"),
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
    ],
)
def test_a_models_folder_starts_at_the_file_and_an_id_does_not(
    file: Path, written: str, meant: str
) -> None:
    settings = read(file, f'[backends.own]\nkind = "transformers"\nmodel = "{written}"')
    own = settings.backends["own"]
    assert isinstance(own, TransformersSettings)
    assert own.model == meant.format(folder=file.parent)
