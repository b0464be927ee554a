"""The engine keeps its promises: nothing lost, nothing twice, nothing over a person."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.app import App
from bot.backends.base import Called, Finished, Output, Request, StopReason, Text, Thought
from bot.backends.scripted import Answer, ScriptedBackend
from bot.errors import (
    BackendBusy,
    BackendMisconfigured,
    BackendUnavailable,
    InboundRefused,
    PromptError,
    StoreError,
    StoreUnavailable,
)
from bot.messages import (
    Author,
    Event,
    Outcome,
    Piece,
    Released,
    Replied,
    Reply,
    ToolCall,
    Usage,
    Withdrawn,
)
from bot.store import tables
from bot.store.base import Lease
from bot.store.conversations import SqlConversations
from tests.house import ask, house, says, told, until, visible

PASSWORD = "I need help with resetting my password."


async def test_a_question_gets_one_reply_with_its_source(tmp_path: Path) -> None:
    claude = ScriptedBackend("Choose **Forgot password** [1].", name="claude")
    async with house(tmp_path, claude) as app:
        events = await told(app, PASSWORD)
    assert visible(events) == "Choose **Forgot password** [1]."
    reply = events[-1]
    assert isinstance(reply, Replied)
    assert reply.reply.outcome is Outcome.ANSWERED
    assert [citation.title for citation in reply.reply.citations] == ["Reset your password"]


async def test_the_next_turn_reads_the_conversation_so_far(tmp_path: Path) -> None:
    claude = ScriptedBackend("Choose Forgot password [1].", "Up to 15 minutes [1].")
    async with house(tmp_path, claude) as app:
        await ask(app, PASSWORD)
        await ask(app, "and how long does that take?")
    said = [(step.role, step.text) for step in claude.requests[1].history]
    assert [role for role, _ in said] == ["user", "assistant", "user"]
    assert "password" in said[0][1]
    assert said[1][1] == "Choose Forgot password."  # an old number means nothing any more
    assert claude.requests[1].passages[0].title == "Reset your password"


async def test_a_second_delivery_of_a_message_is_not_answered_again(tmp_path: Path) -> None:
    claude = ScriptedBackend("Once.")
    async with house(tmp_path, claude) as app:
        first = await app.engine.accept(says("Hello there", external_id="same"))
        await _reply(app, first.conversation, first.seq)
        second = await app.engine.accept(says("Hello there", external_id="same"))
        again = await _reply(app, second.conversation, second.seq)
        messages = await app.archive.messages(first.conversation)
    assert second.duplicate
    assert again == "Once."
    assert len(claude.requests) == 1
    assert [message.author for message in messages] == [Author.CUSTOMER, Author.BOT]


async def test_a_burst_before_the_first_piece_gets_one_reply(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([go.wait, "All of it."])
    async with house(tmp_path, claude) as app:
        accepted = [await app.engine.accept(says(f"part {number}")) for number in range(1, 6)]
        await asyncio.sleep(0.2)
        go.set()
        assert await _reply(app, accepted[0].conversation, accepted[-1].seq) == "All of it."
        messages = await app.archive.messages(accepted[0].conversation)
    assert [m.text for m in messages if m.author is Author.BOT] == ["All of it."]
    assert "part 1" in _asked(claude.requests[-1])
    assert "part 5" in _asked(claude.requests[-1])


async def test_who_does_not_stop_writing_is_answered_all_the_same(tmp_path: Path) -> None:
    slow = ScriptedBackend([lambda: asyncio.sleep(0.3), "Here."])
    async with house(tmp_path, slow, engine={"burst_seconds": 0.5}) as app:
        for number in range(100):
            accepted = await app.engine.accept(says(f"and also {number}"))
            await asyncio.sleep(0.1)
            messages = await app.archive.messages(accepted.conversation)
            if messages[-1].author is Author.BOT:
                break
        else:
            pytest.fail("No answer came while the customer wrote.")


async def test_an_answer_that_nobody_sees_is_broken_off_for_a_newer_message(
    tmp_path: Path,
) -> None:
    claude = ScriptedBackend([Text("First "), asyncio.Event().wait], "Both.")
    async with house(tmp_path, claude) as app:
        await app.engine.accept(says("one"))
        await until(lambda: claude.running)
        await asyncio.sleep(0.2)  # its first piece is there; only nobody follows
        second = await app.engine.accept(says("two"))
        events = await _all(app.engine.follow(second.conversation, seq=second.seq))
        messages = await app.archive.messages(second.conversation)
    assert visible(events) == "Both."
    assert [message.text for message in messages] == ["one", "two", "Both."]


async def test_what_comes_while_an_answer_is_shown_gets_the_next_turn(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([Text("First "), go.wait, Text("answer.")], "Second answer.")
    async with house(tmp_path, claude) as app:
        first = await app.engine.accept(says("one"))
        events: list[Event] = []
        async for event in app.engine.follow(first.conversation, seq=first.seq):
            events.append(event)
            if isinstance(event, Piece) and not go.is_set():
                await app.engine.accept(says("two"))
                go.set()
        assert visible(events) == "First answer."
        assert await _reply(app, first.conversation, first.seq + 1) == "Second answer."
    history = [step.text for step in claude.requests[1].history]
    assert len(history) == 3
    assert "one" in history[0]
    assert history[1] == "First answer."
    assert "two" in history[2]


async def test_a_stopped_answer_keeps_what_was_shown(tmp_path: Path) -> None:
    claude = ScriptedBackend([Text("As far as this"), asyncio.Event().wait], "Next.")
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("tell me"))
        events: list[Event] = []
        async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
            events.append(event)
            if isinstance(event, Piece):
                await app.engine.stop(accepted.conversation)
        assert _last(events).outcome is Outcome.STOPPED
        assert _last(events).text == "As far as this"
        assert claude.running == 0
        assert (await ask(app, "go on")).text == "Next."
        messages = await app.archive.messages(accepted.conversation)
    assert [message.stopped for message in messages] == [False, True, False, False]


async def test_an_answer_stopped_before_its_first_piece_still_has_words(tmp_path: Path) -> None:
    claude = ScriptedBackend([asyncio.Event().wait])
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("tell me"))
        await until(lambda: claude.running)
        await app.engine.stop(accepted.conversation)
        assert await _reply(app, accepted.conversation, accepted.seq)


async def test_a_stop_ends_one_answer_and_not_the_next(tmp_path: Path) -> None:
    claude = ScriptedBackend([Text("First "), asyncio.Event().wait], "Second.")
    async with house(tmp_path, claude) as app:
        first = await app.engine.accept(says("one"))
        async for event in app.engine.follow(first.conversation, seq=first.seq):
            if isinstance(event, Piece):
                await app.engine.accept(says("two"))
                await app.engine.stop(first.conversation)
        assert await _reply(app, first.conversation, first.seq + 1) == "Second."


async def test_a_question_after_a_stop_is_answered(tmp_path: Path) -> None:
    claude = ScriptedBackend([asyncio.Event().wait], "Both.")
    async with house(tmp_path, claude) as app:
        first = await app.engine.accept(says("one"))
        await until(lambda: claude.running)
        second = asyncio.create_task(app.engine.accept(says("two")))  # noqa: TID251
        await app.engine.stop(first.conversation)
        assert await _reply(app, first.conversation, (await second).seq) == "Both."


async def test_the_bot_never_talks_over_a_person(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([Text("I think "), go.wait, Text("that …")])
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("Is anybody there?"))
        events: list[Event] = []
        async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
            events.append(event)
            if isinstance(event, Piece):
                await _give_to_a_person(app, accepted.conversation)
                go.set()
            if isinstance(event, Released):
                break
        messages = await app.archive.messages(accepted.conversation)
    assert visible(events) == ""
    assert [message.author for message in messages] == [Author.CUSTOMER]


async def test_who_follows_a_persons_conversation_is_told_so(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Before.", "Never.")) as app:
        await ask(app, "hello")
        conversation = await app.archive.find("terminal", "one")
        assert conversation is not None
        await _give_to_a_person(app, conversation.id)
        async with asyncio.timeout(60):
            assert await told(app, "and now?") == [Released()]


async def test_a_broken_template_of_ones_own_stops_the_start(tmp_path: Path) -> None:
    words = tmp_path / "own" / "words"
    words.mkdir(parents=True)
    (words / "unavailable.j2").write_text("{# Sorry. No variables. #}\n{{ nobody }}")
    with pytest.raises(PromptError, match=r"unavailable\.j2"):
        async with house(tmp_path, ScriptedBackend("Never."), prompts={"folder": words.parent}):
            pass


async def test_falling_back_before_the_first_piece_is_silent(tmp_path: Path) -> None:
    dead = ScriptedBackend(BackendUnavailable("down", backend="claude"), name="claude")
    gpt = ScriptedBackend("From the other.", name="gpt")
    async with house(tmp_path, dead, gpt) as app:
        events = await told(app, "hello")
        [record] = await app.archive.record(_turn(events))
    assert not any(isinstance(event, Withdrawn) for event in events)
    assert visible(events) == "From the other."
    assert [(a.backend, bool(a.error)) for a in record.turn.attempts] == [
        ("claude", True),
        ("gpt", False),
    ]


async def test_falling_back_in_mid_answer_withdraws_the_text(tmp_path: Path) -> None:
    claude = ScriptedBackend(
        [Text("Half an "), BackendBusy("cut", backend="claude")], name="claude"
    )
    gpt = ScriptedBackend("A whole answer.", name="gpt")
    async with house(tmp_path, claude, gpt) as app:
        events = await told(app, "hello")
    kinds = [type(event).__name__ for event in events]
    assert kinds.index("Piece") < kinds.index("Withdrawn")
    assert visible(events) == "A whole answer."


async def test_a_customer_gets_decent_words_when_every_backend_is_dead(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dead = ScriptedBackend(BackendMisconfigured("key sk-1 refused", backend="claude"))
    async with house(tmp_path, dead, bot={"contact": "help@shop.example"}) as app:
        reply = await ask(app, "my secret question")
        unanswered = await app.archive.unanswered(limit=10)
    assert reply.outcome is Outcome.FAILED
    assert "help@shop.example" in reply.text
    assert "sk-1" not in reply.text
    assert [question.question for question in unanswered] == ["my secret question"]
    assert "secret question" not in caplog.text


async def test_an_error_of_our_own_is_logged_without_its_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(question: str, **_: object) -> None:
        raise ValueError(question)

    async with house(tmp_path, ScriptedBackend("Never.")) as app:
        monkeypatch.setattr(app.knowledge, "search", broken)
        assert (await ask(app, "my secret")).outcome is Outcome.FAILED
    assert "ValueError" in caplog.text
    assert "in broken" in caplog.text
    assert "secret" not in caplog.text


async def test_an_error_nobody_expected_reaches_no_customer(tmp_path: Path) -> None:
    odd = ScriptedBackend([Text("Well, "), ZeroDivisionError("division by zero")])
    async with house(tmp_path, odd) as app:
        events = await told(app, "hello")
    last = events[-1]
    assert isinstance(last, Replied)
    assert last.reply.outcome is Outcome.FAILED
    assert "division" not in last.reply.text
    assert visible(events) == last.reply.text


async def test_reasoning_is_kept_and_never_shown(tmp_path: Path) -> None:
    script = ["<thinking>She is locked ", "out.</thinking><answer>Choose ", "Forgot [1].</answer>"]
    claude = ScriptedBackend([Thought("Hm."), *map(Text, script)])
    async with house(tmp_path, claude, bot={"strategy": "chain_of_thought"}) as app:
        events = await told(app, PASSWORD)
        [record] = await app.archive.record(_turn(events))
    assert visible(events) == "Choose Forgot [1]."
    assert record.turn.reasoning == "Hm.\n\nShe is locked out."
    assert record.turn.strategy == "chain_of_thought"
    assert record.template


async def test_what_is_thought_in_each_try_stands_by_itself(tmp_path: Path) -> None:
    reply = Text("Choose Forgot [1].")
    astray: list[Output] = [Thought("She is locked out."), reply]
    again: list[Output] = [Thought("The tags "), Thought("were missing."), reply]
    claude = ScriptedBackend(astray, again)
    async with house(tmp_path, claude, bot={"strategy": "chain_of_thought"}) as app:
        events = await told(app, PASSWORD)
        [record] = await app.archive.record(_turn(events))
    assert record.turn.reasoning == "She is locked out.\n\nThe tags were missing."


async def test_a_number_that_was_not_among_the_passages_is_never_shown(tmp_path: Path) -> None:
    claude = ScriptedBackend("Choose Forgot [1] or pay [42].")
    async with house(tmp_path, claude) as app:
        events = await told(app, PASSWORD)
    assert visible(events) == "Choose Forgot [1] or pay."


async def test_a_question_that_is_not_answered_is_kept_for_people(tmp_path: Path) -> None:
    claude = ScriptedBackend("<unanswered/>I do not know that.", "<unanswered/>")
    async with house(tmp_path, claude) as app:
        assert (await ask(app, "Do you sell saddles?")).text == "I do not know that."
        silent = await ask(app, "Or unicorns?")
        unanswered = await app.archive.unanswered(limit=10)
    assert silent.outcome is Outcome.UNANSWERED
    assert silent.text
    assert [item.question for item in unanswered] == ["Or unicorns?", "Do you sell saddles?"]


async def test_a_refusal_is_told_in_our_own_words(tmp_path: Path) -> None:
    end = Finished(reason=StopReason.REFUSAL, usage=Usage(), model="m")
    claude = ScriptedBackend([Text("I can"), end], name="claude")
    gpt = ScriptedBackend("Never asked.", name="gpt")
    async with house(tmp_path, claude, gpt) as app:
        events = await told(app, "something unpleasant")
    last = events[-1]
    assert isinstance(last, Replied)
    assert last.reply.outcome is Outcome.REFUSED
    assert visible(events) == last.reply.text
    assert not gpt.requests


async def test_an_answer_cut_at_its_limit_says_so_and_the_log_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    end = Finished(reason=StopReason.LENGTH, usage=Usage(), model="/srv/models/m")
    claude = ScriptedBackend([Text("A long answ"), end], name="claude")
    async with house(tmp_path, claude) as app:
        replies = [await ask(app, "tell me all", key=key) for key in ("one", "two")]
    for reply in replies:
        assert reply.text.startswith("A long answ")
        assert len(reply.text) > len("A long answ")
    [told] = [text for text in caplog.messages if "token limit" in text]
    assert "the backend 'claude'" in told
    assert "'max_tokens' in [backends.claude]" in told
    assert "/srv" not in told


async def test_a_tool_call_that_nobody_asked_for_is_audited_and_passed_over(
    tmp_path: Path,
) -> None:
    call = Called(ToolCall(id="c1", name="drop_tables", arguments="{}"))
    claude = ScriptedBackend([call], name="claude")
    gpt = ScriptedBackend("Plain words.", name="gpt")
    async with house(tmp_path, claude, gpt) as app:
        events = await told(app, "hello")
        [record] = await app.archive.record(_turn(events))
    assert visible(events) == "Plain words."
    assert [refused.name for refused in record.turn.refused_calls] == ["drop_tables"]


async def test_an_empty_answer_goes_to_the_next_backend(tmp_path: Path) -> None:
    empty = Finished(reason=StopReason.END, usage=Usage(), model="m")
    claude = ScriptedBackend([empty], name="claude")
    gpt = ScriptedBackend("Something.", name="gpt")
    async with house(tmp_path, claude, gpt) as app:
        assert (await ask(app, "hello")).text == "Something."


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "x" * 20_001])
async def test_what_cannot_be_taken_is_refused_before_it_is_kept(tmp_path: Path, text: str) -> None:
    async with house(tmp_path, ScriptedBackend("Never.")) as app:
        with pytest.raises(InboundRefused) as refused:
            await app.engine.accept(says(text))
        assert app.words(refused.value.words, limit=20_000)
        assert not await app.archive.conversations(limit=1)


async def test_a_dead_process_leaves_its_question_to_another(tmp_path: Path) -> None:
    quick = {"lease_seconds": 0.5, "sweep_seconds": 0.1}
    async with house(tmp_path, ScriptedBackend("Taken over."), engine=quick) as app:
        accepted = await app.conversations.accept(
            says("still there?"), tokens=3, holder="dead", seconds=0.5
        )
        assert accepted.lease is not None
        reply = await asyncio.wait_for(_reply(app, accepted.conversation, accepted.seq), 60)
        messages = await app.archive.messages(accepted.conversation)
    assert reply == "Taken over."
    assert len(messages) == 2


@pytest.mark.parametrize("deed", ["keep_prompt", "finish"])
async def test_a_reply_outlives_a_database_that_is_away_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    _away(monkeypatch, deed, StoreUnavailable("It is away."))
    claude = ScriptedBackend("Once.")
    async with house(tmp_path, claude) as app:
        assert (await ask(app, "hello")).text == "Once."
    assert len(claude.requests) == 1


async def test_a_database_that_refuses_a_look_round_does_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _away(monkeypatch, "claim", StoreError("Refused."), StoreError("Refused."))
    async with house(tmp_path, ScriptedBackend("Yes."), engine={"sweep_seconds": 0.05}) as app:
        await asyncio.sleep(0.3)
        assert (await ask(app, "still there?")).text == "Yes."


async def test_a_turn_that_cannot_be_kept_is_not_tried_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _away(monkeypatch, "finish", *[StoreError("Refused.")] * 100)
    claude = ScriptedBackend("In vain.")
    quick = {"lease_seconds": 4.0, "sweep_seconds": 0.05}
    async with house(tmp_path, claude, engine=quick) as app:
        await app.engine.accept(says("hello"))
        await asyncio.sleep(1)
        assert len(claude.requests) == 1
        await until(lambda: len(claude.requests) > 1)


async def test_a_turn_whose_lease_ran_out_gives_way_to_the_one_that_took_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, end = asyncio.Event(), asyncio.Event()
    claude = ScriptedBackend(
        [Text("Old "), go.wait, Text("words "), asyncio.Event().wait],
        [Text("New "), end.wait, Text("words.")],
    )
    renew = SqlConversations.renew

    async def away(self: SqlConversations, lease: Lease, *, seconds: float) -> int:
        if len(claude.requests) < 2:
            raise StoreUnavailable("It is away.")
        return await renew(self, lease, seconds=seconds)

    monkeypatch.setattr(SqlConversations, "renew", away)
    quick = {"lease_seconds": 0.9, "sweep_seconds": 0.1}
    async with house(tmp_path, claude, engine=quick) as app:
        accepted = await app.engine.accept(says("hello"))
        events: list[Event] = []
        async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
            events.append(event)
            if isinstance(event, Piece) and len(claude.requests) == 2 and not end.is_set():
                go.set()
                await asyncio.sleep(0.4)  # longer than until the next renewal
                end.set()
        assert claude.running == 0
    assert visible(events) == "New words."


async def test_a_follower_elsewhere_gets_the_reply_once_it_is_kept(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with (
        house(tmp_path, ScriptedBackend([go.wait, "Here."])) as one,
        house(tmp_path, ScriptedBackend("Not asked.")) as two,
    ):
        accepted = await one.engine.accept(says("hello"))
        follower = asyncio.ensure_future(_reply(two, accepted.conversation, accepted.seq))  # noqa: TID251
        await asyncio.sleep(0.1)
        go.set()
        assert await asyncio.wait_for(follower, 60) == "Here."


async def test_a_follower_of_an_earlier_question_gets_its_reply_and_no_other(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend("First.", [Text("Sec"), go.wait, Text("ond.")])
    async with house(tmp_path, claude) as app:
        first = await app.engine.accept(says("one"))
        await _reply(app, first.conversation, first.seq)
        second = await app.engine.accept(says("two"))
        events: list[Event] = []
        async for event in app.engine.follow(first.conversation, seq=second.seq):
            if isinstance(event, Piece) and not go.is_set():
                late = app.engine.follow(first.conversation, seq=first.seq)
                events = await asyncio.wait_for(_all(late), 60)
                go.set()
    assert [type(event) for event in events] == [Replied]
    assert _last(events).text == "First."


async def test_a_lease_is_held_for_as_long_as_a_model_thinks(tmp_path: Path) -> None:
    quick = {"lease_seconds": 2.0, "sweep_seconds": 0.1}
    slow = ScriptedBackend([lambda: asyncio.sleep(5), "At last."])
    other = ScriptedBackend("Not asked.")
    async with (
        house(tmp_path, slow, engine=quick) as one,
        house(tmp_path, other, engine=quick),
    ):
        assert (await ask(one, "hard question")).text == "At last."
    assert not other.requests


async def test_a_history_that_outgrows_the_window_is_folded_into_a_summary(
    tmp_path: Path,
) -> None:
    claude = ScriptedBackend("A fairly long answer about nothing in particular. " * 4)
    async with house(tmp_path, claude, window={"tokens": 400}) as app:
        for number in range(12):
            await ask(app, f"Question {number}: where is my order A{number}-99?")
        conversation = await app.archive.find("terminal", "one")
    assert conversation is not None
    assert conversation.summary
    assert conversation.summary_seq > 0
    requests = [request for request in claude.requests if request.context]
    assert len(requests) == 12
    assert all(len(request.history) < 24 for request in requests)


async def test_a_model_sums_up_what_the_next_turn_would_let_go(tmp_path: Path) -> None:
    claude = _Clerk("A fairly long answer about nothing in particular. " * 4, notes="She is Ada.")
    async with house(tmp_path, claude, window={"tokens": 400}) as app:
        await _talk_until(app, lambda: claude.has_given_notes)
        async with asyncio.timeout(60):
            while not await _summary(app):  # noqa: ASYNC110 - the store knows no events
                await asyncio.sleep(0.01)
        assert await _summary(app) == "She is Ada."
        await ask(app, "And now?")
    assert "She is Ada." in claude.requests[-1].system


@pytest.mark.parametrize("reason", [StopReason.REFUSAL, StopReason.LENGTH])
async def test_notes_that_a_model_declined_or_did_not_end_are_not_kept(
    tmp_path: Path, reason: StopReason
) -> None:
    end = Finished(reason=reason, usage=Usage(), model="m")
    claude = _Clerk("A fairly long answer. " * 9, notes=[Text("I cannot"), end])
    async with house(tmp_path, claude, window={"tokens": 400}) as app:
        await _talk_until(app, lambda: claude.has_given_notes)
        await ask(app, "And now?")
        assert (await _summary(app)).startswith("Customer: Question 0")


async def test_notes_that_came_to_nothing_are_kept_with_what_they_cost(tmp_path: Path) -> None:
    claude = _Clerk("A fairly long answer. " * 9, notes=BackendUnavailable("down", backend="m"))
    async with house(tmp_path, claude, window={"tokens": 400}) as app:
        await _talk_until(app, lambda: claude.has_given_notes)
        conversation = await app.archive.find("terminal", "one")
        assert conversation is not None
        async with asyncio.timeout(60):
            while not (  # noqa: ASYNC110 - the store knows no events
                kept := await app.archive.summaries(conversation.id)
            ):
                await asyncio.sleep(0.01)
    assert (kept[0].text, kept[0].error) == ("", "No backend gave an answer.")
    assert [(each.step, each.error) for each in kept[0].attempts] == [("summary", "down")]


async def test_running_turns_get_their_grace_when_the_process_stops(tmp_path: Path) -> None:
    slow = ScriptedBackend([lambda: asyncio.sleep(0.3), "In time."])
    async with house(tmp_path, slow) as app:
        accepted = await app.engine.accept(says("quick, before you close"))
    async with house(tmp_path, ScriptedBackend("Too late.")) as app:
        assert await _reply(app, accepted.conversation, accepted.seq) == "In time."


async def test_what_does_not_finish_in_its_grace_is_left_to_others_at_once(
    tmp_path: Path,
) -> None:
    stuck = ScriptedBackend([asyncio.Event().wait])
    async with house(tmp_path, stuck, engine={"grace_seconds": 0.1}) as app:
        accepted = await app.engine.accept(says("hello"))
        await until(lambda: stuck.running)
    async with house(tmp_path, ScriptedBackend("Mine now.")) as app:
        reply = await asyncio.wait_for(_reply(app, accepted.conversation, accepted.seq), 14)
    assert reply == "Mine now."


def _away(monkeypatch: pytest.MonkeyPatch, deed: str, *errors: Exception) -> None:
    """Let a deed of the store fail with ``errors``, one a call, before it does its work."""
    done, left = getattr(SqlConversations, deed), list(errors)

    async def away(self: SqlConversations, *args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop(0)
        return await done(self, *args, **kwargs)

    monkeypatch.setattr(SqlConversations, deed, away)


class _Clerk(ScriptedBackend):
    """Gives ``answer`` to customers, and ``notes`` where it is to sum up."""

    def __init__(self, answer: Answer, *, notes: Answer) -> None:
        super().__init__(answer)
        self._notes = ScriptedBackend(notes)

    @property
    def is_giving_notes(self) -> bool:
        return bool(self._notes.running)

    @property
    def has_given_notes(self) -> bool:
        return bool(self._notes.requests) and not self._notes.running

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        outputs = super().stream(request) if request.context else self._notes.stream(request)
        async for output in outputs:
            yield output


async def _talk_until(app: App, true: Callable[[], object]) -> None:
    for number in range(30):
        await ask(app, f"Question {number}: where is my order A{number}-99?")
        await asyncio.sleep(0.1)
        if true():
            return
    pytest.fail("It did not come to that.")


async def _summary(app: App) -> str:
    conversation = await app.archive.find("terminal", "one")
    assert conversation is not None
    return conversation.summary


async def test_who_cannot_wait_for_the_grace_leaves_nothing_running(tmp_path: Path) -> None:
    stuck = ScriptedBackend([asyncio.Event().wait])

    async def close_slowly() -> None:
        async with house(tmp_path, stuck) as app:
            await app.engine.accept(says("hello"))
            await until(lambda: stuck.running)

    async with asyncio.TaskGroup() as tasks:
        closing = tasks.create_task(close_slowly())
        await until(lambda: stuck.running)
        await asyncio.sleep(0.2)
        closing.cancel()
    assert not stuck.running
    async with house(tmp_path, ScriptedBackend("Mine now.")) as app:
        [line] = await app.archive.conversations(limit=1)
        assert await asyncio.wait_for(_reply(app, line.conversation.id, 1), 14) == "Mine now."


async def test_a_process_that_stops_waits_for_no_summary(tmp_path: Path) -> None:
    claude = _Clerk("A fairly long answer. " * 9, notes=[asyncio.Event().wait])
    async with asyncio.timeout(20), house(tmp_path, claude, window={"tokens": 400}) as app:
        await _talk_until(app, lambda: claude.is_giving_notes)
    assert not claude.is_giving_notes


async def _reply(app: App, conversation: int, seq: int) -> str:
    return _last(await _all(app.engine.follow(conversation, seq=seq))).text


async def _all(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def _give_to_a_person(app: App, conversation: int) -> None:
    give = (
        update(tables.Conversation)
        .where(tables.Conversation.id == conversation)
        .values(owner="operator")
    )
    await app.database.write(lambda line: line.execute(give))


def _turn(events: list[Event]) -> str:
    return _last(events).turn


def _last(events: list[Event]) -> Reply:
    assert isinstance(events[-1], Replied)
    return events[-1].reply


def _asked(request: Request) -> str:
    return "\n".join(step.text for step in request.history)


async def test_a_look_for_waiting_conversations_that_breaks_ends_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, faults = SqlConversations.claim, [TypeError("of a newer release")]

    async def faulty(self: SqlConversations, **rest: Any) -> Any:
        if faults:
            raise faults.pop()
        return await claim(self, **rest)

    monkeypatch.setattr(SqlConversations, "claim", faulty)
    async with house(tmp_path, ScriptedBackend("Here."), engine={"sweep_seconds": 0.02}) as app:
        await until(lambda: not faults)
        assert (await ask(app, "hello")).text == "Here."
