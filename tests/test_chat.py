"""A customer talks with the bot in a real terminal."""

import re
import time
from pathlib import Path

import pytest

from tests.house import until
from tests.servers.acts import Act, Answer, Fault
from tests.servers.openai import OpenAIServer
from tests.terminals import Terminal
from tests.tiny.fixtures import Build

PARAGRAPHS = [
    f"Paragraph {number} has **bold** words and goes on for a while, so that it is broken into "
    f"several lines on most screens; it ends with end{number}."
    for number in range(12)
]
LONG = "\n\n".join(PARAGRAPHS)


def settle(folder: Path, *servers: OpenAIServer, more: str = "") -> Path:
    """Write a project whose backends are ``servers``."""
    sections = [
        f'[backends.model{number}]\nkind = "openai"\nbase_url = "{server.url}"\nmodel = "local"\n'
        for number, server in enumerate(servers)
    ]
    text = "\n".join(['[bot]\ncontact = "help@shop.example"', *sections, more])
    (folder / "bot.toml").write_text(text, encoding="utf-8")
    return folder


async def test_a_customer_is_answered_from_the_sample_store(tmp_path: Path) -> None:
    async with Terminal(tmp_path, "chat") as terminal:
        await terminal.until_prompt()
        await terminal.ask("Hi, I need help with resetting my password. Can you guide me?")
        assert "Forgot password" in terminal.text()
        assert "[1] Reset your password" in terminal.text()
        await terminal.ask("and how long does that take?")
        assert "within 2 minutes" in terminal.text()
        await terminal.ask("Who painted the Mona Lisa?")
        assert "help@larkmoor.example" in terminal.text()
        terminal.press("\x04")
        assert await terminal.exit() == 0


async def test_a_conversation_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    async with Terminal(tmp_path, "chat") as terminal:
        await terminal.until_prompt()
        await terminal.ask("How do I reset my password?")
        terminal.say("/quit")
        assert await terminal.exit() == 0
    async with Terminal(tmp_path, "chat", "--continue") as terminal:
        await terminal.until_prompt()
        assert "you> How do I reset my password?" in terminal.text()
        assert terminal.text().count("Forgot password") == 1
        await terminal.ask("and how long does that take?")
        assert "within 2 minutes" in terminal.text()


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 10), (120, 5), (30, 60), (20, 6)])
async def test_nothing_stands_twice_in_the_scrollback(
    tmp_path: Path, columns: int, lines: int
) -> None:
    async with OpenAIServer(Answer(text=LONG), pace=0.001) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat", columns=columns, lines=lines) as terminal:
            await terminal.until_prompt()
            await terminal.ask("Tell me everything.")
            assert_told_once(terminal)


def assert_told_once(terminal: Terminal) -> None:
    """Every paragraph is there once, whole, and nothing of the unfinished ones is left."""
    text = "".join(terminal.text().split())  # a terminal may have broken words
    told = text[text.index("Paragraph0") :].removesuffix("you>")
    assert told == "".join(LONG.replace("**", "").split())


async def test_an_answer_is_written_about_four_times_at_most(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text=LONG), pace=0.001) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            before = len(terminal.raw)
            await terminal.ask("Tell me everything.")
            assert len(terminal.raw) - before < 4 * len(LONG)


async def test_ctrl_c_stops_an_answer_and_keeps_what_was_said(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text=LONG), Answer(text="And on."), pace=0.05) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.say("Tell me everything.")
            await terminal.until("end1.")
            begun = time.monotonic()
            terminal.press("\x03")
            await terminal.until_prompt()
            assert time.monotonic() - begun < 8.0  # some 60 ms on a quiet machine, of 13 s
            assert "(stopped)" in terminal.text()
            await terminal.ask("Go on.")
            assert "And on." in terminal.text()
            terminal.press("\x04")
            assert await terminal.exit() == 0
        heard = server.heard[-1].json()["messages"]
        assert any("Paragraph 1" in str(message["content"]) for message in heard)
        async with Terminal(tmp_path, "chat", "--continue") as terminal:
            await terminal.until_prompt()
            assert "(stopped)" in terminal.text()


