"""What a server's chat template writes of each answer: it stands in the prompt, and never comes."""

from collections.abc import Iterable, Iterator

from bot.backends.base import Finished, Output, Text


class Prefill:
    """Has the text of one answer begin with ``opening``, where it does not by itself."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._begun = not opening
        self._held = ""

    def of(self, outputs: Iterable[Output]) -> Iterator[Output]:
        """Give some more ``outputs`` of the answer, text only once it is known how it begins."""
        for output in outputs:
            match output:
                case Text(text) if not self._begun:
                    self._held += text
                    if not self._opening.startswith(self._held.lstrip()):
                        yield self._beginning()
                case Finished() if self._held and not self._begun:
                    yield self._beginning()
                    yield output
                case _:
                    yield output

    def _beginning(self) -> Text:
        self._begun = True
        has_it = self._held.lstrip().startswith(self._opening)
        return Text(self._held if has_it else self._opening + self._held)
