"""A conversation that grows in memory, kept as the store keeps it."""

from dataclasses import replace

from bot.messages import Author, Conversation, Message, ToolCall, ToolResult
from bot.store.base import History
from bot.window import Window
from bot.window.tokens import count_tokens


class Talk:
    """Messages get their seq in the order of the calls; ``history`` is what a turn reads."""

    def __init__(self, *, summary: str = "") -> None:
        self.conversation = Conversation(
            id=1, channel="test", key="1", customer="c", summary=summary
        )
        self.messages: list[Message] = []

    @property
    def history(self) -> History:
        since = self.conversation.summary_seq
        unfolded = (message for message in self.messages if message.seq > since)
        return History(conversation=self.conversation, messages=tuple(unfolded))

    def asks(self, text: str) -> int:
        return self._keep(Author.CUSTOMER, text)

    def replies(self, text: str, *, to: int, stopped: bool = False) -> int:
        return self._keep(Author.BOT, text, answers=to, stopped=stopped)

    def colleague(self, text: str) -> int:
        return self._keep(Author.OPERATOR, text)

    def calls(self, *calls: ToolCall, to: int, text: str = "") -> int:
        return self._keep(Author.BOT, text, answers=to, calls=calls)

    def gets(self, *results: ToolResult, to: int) -> int:
        return self._keep(Author.TOOL, "", answers=to, results=results)

    def fold(self, window: Window) -> None:
        self.conversation = replace(
            self.conversation, summary=window.summary, summary_seq=window.upto
        )

    def _keep(
        self,
        author: Author,
        text: str,
        *,
        answers: int | None = None,
        stopped: bool = False,
        calls: tuple[ToolCall, ...] = (),
        results: tuple[ToolResult, ...] = (),
    ) -> int:
        seq = len(self.messages) + 1
        message = Message(
            seq=seq,
            author=author,
            text=text,
            tokens=count_tokens(text),
            at=float(seq),
            answers=answers,
            stopped=stopped,
            calls=calls,
            results=results,
        )
        self.messages.append(message)
        return seq
