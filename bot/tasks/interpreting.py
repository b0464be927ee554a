"""Puts the messages of a conversation into the language of whoever looks at it."""

import asyncio
from dataclasses import dataclass

from bot.errors import FrontdeskError, without_text
from bot.knowledge.languages import same
from bot.tasks.base import Languages, Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A message in another language than it was written in; ``error`` is why it is not."""

    source: str
    target: str
    text: str = ""
    error: str = ""

    @property
    def told(self) -> str:
        """What to show under the original."""
        if self.error:
            return f"[not put into {self.target}: {self.error}]"
        return f"{self.target}: {self.text}"


class Interpreter:
    """Interprets for an operator who reads ``target``; the same words once, and kept nowhere.

    ``languages`` hears what a message is written in. Who takes longer than ``seconds`` is gone on
    without.
    """

    def __init__(
        self, *, translator: Translator, languages: Languages | None, target: str, seconds: float
    ) -> None:
        self._translator = translator
        self._languages = languages
        self._target = target
        self._seconds = seconds
        self._known: dict[tuple[str, str], Put] = {}

    async def put(self, text: str, *, language: str | None) -> Put | None:
        """Return ``text`` for the operator; None where it can be read as it is.

        ``language`` is the conversation's, for what is too short to tell its own.
        """
        source = await self._source(text) or language
        if source is None or same(source, self._target) or not text.strip():
            return None
        if (text, source) not in self._known:
            self._known[text, source] = await self._put(text, source)
        return self._known[text, source]

    async def under(self, text: str, *, language: str | None) -> str:
        """Return ``text``, and what ``put`` makes of it under it."""
        put = await self.put(text, language=language)
        return text if put is None else f"{text}\n\n{put.told}"

    async def _source(self, text: str) -> str | None:
        if self._languages is None:
            return None
        try:
            heard = await self._languages.language(text)
        except Exception:  # noqa: BLE001 - the conversation's language will do
            return None
        return heard.language if heard else None

    async def _put(self, text: str, source: str) -> Put:
        error = ""
        try:
            async with asyncio.timeout(self._seconds):
                there = await self._translator.translate(text, source=source, target=self._target)
                return Put(source=source, target=self._target, text=there)
        except TimeoutError:
            error = f"It took longer than {self._seconds:g} seconds."
        except (FrontdeskError, LookupError) as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - the original is there to be read
            error = without_text(failure)
        return Put(source=source, target=self._target, error=error)
