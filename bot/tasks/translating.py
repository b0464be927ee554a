"""Lets customer and help centre each keep their language: in the search, and in quotes."""

import asyncio
import logging
from collections.abc import Callable

from bot.errors import FrontdeskError, without_text, without_words
from bot.knowledge.languages import same
from bot.messages import Attempt, Reading
from bot.tasks.base import Account, Translator

_logger = logging.getLogger(__name__)

TASK = "translation"


class Translating:
    """Begins translations from and into ``home``, the help centre's language by its code.

    ``note`` is what stands under a translated answer, in the language of ``home``. Who takes
    longer than ``seconds`` is gone on without; ``clock`` is monotonic.
    """

    def __init__(
        self,
        *,
        translator: Callable[[Account], Translator] | None,
        home: str,
        note: str,
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.translator = translator
        self.home = home
        self.note = note
        self.seconds = seconds
        self.clock = clock

    def begin(
        self, language: str | None, *, conversation: int, note: Callable[[str], object]
    ) -> "Translation | None":
        """Return the translation for a customer who writes ``language``; None if none is needed.

        It is at the cost of ``conversation``; ``note`` is told the name of every template that is
        filled for it.
        """
        if self.translator is None or not language or not self.home or same(language, self.home):
            return None
        return Translation(self, self.translator, language, conversation, note)


class Translation:
    """Everything that is translated in one turn."""

    def __init__(
        self,
        translating: Translating,
        translator: Callable[[Account], Translator],
        language: str,
        conversation: int,
        note: Callable[[str], object],
    ) -> None:
        self._all = translating
        self._translator = translator
        self._language = language
        self._conversation = conversation
        self._note = note
        self._readings: list[Reading] = []
        self._attempts: list[Attempt] = []

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was translated into what."""
        return tuple(self._readings)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What it cost to ask backends."""
        return tuple(self._attempts)

    async def question(self, text: str) -> str:
        """Return what the customer asks in the help centre's language; as it is if that fails."""
        source, target = self._language, self._all.home
        found = await self._translated(text, source, target, kept=lambda found: found)
        return found or text

    async def reply(self, text: str) -> str:
        """Return quotes in the customer's language, with a note; as they are if that fails."""
        noted = f"{text.rstrip()}\n\n{self._all.note}"
        source, target = self._all.home, self._language
        # The translation is the reply, and kept as that: here stands what it was made of.
        found = await self._translated(noted, source, target, kept=lambda _found: text.strip())
        return found or text

    async def _translated(
        self, text: str, source: str, target: str, *, kept: Callable[[str], str]
    ) -> str:
        keeper = self._translator(Account(self._conversation, self._attempts.append, self._note))
        found, error = "", ""
        started = self._all.clock()
        try:
            async with asyncio.timeout(self._all.seconds):
                found = await keeper.translate(text, source=source, target=target)
        except TimeoutError:
            error = f"It took longer than {self._all.seconds:g} seconds."
        except (FrontdeskError, LookupError) as failure:
            error = str(failure)
        except Exception as failure:
            error = without_text(failure)
            _logger.exception(
                "A translation failed; the words stay as they are.", exc_info=without_words(failure)
            )
        self._readings.append(
            Reading(
                task=TASK,
                value=f"{source} to {target}: {kept(found)}" if found else "",
                by=keeper.by,
                seconds=self._all.clock() - started,
                error=error or ("" if found else f"Nothing came of {source} to {target}."),
            )
        )
        return found
