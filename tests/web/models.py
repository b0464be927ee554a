"""A model that says what a test tells it, as slowly as the test likes."""

from collections.abc import Callable

from tests.servers.acts import Act, Answer
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer

ANSWER = "Standard shipping takes **3–5 business days** after shipping [1]. Express takes two [1]."
_CONTEXT = "\n\nToday is "  # follows the question


class Model(OpenAIServer):
    """Answers a question that holds one of ``answers`` with what stands there, else ``answer``.

    ``seconds`` pass between two words. An answer may also be a refusal or a fault, or be made from
    the question.
    """

    def __init__(self) -> None:
        super().__init__(self._act, pace=lambda: self.seconds)
        self.forget()

    def forget(self) -> None:
        """Answer at once, and everything with one short answer, as in the beginning."""
        self.seconds = 0.0
        self.answer: str | Act | Callable[[str], str] = ANSWER
        self.answers: dict[str, str | Act] = {}

    def _act(self, heard: Heard) -> Act:
        said = str(heard.json()["messages"][-1]["content"]).partition(_CONTEXT)[0]
        found = [answer for words, answer in self.answers.items() if words in said]
        answer = found[0] if found else self.answer
        if callable(answer):
            answer = answer(said)
        return Answer(text=answer) if isinstance(answer, str) else answer
