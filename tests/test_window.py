"""What a model is sent of a conversation: prompt order, whole turns, within the budget."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.base import Said
from bot.messages import ToolCall, ToolResult
from bot.store.base import History
from bot.window import Voice, Window, fit, steps
from bot.window.tokens import count_tokens
from tests.talks import Talk

PLAIN = Voice(delimit=str, unmarked=str)


def said(talk: Talk) -> list[tuple[str, str]]:
    return [(step.role, step.text) for step in steps(talk.history, voice=PLAIN)]


def fitted(talk: Talk, budget: int, voice: Voice = PLAIN) -> Window:
    return fit(talk.history, budget=budget, voice=voice)


# --- Prompt order ------------------------------------------------------------------------------


def test_questions_and_replies_take_turns() -> None:
    talk = Talk()
    talk.replies("We ship within two days.", to=talk.asks("When do you ship?"))
    talk.asks("And to Austria?")
    assert said(talk) == [
        ("user", "When do you ship?"),
        ("assistant", "We ship within two days."),
        ("user", "And to Austria?"),
    ]


def test_a_burst_is_one_step() -> None:
    talk = Talk()
    talk.asks("Hi")
    talk.asks("my order is late")
    assert said(talk) == [("user", "Hi\n\nmy order is late")]


def test_a_message_that_came_while_an_answer_was_shown_follows_that_answer() -> None:
    talk = Talk()
    first = talk.asks("When do you ship?")
    talk.asks("And to Austria?")
    talk.replies("Within two days.", to=first)
    assert said(talk) == [
        ("user", "When do you ship?"),
        ("assistant", "Within two days."),
        ("user", "And to Austria?"),
    ]


def test_a_colleague_speaks_on_the_bots_side_and_is_named() -> None:
    talk = Talk()
    talk.replies("I call someone.", to=talk.asks("A person, please."))
    talk.colleague("Hello, this is Ada.")
    talk.asks("Thanks!")
    assert said(talk)[1] == (
        "assistant",
        "I call someone.\n\n(A colleague, a person, wrote:) Hello, this is Ada.",
    )


def test_what_was_said_after_the_newest_question_waits_for_the_next_turn() -> None:
    talk = Talk()
    question = talk.asks("Is anyone there?")
    talk.colleague("One moment.")
    assert said(talk) == [("user", "Is anyone there?")]
    talk.replies("I am.", to=question)
    talk.asks("Good.")
    assert said(talk)[1][1] == "I am.\n\n(A colleague, a person, wrote:) One moment."


def test_a_colleague_who_writes_first_still_leaves_the_first_step_to_the_customer() -> None:
    talk = Talk()
    talk.colleague("Your parcel is late.")
    talk.asks("Why?")
    assert [role for role, _ in said(talk)] == ["user", "assistant", "user"]


def test_what_was_deleted_is_left_out() -> None:
    talk = Talk()
    talk.replies("We ship within two days.", to=talk.asks("When do you ship?"))
    talk.replies("Never share your PIN.", to=talk.asks(""))
    talk.asks("And to Austria?")
    talk.asks("")
    assert said(talk) == [
        ("user", "When do you ship?"),
        ("assistant", "We ship within two days.\n\nNever share your PIN."),
        ("user", "And to Austria?"),
    ]


def test_a_stopped_reply_says_that_it_was_stopped() -> None:
    talk = Talk()
    talk.replies("We ship to", to=talk.asks("Where do you ship to?"), stopped=True)
    talk.asks("Never mind.")
    assert said(talk)[1][1] == "We ship to\n\n(The customer stopped this reply here.)"


def test_words_pass_through_the_voice() -> None:
    talk = Talk()
    talk.replies("In May [1].", to=talk.asks("<when>?"))
    talk.asks("<ok>")
    voice = Voice(
        delimit=lambda text: text.replace("<", "‹"),
        unmarked=lambda text: text.replace(" [1]", ""),
    )
    told = [step.text for step in steps(talk.history, voice=voice)]
    assert told == ["‹when>?", "In May.", "‹ok>"]


def test_a_replys_kept_count_holds_without_its_marks() -> None:
    talk = Talk()
    talk.replies("In May [1].", to=talk.asks("When?"))
    talk.asks("Thanks.")
    marked = fitted(talk, 1000)
    unmarked = fitted(talk, 1000, Voice(delimit=str, unmarked=lambda text: text[:-5]))
    assert unmarked.steps != marked.steps
    assert unmarked.tokens == marked.tokens


def test_nothing_is_said_where_the_customer_said_nothing() -> None:
    talk = Talk()
    talk.colleague("Hello?")
    assert said(talk) == []
    assert fitted(talk, 200).steps == ()


# --- Tools -------------------------------------------------------------------------------------

CALL = ToolCall(id="call_1", name="find_order", arguments='{"order": "A-1"}')
RESULT = ToolResult(call_id="call_1", text="On its way.")


def test_a_call_is_followed_by_its_result() -> None:
    talk = Talk()
    question = talk.asks("Where is A-1?")
    talk.calls(CALL, to=question, text="Let me look.")
    talk.asks("Hello?")
    talk.gets(RESULT, to=question)
    talk.replies("On its way.", to=question)
    assert steps(talk.history, voice=PLAIN)[1:] == (
        Said(role="assistant", text="Let me look.", calls=(CALL,)),
        Said(role="user", text="", results=(RESULT,)),
        Said(role="assistant", text="On its way."),
        Said(role="user", text="Hello?"),
    )


def test_a_call_that_never_got_its_result_is_left_out() -> None:
    talk = Talk()
    question = talk.asks("Where is A-1?")
    talk.calls(CALL, to=question, text="Let me look.")
    talk.asks("Hello?")
    assert all(not step.calls and not step.results for step in steps(talk.history, voice=PLAIN))


def test_a_result_without_a_call_is_left_out() -> None:
    talk = Talk()
    talk.gets(RESULT, to=talk.asks("Where is A-1?"))
    talk.asks("Hello?")
    assert said(talk) == [("user", "Where is A-1?\n\nHello?")]


def test_an_id_that_is_used_again_keeps_its_own_result() -> None:
    talk = Talk()
    for text in ("On its way.", "Delivered."):
        question = talk.asks("Where is A-1?")
        talk.calls(CALL, to=question)
        talk.gets(ToolResult(call_id="call_1", text=text), to=question)
        talk.replies(text, to=question)
    talk.asks("Thanks")
    results = [result.text for step in steps(talk.history, voice=PLAIN) for result in step.results]
    assert results == ["On its way.", "Delivered."]


# --- Budget ------------------------------------------------------------------------------------


def chat(talk: Talk, turns: int) -> None:
    for number in range(turns):
        question = talk.asks(f"Question number {number}: how do I return the boots I bought?")
        talk.replies(f"Answer number {number}: send them back within 30 days.", to=question)


def test_a_conversation_within_the_budget_is_sent_whole() -> None:
    talk = Talk()
    chat(talk, 5)
    talk.asks("And now?")
    window = fitted(talk, 2000)
    assert window.steps == steps(talk.history, voice=PLAIN)
    assert (window.folded, window.upto, window.summary) == ((), 0, "")


def test_past_the_budget_it_is_cut_to_about_half() -> None:
    talk = Talk()
    chat(talk, 40)
    talk.asks("And now?")
    window = fitted(talk, 1000)
    assert 400 < window.tokens - count_tokens(window.summary) <= 500
    assert window.steps[-1].text == "And now?"
    assert window.folded[0].seq == 1
    assert window.upto == window.folded[-2].seq  # the question that the last folded reply answers


def test_a_summary_takes_in_what_is_let_go() -> None:
    talk = Talk()
    chat(talk, 40)
    talk.asks("And now?")
    window = fitted(talk, 1000)
    assert window.summary.startswith("Customer: Question number 0: how do I return")
    assert count_tokens(window.summary) <= 1000 // 8


def test_a_look_ahead_lets_go_what_the_next_question_would() -> None:
    talk = Talk()
    for number in range(4):
        talk.replies("A short answer. " * 10, to=talk.asks(f"Question {number}?"))
    budget = fitted(talk, 10_000).tokens  # the newest reply is one too many
    assert not fitted(talk, budget).folded
    ahead = fit(talk.history, budget=budget, voice=PLAIN, ahead=True)
    talk.asks("?")
    assert ahead.folded
    assert ahead.folded == fitted(talk, budget).folded


def test_a_summary_names_each_speaker_once() -> None:
    talk = Talk()
    talk.asks("A person, please, about my boots.")
    talk.colleague("Hello, this is Ada, and I have your boots. " + "So, " * 600)
    talk.asks("And now?")
    assert fitted(talk, 1000).summary.splitlines() == [
        "Customer: A person, please, about my boots.",
        "A colleague: Hello, this is Ada, and I have your boots.",
    ]


def test_a_summary_that_is_too_long_is_shortened() -> None:
    talk = Talk(summary="It is about boots. " * 200)
    talk.asks("And now?")
    assert count_tokens(fitted(talk, 800).summary) <= 100


def test_a_question_over_the_budget_is_shortened_in_its_middle() -> None:
    talk = Talk()
    chat(talk, 2)
    talk.asks("Look at this log: " + "error 500 " * 2000 + "What does it mean?")
    window = fitted(talk, 600)
    (step,) = window.steps
    assert step.text.startswith("Look at this log:")
    assert step.text.endswith("What does it mean?")
    assert window.tokens <= 600
    assert fitted(talk, 600) == window


def test_a_late_reply_to_a_folded_question_is_folded_too() -> None:
    """A customer who always writes while an answer is shown must not keep the window from a cut."""
    talk = Talk()
    question = talk.asks("Question 0")
    for number in range(60):
        following = talk.asks(f"Question {number + 1}, asked while the answer was being shown")
        talk.replies(f"Answer {number}, which took its time", to=question)
        question = following
    talk.fold(window := fitted(talk, 500))
    assert window.folded
    assert fitted(talk, 500).steps == window.steps
    assert window.steps[0].role == "user"


# --- What holds for every conversation ---------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """One turn of a generated conversation."""

    burst: list[str]
    reply: str
    late: list[str]
    tool: str | None
    colleague: str | None
    stopped: bool


WORDS = st.text(alphabet="ab é中🎉.\n<", min_size=1, max_size=120).filter(str.strip)
LONG = st.builds(lambda word, times: f"{word} " * times, WORDS, st.integers(1, 60))
SCENES = st.lists(
    st.builds(
        Scene,
        burst=st.lists(WORDS | LONG, min_size=1, max_size=3),
        reply=st.just("") | WORDS | LONG,
        late=st.lists(WORDS, max_size=2),
        tool=st.none() | WORDS,
        colleague=st.none() | WORDS,
        stopped=st.booleans(),
    ),
    min_size=1,
    max_size=16,
)
BUDGETS = st.integers(200, 1500)


@dataclass(frozen=True)
class Played:
    """One turn: what was read, and what was sent of it."""

    history: History
    window: Window

    @property
    def shortened(self) -> bool:
        """Whether the customer's newest words alone passed the budget."""
        return "characters left out" in self.window.steps[-1].text