async def test_a_stop_before_the_first_word_is_told_once(tmp_path: Path) -> None:
    silent = Answer(text="Never seen.", fault=Fault.SILENCE, after=0)
    async with OpenAIServer(silent) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.say("Hello?")
            await terminal.until("…")
            await until(lambda: server.heard)
            terminal.press("\x03")
            await terminal.until("Stopped before I had said anything")
            await terminal.until_prompt()
            await terminal.ask("/history")
            assert terminal.text().count("Stopped before I had said anything") == 2
            assert "(stopped)" not in terminal.text()
            await terminal.ask("/why")
            assert "stopped by the customer" in terminal.text()
            assert "not told by the provider" in terminal.text()
            for untrue in ("0 tokens", "no price is known", "failed"):
                assert untrue not in terminal.text()


async def test_who_leaves_in_a_queue_leaves_at_once_and_is_answered_later(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text="Gladly."), Answer(text="All is well.")) as server:
        settle(tmp_path, server, more="requests_per_minute = 1")
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            await terminal.ask("Will you help me?")
            terminal.say("Is all well?")
            await terminal.until("…")
            begun = time.monotonic()
            terminal.press("\x04")
            assert await terminal.exit() == 0
            assert (
                time.monotonic() - begun < 10.0
            )  # a second on a quiet machine, of a minute's wait
            assert "What has no answer yet gets one in: bot chat --continue" in terminal.text()
            assert "(stopped)" not in terminal.text()
        assert len(server.heard) == 1
        async with Terminal(tmp_path, "chat", "--continue") as terminal:
            await terminal.until("All is well.")
            await terminal.until_prompt()
            assert terminal.text().count("Is all well?") == 1
        assert len(server.heard) == 2


async def test_nobody_waits_at_the_end_for_an_answer_that_nobody_reads(tmp_path: Path) -> None:
    silent = Answer(text="Never seen.", fault=Fault.SILENCE, after=0)
    async with OpenAIServer(silent) as server:
        settle(tmp_path, server, more="[engine]\nlease_seconds = 3.0\nsweep_seconds = 0.1")
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.say("Is all well?")
            await until(lambda: server.heard)
            terminal.kill()
            await terminal.exit()
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            await until(lambda: len(server.heard) == 2)  # what was left is taken up
            begun = time.monotonic()
            terminal.press("\x04")
            assert await terminal.exit() == 0
            assert time.monotonic() - begun < 10.0


async def test_who_wants_to_leave_may_read_the_answer_to_its_end(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text=LONG), pace=0.005) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat", lines=100) as terminal:
            await terminal.until_prompt()
            terminal.say("Tell me everything.")
            await terminal.until("end1.")
            terminal.press("\x04")
            assert await terminal.exit() == 0
            assert "end11." in terminal.text()
            assert "bot chat --continue" not in terminal.text()


async def test_a_question_outlives_a_kill_and_gets_its_one_answer(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text=LONG), Answer(text="All is well."), pace=0.05) as server:
        settle(tmp_path, server, more="[engine]\nlease_seconds = 3.0\nsweep_seconds = 0.1")
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.say("Is all well?")
            await terminal.until("end0.")
            terminal.kill()
            await terminal.exit()
        async with Terminal(tmp_path, "chat", "--continue") as terminal:
            await terminal.until("All is well.")
            await terminal.until_prompt()
            assert terminal.text().count("Is all well?") == 1
            terminal.press("\x04")
            await terminal.exit()
        async with Terminal(tmp_path, "chat", "--continue") as terminal:
            await terminal.until_prompt()
            assert terminal.text().count("All is well.") == 1
        assert len(server.heard) == 2


async def test_a_withdrawn_answer_is_struck_and_another_follows(tmp_path: Path) -> None:
    broken: Act = Answer(
        text="First half.\n\nSecond half, and more of it.", fault=Fault.CUT, after=6
    )
    async with (
        OpenAIServer(broken, pace=0.01) as first,
        OpenAIServer(Answer(text="The whole answer.")) as second,
    ):
        settle(tmp_path, first, second)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            await terminal.ask("Hello?")
            text = terminal.text()
            assert re.search(r"First half\..*\(withdrawn\).*The whole", text)
            assert "\x1b[2;9m" in terminal.raw


