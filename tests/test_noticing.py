"""What a customer's words tell beside the question is noticed, and never costs the answer."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.backends.base import Finished, StopReason, Text, Thought
from bot.backends.scripted import ScriptedBackend, Step
from bot.errors import BackendUnavailable
from bot.messages import Conversation, Outcome, Reading, Turn, Usage
from tests.house import ask, house, says, until

LABELS = {"delivery": "Where is my parcel, shipping", "account": "Password, sign in"}
RULES = {"topic": {"labels": LABELS}, "facts": {"by": "rule"}}
QUOTES = {"q": {"kind": "extractive"}}
CONTACT = {"contact": "help@x.example"}
UPSET = "This is unacceptable! How do I reset my password?"


async def _conversation(app: App) -> Conversation:
    found = await app.archive.find("terminal", "one")
    assert found is not None
    return found


async def _turn(app: App) -> Turn:
    return (await app.archive.turns((await _conversation(app)).id))[-1]


async def _reading(app: App, task: str) -> Reading:
    return next(each for each in (await _turn(app)).readings if each.task == task)


# --- By rule ----------------------------------------------------------------------------------


async def test_what_is_noticed_is_kept_with_the_turn_and_on_the_conversation(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, ScriptedBackend("Gladly."), tasks=RULES) as app:
        await ask(app, "Where is my parcel? The order is A-10293")
        conversation = await _conversation(app)
        assert (conversation.language, conversation.mood) == ("en", "")
        assert (conversation.topic, conversation.facts) == ("delivery", {"order": "A-10293"})
        readings = (await _turn(app)).readings
    assert [each.task for each in readings] == ["language", "sentiment", "topic", "facts"]
    assert [each.value for each in readings] == ["en", "neutral", "delivery", "order: A-10293"]
    assert {each.by for each in readings} == {"rule"}
    assert not any(each.error for each in readings)


async def test_facts_add_up_and_the_newest_counts(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gladly.")
    async with house(tmp_path, backend, tasks=RULES) as app:
        await ask(app, "My order is A-10293")
        await ask(app, "It is order A-10294")
        await ask(app, "I'm ada@x.example")
        assert (await _conversation(app)).facts == {"order": "A-10294", "email": "ada@x.example"}
    assert "order: A-10294" in backend.requests[-1].context
    assert "A-10293" not in backend.requests[-1].context


async def test_nothing_is_noticed_that_is_off(tmp_path: Path) -> None:
    off = {"language": {"by": "off"}, "sentiment": {"by": "off"}}
    async with house(tmp_path, ScriptedBackend("Gladly."), tasks=off) as app:
        await ask(app, UPSET)
        assert (await _turn(app)).readings == ()
        assert (await _conversation(app)).mood == ""


async def test_what_is_noticed_leaves_what_a_provider_caches_as_it_is(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gladly.")
    async with house(tmp_path, backend, bot=CONTACT, tasks=RULES) as app:
        for text in ("A-10293", "Wie bekomme ich mein Geld zurück?", UPSET, "And the money?"):
            await ask(app, text)
    for before, after in pairwise(backend.requests):
        assert before.system == after.system
        assert before.history == after.history[: len(before.history)]


# --- Upset ------------------------------------------------------------------------------------


async def test_a_model_is_told_once_that_the_customer_is_upset(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gladly.")
    async with house(tmp_path, backend, bot=CONTACT) as app:
        for text in ("Hello", UPSET, "It is order A-1", "This is ridiculous"):
            await ask(app, text)
        assert (await _conversation(app)).mood == "upset"
    told = ["sounds upset" in request.context for request in backend.requests]
    assert told == [False, True, False, False]
    systems = {request.system for request in backend.requests}
    assert len(systems) == 1  # what belongs to one turn leaves the cached part alone


async def test_who_was_content_between_is_offered_a_person_again(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gladly.")
    async with house(tmp_path, backend, bot=CONTACT) as app:
        for text in (UPSET, "It works now", UPSET):
            await ask(app, text)
    told = ["sounds upset" in request.context for request in backend.requests]
    assert told == [True, False, True]


async def test_a_quoted_answer_ends_with_the_offer_once(tmp_path: Path) -> None:
    async with house(tmp_path, backends=QUOTES, bot=CONTACT) as app:
        first = await ask(app, UPSET)
        second = await ask(app, UPSET)
    assert first.outcome is Outcome.ANSWERED
    assert first.text.endswith("help@x.example")
    assert "help@x.example" not in second.text
    assert first.citations == second.citations


async def test_a_calm_customer_is_offered_nobody(tmp_path: Path) -> None:
    async with house(tmp_path, backends=QUOTES, bot=CONTACT) as app:
        reply = await ask(app, "How do I reset my password?")
    assert "help@x.example" not in reply.text


# --- Languages --------------------------------------------------------------------------------


async def test_an_answer_is_asked_for_in_the_language_that_is_written(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gern.")
    async with house(tmp_path, backend) as app:
        await ask(app, "Wo bleibt mein Paket?")
        await ask(app, "#10293")
        await ask(app, "ok thanks")  # one word of another language is no switch
        assert (await _conversation(app)).language == "de"
        await ask(app, "Sorry, I would rather go on in English with you")
        assert (await _conversation(app)).language == "en"
    codes = ['code "de"' in request.context for request in backend.requests]
    assert codes == [True, True, True, False]


async def test_a_language_that_the_bot_does_not_speak_is_not_followed(tmp_path: Path) -> None:
    only = {"language": {"languages": ["en", "fr"]}}
    async with house(tmp_path, ScriptedBackend("Gladly."), tasks=only) as app:
        await ask(app, "Wo bleibt mein Paket, ich warte noch?")
        assert (await _conversation(app)).language is None


# --- By prompt --------------------------------------------------------------------------------


def _prompted(*tasks: str, **more: Any) -> dict[str, Any]:
    off = {"language": {"by": "off"}, "sentiment": {"by": "off"}}
    asked = {task: {"by": "prompt", "backend": "small"} for task in tasks}
    return {**off, **asked, **more}


async def test_a_prompt_reads_what_a_rule_cannot(tmp_path: Path) -> None:
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend('Well: {"mood": "upset", "sure": 0.75}.', name="small")
    async with house(
        tmp_path, main, small, tasks=_prompted("sentiment"), router={"chain": ["main"]}
    ) as app:
        await ask(app, "Do you even read what I write?")
        reading, turn = await _reading(app, "sentiment"), await _turn(app)
        assert (await _conversation(app)).mood == "upset"
    assert (reading.value, reading.score, reading.by) == ("upset", 0.75, "small")
    assert [(each.backend, each.step) for each in turn.attempts] == [
        ("small", "sentiment"),
        ("main", ""),
    ]
    assert "sounds upset" in main.requests[0].context
    assert small.requests[0].history[0].text == "Do you even read what I write?"


async def test_an_answer_that_is_no_use_is_repaired_once(tmp_path: Path) -> None:
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend('{"topic": "shipping"}', '{"topic": "delivery"}', name="small")
    tasks = _prompted(topic={"by": "prompt", "backend": "small", "labels": LABELS})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await ask(app, "Where is it?")
        assert (await _conversation(app)).topic == "delivery"
        assert (await _reading(app, "topic")).error == ""
    assert "there is none of that name" in small.requests[1].history[-1].text
    assert len(small.requests) == 2


async def test_facts_are_held_to_their_schema(tmp_path: Path) -> None:
    schema = tmp_path / "facts.json"
    schema.write_text(
        '{"type": "object", "required": ["count"], "additionalProperties": false,'
        ' "properties": {"count": {"type": "integer"}, "name": {"type": "string"}}}'
    )
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend('{"count": "two"}', '{"count": 2, "name": null}', name="small")
    tasks = _prompted(facts={"by": "prompt", "backend": "small", "schema_file": schema})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await ask(app, "I want two")
        assert (await _conversation(app)).facts == {"count": 2}
    assert "count: must be integer" in small.requests[1].history[-1].text


async def test_a_part_of_an_object_that_cannot_be_read_is_not_taken_for_it(tmp_path: Path) -> None:
    broken = '{"product": {"name": "Pelican 2"}, "name": "Ada",}'
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend(broken, 'As {JSON}: {"name": "Ada"}', name="small")
    tasks = _prompted(facts={"by": "prompt", "backend": "small"})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await ask(app, "Ada here, it is about the Pelican 2")
        assert (await _conversation(app)).facts == {"name": "Ada"}


async def test_what_a_schema_holds_for_usual_is_no_fact(tmp_path: Path) -> None:
    schema = tmp_path / "facts.json"
    schema.write_text(
        '{"properties": {"country": {"type": "string", "default": "DE"}, "size": {}}}'
    )
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend('{"country": "FR"}', '{"size": 2}', name="small")
    tasks = _prompted(facts={"by": "prompt", "backend": "small", "schema_file": schema})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await ask(app, "I live in France")
        await ask(app, "And I want two")
        assert (await _conversation(app)).facts == {"country": "FR", "size": 2}


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud83d"'])
async def test_facts_that_cannot_be_kept_or_sent_cost_no_answer(tmp_path: Path, value: str) -> None:
    schema = tmp_path / "facts.json"
    schema.write_text('{"type": "object", "properties": {"size": {}}}')
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend(f'{{"size": {value}}}', '{"size": 2}', name="small")
    tasks = _prompted(facts={"by": "prompt", "backend": "small", "schema_file": schema})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        assert (await ask(app, "I want it large")).text == "Gladly."
        assert (await _conversation(app)).facts in ({"size": 2}, {"size": "\ufffd"})
    main.requests[0].context.encode()


@pytest.mark.parametrize("answer", ["Upset, I think.", "{", '{"mood": "furious"}', "[]", ""])
async def test_nonsense_is_told_in_the_audit_and_the_answer_comes(
    tmp_path: Path, answer: str
) -> None:
    main, small = ScriptedBackend("Gladly.", name="main"), ScriptedBackend(answer, name="small")
    tasks = _prompted("sentiment")
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        reply = await ask(app, "Do you even read what I write?")
        reading = await _reading(app, "sentiment")
        assert (await _conversation(app)).mood == ""
    assert reply.text == "Gladly."
    assert "no use" in reading.error
    assert (reading.value, reading.by) == ("", "small")


@pytest.mark.parametrize("thought", [Text("<think>She sounds"), Thought("She sounds")])
async def test_a_model_that_only_thought_is_told_in_the_audit_with_what_to_change(
    tmp_path: Path, thought: Step
) -> None:
    main = ScriptedBackend("Gladly.", name="main")
    cut = Finished(reason=StopReason.LENGTH, usage=Usage(), model="small")
    small = ScriptedBackend([thought, cut], name="small")
    tasks = _prompted("sentiment")
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        assert (await ask(app, "Do you even read what I write?")).text == "Gladly."
        reading = await _reading(app, "sentiment")
    assert reading.error.startswith("It thought until its tokens were spent, and said nothing.")
    assert "Raise 'max_tokens' in [backends.small]" in reading.error
    [request] = small.requests  # asked again it would think again
    assert request.max_tokens is None, "it may write as much as an answer"


async def test_a_task_that_fails_costs_nothing_but_itself(tmp_path: Path) -> None:
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend(BackendUnavailable("It is gone.", backend="small"), name="small")
    tasks = _prompted("sentiment", "language")
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        assert (await ask(app, "Hello")).text == "Gladly."
        turn = await _turn(app)
    assert [each.error for each in turn.readings] == ["No backend gave an answer."] * 2
    assert [each.step for each in turn.attempts] == ["language", "sentiment", ""]


async def test_a_task_that_takes_too_long_is_left_behind(tmp_path: Path) -> None:
    never = asyncio.Event()
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend(["It", never.wait], name="small")
    slow = {"by": "prompt", "backend": "small", "seconds": 0.05}
    tasks = _prompted(sentiment=slow, topic={**slow, "labels": LABELS})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        assert (await ask(app, "Hello")).text == "Gladly."
        turn = await _turn(app)
        assert small.running == 0
    assert [each.task for each in turn.readings] == ["sentiment", "topic"]
    assert all("longer than 0.05 seconds" in each.error for each in turn.readings)
    assert [each.step for each in turn.attempts if each.error] == ["sentiment", "topic"]


async def test_tasks_are_asked_at_the_same_time(tmp_path: Path) -> None:
    both = asyncio.Barrier(2)
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend(
        [both.wait, '{"mood": "content"}'], [both.wait, '{"topic": ""}'], name="small"
    )
    tasks = _prompted("sentiment", topic={"by": "prompt", "backend": "small", "labels": LABELS})
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await ask(app, "Hello")  # each waits for the other: one after the other, both are late
        readings = (await _turn(app)).readings
    assert not any("longer" in each.error for each in readings)


async def test_nobody_writes_and_the_reading_says_so(tmp_path: Path) -> None:
    tasks = {"sentiment": {"by": "prompt"}}
    async with house(tmp_path, backends=QUOTES, tasks=tasks) as app:
        await ask(app, "How do I reset my password?")
        assert "No backend writes" in (await _reading(app, "sentiment")).error


async def test_what_was_read_before_a_stop_is_kept_and_so_is_its_cost(tmp_path: Path) -> None:
    main = ScriptedBackend("Gladly.", name="main")
    small = ScriptedBackend('{"mood": "upset"}', [asyncio.Event().wait], name="small")
    tasks = _prompted("sentiment", "facts")
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        accepted = await app.engine.accept(says("Where is it?"))
        await until(lambda: len(small.requests) == 2 and small.running == 1)
        await app.engine.stop(accepted.conversation)
        async for _ in app.engine.follow(accepted.conversation, seq=accepted.seq):
            pass
        turn = await _turn(app)
        assert (await _conversation(app)).mood == "upset"
    assert turn.reply.outcome is Outcome.STOPPED
    assert {attempt.step for attempt in turn.attempts} == {"sentiment", "facts"}
    assert [reading.value for reading in turn.readings] == ["upset"]
