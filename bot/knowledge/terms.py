"""Turns words into terms: the stems under which passages are kept and found."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from bot.errors import KnowledgeError, nearest
from bot.knowledge import stopwords

# Vowel signs and accents, which Python takes for no letters, belong to their words.
_SIGNS = r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0eff\u1000-\u109f\u1780-\u17ff]"
_LETTERS = rf"(?:[^\W_]|{_SIGNS})+"
# A word with its inner signs: don't, self-hosted, v4.3.0, ENABLE_SIGNUP, AC-9000.
_WORD = re.compile(rf"{_LETTERS}(?:['._&/-]{_LETTERS})*")
_LINK_TARGET = re.compile(r"(?<=\])\((?:[^()\s]|\([^()\s]{0,500}\)){1,2000}\)")
# Written without spaces: pairs of letters stand for words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2,}")
# English writes these as one word or as two: "log in", "logging in", "log-in", "login".
_PHRASE = re.compile(
    r"\b(log|sign|check|set|back|opt|pick)(?:g?ing|t?ing|g?ed|s)?[ -](in|out|up|on|off)\b"
)
_LONGEST = 64
_MOST_PARTS = 5
_GLUED = 2  # letters of a part that says nothing on its own, as in "e-mail" and "AC-9000"
_FEW_TERMS = _FEW_WORDS = 3
# Where one sentence ends. No line ends it after a comma: "Best regards,\nJane".
_END = re.compile(r"(?<=[.!?;:\u2026\u3002\uff01\uff1f])\s+|(?<!,)\n")
_FEW_NAMES = 3  # words after "regards"
_FEW_WISHES = 2  # words of their own before it, as in "looking forward to it, kind regards"
_REMEMBERED = 50_000


class Terms:
    """The words of one language; ``language`` is a name that Snowball knows, such as "english".

    Raises:
        KnowledgeError: Snowball knows no such language.
    """

    def __init__(self, language: str = "english") -> None:
        self._language = language.strip().lower()
        self._common = stopwords.common(self._language)
        self._polite = stopwords.polite(self._language)
        self._leaning = stopwords.leaning(self._language)
        self._measuring = stopwords.measuring(self._language)
        self._outcries = stopwords.outcries(self._language)
        self._beside = self._outcries | stopwords.beside_outcries(self._language)
        self._regards = stopwords.regards(self._language)
        self._signs = re.compile(r"[._&/-]" if self._language == "english" else r"['._&/-]")
        self._stem = lru_cache(_REMEMBERED)(_stemmer(self._language))

    def of_text(self, text: str) -> Iterator[str]:
        """Yield the terms of ``text``, Markdown, as often as they stand there.

        A word of several parts counts as its parts and as one: "self-hosted" is found by "self
        hosted" and by "selfhosted".
        """
        for word in self.words(_LINK_TARGET.sub(" ", text)):
            parts = self._parts(word)
            yield from self._terms(parts)
            if 1 < len(parts) <= _MOST_PARTS:
                yield from self._terms(["".join(parts)])

    def of_question(self, question: str) -> tuple[str, ...]:
        """Return what ``question`` is about: its terms, each once, without polite words.

        Sentences that only cry out or take their leave are about nothing: "This is outrageous!"
        """
        words = (word for word in self._said(question) if word not in self._polite)
        return tuple(dict.fromkeys(term for word in words for term in self._asked(word)))

    def of_measure(self, question: str) -> frozenset[str]:
        """Return those terms of ``question`` that only tell the kind of answer: "how long"."""
        words = (word for word in self.words(question) if word in self._measuring)
        return frozenset(term for word in words for term in self._asked(word))

    def of_frame(self, question: str) -> frozenset[str]:
        """Return those terms of ``question`` that only frame it: "I need help"."""
        words = (word for word in self.words(question) if word in self._polite)
        return frozenset(term for word in words for term in self._asked(word))

    def leans(self, question: str) -> bool:
        """Tell whether ``question`` points back to what was said before, or says little itself.

        "and to Canada?" and "can I change that?" point back; "how long?" says too little. More
        than a few terms stand on their own, whatever words are among them. An outcry alone points
        to nothing.
        """
        words, terms = self._said(question), self.of_question(question)
        if not words:
            return not self.words(question)
        points = len(terms) <= _FEW_TERMS and not self._leaning.isdisjoint(words)
        brief = len(words) <= _FEW_WORDS and not self._common.isdisjoint(words)
        return not terms or points or (brief and len(terms) == 1)

    def words(self, text: str) -> list[str]:
        """Return the words of ``text`` in small letters, with their inner signs."""
        folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
        if self._language == "english":
            folded = _PHRASE.sub(r"\1\2", folded)
        return _WORD.findall(folded)

    def _said(self, question: str) -> list[str]:
        """Return the words of ``question``, but for sentences that only cry out or take leave."""
        words = self.words(question)
        if self._outcries.isdisjoint(words) and self._regards.isdisjoint(words):
            return words
        sentences = (self.words(sentence) for sentence in _END.split(question))
        return [word for each in sentences if not self._is_aside(each) for word in each]

    def _is_aside(self, sentence: Sequence[str]) -> bool:
        """Tell whether ``sentence``, as words, is an outcry or the end of a letter."""
        at = next((at for at, word in enumerate(sentence) if word in self._regards), None)
        if at is not None and len(sentence) - at - 1 <= _FEW_NAMES:
            return len(self._own(sentence[:at])) <= _FEW_WISHES
        said = self._own(sentence)
        return not self._outcries.isdisjoint(said) and self._beside.issuperset(said)

    def _own(self, words: Sequence[str]) -> list[str]:
        """Return those of ``words`` that tell something, in their parts: nothing of "c'est"."""
        empty = self._common | self._polite
        parts = (part for word in words if word not in empty for part in self._parts(word))
        return [part for part in parts if part not in empty and len(part) > 1]

    def _asked(self, word: str) -> Iterator[str]:
        parts = self._parts(word)
        # "e-mail", "wi-fi" and "AC-9000" are one thing to those who type them in other ways.
        glued = any(len(part) <= _GLUED and part not in self._common for part in parts)
        return self._terms(["".join(parts)] if glued and len(parts) <= _MOST_PARTS else parts)

    def _parts(self, word: str) -> list[str]:
        return [part for part in self._signs.split(word) if part]

    def _terms(self, parts: list[str]) -> Iterator[str]:
        for part in parts:
            if part in self._common or len(part) > _LONGEST:
                continue
            if _UNSPACED.fullmatch(part):
                yield from (part[at : at + 2] for at in range(len(part) - 1))
            else:
                yield self._stem(part)


def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer  # noqa: PLC0415 - loads every language that it knows

    if language not in snowballstemmer.algorithms():
        known = sorted(snowballstemmer.algorithms())
        raise KnowledgeError(
            f"No word endings are known for '{language}'. Set language under [knowledge] to one of "
            f"these: {', '.join(known)}.{nearest(language, known)}"
        )
    stem = snowballstemmer.stemmer(language).stemWord
    if language == "english":  # accents tell its endings nothing; elsewhere they do
        return lambda word: stem(_without_accents(word))
    return lambda word: _without_accents(stem(word))


def _without_accents(word: str) -> str:
    """Return ``word`` as it is typed by someone in a hurry: "café" is found by "cafe"."""
    if word.isascii():
        return word
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