async def test_no_other_model_is_promised_where_there_is_none(tmp_path: Path) -> None:
    broken = Answer(text="First half.\n\nSecond half, and more of it.", fault=Fault.CUT, after=6)
    async with OpenAIServer(broken, pace=0.01) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            await terminal.ask("Hello?")
            assert re.search(r"First half\..*\(withdrawn\).*can't answer just now", terminal.text())
            assert "another model" not in terminal.text()


async def test_nothing_that_a_model_writes_is_obeyed(tmp_path: Path) -> None:
    attack = "a\x1b]52;c;cm0=\x07b \x1b[2Jc \x9b31md &#8238;e \u202ef [g](https://g.example)"
    async with OpenAIServer(Answer(text=attack)) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            before = len(terminal.raw)
            await terminal.ask("Hello?")
            answer = terminal.raw[before:]
            assert "ab c d e f" in terminal.text()
            for sequence in ("\x1b]52", "\x1b[2J", "\x9b", "\x07", "\u202e"):
                assert sequence not in answer


async def test_keys_do_what_people_expect(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text="Yes.")) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.press("one\x1b\rtwo")  # Alt-Enter
            await terminal.until("two")
            await terminal.ask("")
            terminal.press("\x1b[200~three\nfour\x1b[201~")  # a paste
            await terminal.until("four")
            await terminal.ask("")
            terminal.press("not sent\x03")
            await terminal.until_prompt()
            terminal.press("\x12one")  # Ctrl-R
            await terminal.until("two", times=2)
            terminal.press("\r")
            await terminal.until("you> one", times=2)
            await terminal.ask("")
            terminal.press("/he")
            await terminal.until("this list")
            terminal.press("\t")
            await terminal.until("you> /help")
            await terminal.ask("")
            assert "what the last answer rests on" in terminal.text()
            terminal.press("\x03")
            await terminal.until("Ctrl-C once more leaves")
            await terminal.until_prompt()
            terminal.press("\x03")
            assert await terminal.exit() == 0
        asked = [heard.json()["messages"][-1]["content"] for heard in server.heard]
        assert [text.split("\n\n")[0] for text in asked[:2]] == ["one\ntwo", "three\nfour"]


async def test_what_is_written_during_an_answer_keeps_its_lines(tmp_path: Path) -> None:
    answers = [Answer(text=text) for text in (LONG, "Yes.", "Indeed.")]
    async with OpenAIServer(*answers, pace=0.005) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat") as terminal:
            await terminal.until_prompt()
            terminal.say("Tell me everything.")
            await terminal.until("end0.")
            terminal.press("\x1b[200~three\rfour\x1b[201~\r")  # a paste, as terminals send it
            terminal.press("five\x1b\rsix\r")  # Alt-Enter
            await terminal.until("Indeed.")
            await terminal.until_prompt()
        asked = [heard.json()["messages"][-1]["content"] for heard in server.heard]
        assert [text.split("\n\n")[0] for text in asked[1:]] == ["three\nfour", "five\nsix"]


async def test_commands_do_what_help_says(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text="<answer>Yes.</answer>")) as server:
        settle(tmp_path, server, more='[backends.quotes]\nkind = "extractive"')
        async with Terminal(tmp_path, "chat", columns=100, lines=50) as terminal:
            await terminal.until_prompt()
            told = {
                "/why": "There is no answer yet",
                "/sources": "names no source",
                "/feedback good": "no answer yet to rate",
                "/history": "Nothing was said yet",
                "/think nonsense": "Known: direct",
                "/think chain_of_thought": "thinking chain_of_thought",
                "/model": "* model0 local default",
                "/model modle0": "Did you mean 'model0'?",
                "/model quotes": "model quotes",
                "/model ": "* quotes",
                "/model default": "model as configured",
                "/handoff": "No desk is set up yet",
                "/hepl": "Did you mean '/help'?",
                "/": "A command stands behind the /",
                "/HELP": "this list",
                "/why abc": "There is no turn 'abc'",
                "Hello": "Yes.",
                "/Feedback BAD too short": "Thank you",
                "/why ": "rated bad: too short",
                "/new": "A new conversation",
            }
            for line, answer in told.items():
                await terminal.ask(line)
                assert answer in terminal.text()
            assert "chain_of_thought.j2" in terminal.text()