def play(scenes: list[Scene], budget: int, voice: Voice = PLAIN) -> Iterator[Played]:
    """Hold the conversation turn by turn, folding as the engine does."""
    talk = Talk()
    for number, scene in enumerate(scenes):
        asked = [talk.asks(f"question {number} {text}") for text in scene.burst][-1]
        history = talk.history
        window = fit(history, budget=budget, voice=voice)
        yield Played(history, window)
        if window.folded:
            talk.fold(window)
        if scene.tool is not None:
            talk.calls(ToolCall(id="c", name="look", arguments="{}"), to=asked)
            talk.gets(ToolResult(call_id="c", text=scene.tool), to=asked)
        for text in scene.late:
            talk.asks(text)
        if scene.reply:
            talk.replies(f"reply {number} {scene.reply}", to=asked, stopped=scene.stopped)
        if scene.colleague is not None:
            talk.colleague(scene.colleague)


def to_bytes(said: tuple[Said, ...]) -> bytes:
    """Write steps as a provider's request does, up to the last word of the last step."""
    written = "".join(
        json.dumps([step.role, [asdict(result) for result in step.results]])
        + step.text
        + (json.dumps([asdict(call) for call in step.calls]) if step.calls else "")
        for step in said
    )
    return written.encode()


@settings(deadline=None)
@given(SCENES, BUDGETS)
def test_a_window_never_exceeds_its_budget(scenes: list[Scene], budget: int) -> None:
    for played in play(scenes, budget):
        texts = [step.text for step in played.window.steps]
        assert sum(map(count_tokens, [*texts, played.window.summary])) <= played.window.tokens
        assert played.window.tokens <= budget
        assert count_tokens(played.window.summary) <= budget // 4