async def test_no_colour_is_no_colour(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text="# Title\n\n`code` and **bold**")) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat", environment={"NO_COLOR": "1"}) as terminal:
            await terminal.until_prompt()
            await terminal.ask("Hello?")
            assert not re.findall(r"\x1b\[[\d;]*(?:3[1-7]|4[0-7]|9\d)[\d;]*m", terminal.raw)


async def test_a_dumb_terminal_is_written_line_by_line(tmp_path: Path) -> None:
    async with OpenAIServer(Answer(text="Some **words**.")) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "chat", environment={"TERM": "dumb"}) as terminal:
            await terminal.until("you>")
            terminal.press("Hello?\n")
            await terminal.until("Some **words**.")
            await terminal.until("you>", times=2)
            assert "\x1b" not in terminal.raw
            terminal.press("\x04")
            assert await terminal.exit() == 0


async def test_leaving_a_dumb_terminal_ends_the_line(tmp_path: Path) -> None:
    async with Terminal(tmp_path, "chat", environment={"TERM": "dumb"}) as terminal:
        await terminal.until("you>")
        terminal.press("/help\n")
        await terminal.until("Every line is a message. Ctrl-C stops an answer.")
        await terminal.until("you>", times=2)
        assert "Alt-Enter" not in terminal.text()
        terminal.press("\x03")
        assert await terminal.exit() == 130
        assert terminal.row() == ""


async def test_a_question_that_is_broken_off_is_kept(tmp_path: Path) -> None:
    silent = Answer(text="Never seen.", fault=Fault.SILENCE, after=0)
    async with OpenAIServer(silent, Answer(text="All is well.")) as server:
        settle(tmp_path, server)
        async with Terminal(tmp_path, "ask", "Is all well?") as terminal:
            await until(lambda: server.heard)
            await terminal.until("Answering ...")
            terminal.press("\x03")
            await terminal.until("The question is kept, and answered in: bot chat --continue")
            assert await terminal.exit() == 130
        async with Terminal(tmp_path, "chat", "--continue") as terminal:
            await terminal.until("All is well.")


async def test_the_prompt_is_there_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    async with Terminal(tmp_path, "chat") as terminal:  # learns the sample store
        await terminal.until_prompt()
    async with Terminal(tmp_path, "chat", python=("-X", "importtime"), lines=50) as terminal:
        await terminal.until("you>")
        imported = set(re.findall(r"import time:[\d |]+ ([\w.]+)", terminal.raw))
    assert "prompt_toolkit" in imported
    heavy = {"anthropic", "openai", "transformers", "torch", "fastapi", "slack_bolt", "alembic"}
    assert not imported & (heavy | {"genai_prices", "bs4", "markdown_it", "rich", "yaml"})


OWN = '[backends.own]\nkind = "transformers"\nmax_tokens = 16\nmodel = "{model}"'
NOTICES = '[tasks.sentiment]\nby = "model"\nmodel = "{model}"'


@pytest.mark.parametrize(("model", "section"), [("llama", OWN), ("classifier", NOTICES)])
async def test_a_model_that_is_loaded_is_shown_until_it_is_there(
    tiny: Build, tmp_path: Path, model: str, section: str
) -> None:
    (tmp_path / "bot.toml").write_text(section.format(model=tiny(model)))
    async with Terminal(tmp_path, "ask", "Where is my parcel?", columns=250) as terminal:
        await terminal.until(f"Loading {tiny(model)}")
        assert await terminal.exit() == 0
        assert "Loading" not in terminal.text()
        assert "Answering" not in terminal.text()


async def test_nobody_must_wait_until_a_model_is_loaded(tiny: Build, tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(NOTICES.format(model=tiny("classifier")))
    async with Terminal(tmp_path, "chat", columns=250) as terminal:
        await terminal.until(f"Loading {tiny('classifier')}")
        terminal.press("\x03")
        assert await terminal.exit() == 130
        assert "Loading" not in terminal.text()