@settings(deadline=None)
@given(SCENES, BUDGETS)
def test_roles_alternate_and_the_customer_is_first_and_last(
    scenes: list[Scene], budget: int
) -> None:
    for played in play(scenes, budget):
        roles = [step.role for step in played.window.steps]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


@settings(deadline=None)
@given(SCENES, BUDGETS)
def test_a_call_is_never_split_from_its_result(scenes: list[Scene], budget: int) -> None:
    for played in play(scenes, budget):
        called: tuple[str, ...] = ()
        for step in played.window.steps:
            assert tuple(result.call_id for result in step.results) == called
            called = tuple(call.id for call in step.calls)
        assert called == ()


@settings(deadline=None)
@given(SCENES, BUDGETS)
def test_between_cuts_a_request_begins_with_the_bytes_of_the_one_before(
    scenes: list[Scene], budget: int
) -> None:
    before = b""
    summary = ""
    for played in play(scenes, budget):
        now = to_bytes(played.window.steps)
        if not played.window.folded:
            assert now.startswith(before) or played.shortened
            assert played.window.summary == summary
        before, summary = now, played.window.summary


@settings(deadline=None)
@given(SCENES, BUDGETS)
def test_a_message_is_either_folded_or_kept(scenes: list[Scene], budget: int) -> None:
    for played in play(scenes, budget):
        window, messages = played.window, played.history.messages
        folded = {message.seq for message in window.folded}
        left = tuple(message for message in messages if message.seq not in folded)
        after = replace(played.history.conversation, summary_seq=window.upto)
        kept = steps(History(conversation=after, messages=messages), voice=PLAIN)
        assert kept == steps(replace(played.history, messages=left), voice=PLAIN)
        assert kept == window.steps or played.shortened


def test_turn_2000_looks_at_no_more_than_turn_10_could() -> None:
    heard: list[str] = []

    def listen(text: str) -> str:
        heard.append(text)
        return text

    scene = Scene(
        burst=["How do I return the boots?"],
        reply="Within 30 days, in the box that they came in.",
        late=["Hm."],
        tool=None,
        colleague=None,
        stopped=False,
    )
    read, told = [], []
    for played in play([scene] * 2000, 1000, Voice(delimit=listen, unmarked=listen)):
        read.append(len(played.history.messages))
        told.append(len(heard))
        heard.clear()
    # The first cuts are behind it at turn 200: from there on nothing grows.
    assert max(read) == max(read[:200]) < 150
    assert max(told) == max(told[:200]) < 300
