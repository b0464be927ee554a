"""Makes those who do a task with a small model in this process."""

from collections.abc import Mapping, Sequence

from bot.backends.extractive import Pointer
from bot.local import Head, Shape
from bot.settings import TaskSettings
from bot.settings.tasks import SpansSettings, TopicSettings, TranslationSettings
from bot.tasks.models.languages import ModelLanguages
from bot.tasks.models.moods import ModelMoods
from bot.tasks.models.resident import Resident, Residents
from bot.tasks.models.spans import ModelSpans
from bot.tasks.models.summaries import ModelSummarizer
from bot.tasks.models.topics import ModelTopics
from bot.tasks.models.translations import ModelTranslator

HEADS: Mapping[str, Head] = {
    "language": "sequence-classification",
    "sentiment": "sequence-classification",
    "topic": "sequence-classification",
    "summary": "seq2seq-lm",
    "translation": "seq2seq-lm",
    "spans": "question-answering",
}
"""What the model of each task must have been made for."""


def shapes(section: TaskSettings) -> Sequence[Shape]:
    """Say what ``section`` wants loaded; nothing where no model does its task."""
    if section.by != "model":
        return ()
    pairs: Mapping[str, str] = getattr(section, "pairs", {})
    return [_shape(section, model) for model in dict.fromkeys(pairs.values() or [section.model])]


def _shape(section: TaskSettings, model: str) -> Shape:
    return Shape(model=model, revision=section.revision, offline=section.offline)


class Models:
    """Makes keepers; what they need is loaded by ``residents``, and nothing before that."""

    def __init__(self) -> None:
        self.residents = Residents()

    def languages(self, section: TaskSettings) -> ModelLanguages:
        """Return who hears languages."""
        return ModelLanguages(self._resident(section, HEADS["language"]))

    def moods(self, section: TaskSettings) -> ModelMoods:
        """Return who hears moods."""
        return ModelMoods(self._resident(section, HEADS["sentiment"]))

    def topics(self, section: TopicSettings) -> ModelTopics:
        """Return who sorts under the company's labels."""
        resident = self._resident(section, HEADS["topic"])
        return ModelTopics(resident, labels=section.labels)

    def summarizer(self, section: TaskSettings) -> ModelSummarizer:
        """Return who sums up."""
        return ModelSummarizer(self._resident(section, HEADS["summary"]))

    def translator(self, section: TranslationSettings) -> ModelTranslator:
        """Return who translates."""
        return ModelTranslator(
            {
                pair: self._resident(section, HEADS["translation"], model=model)
                for pair, model in section.pairs.items()
            }
        )

    def pointer(self, section: SpansSettings) -> Pointer | None:
        """Return who points at the words that answer; None where nobody does."""
        if section.by == "off":
            return None
        keeper = ModelSpans(self._resident(section, HEADS["spans"]))
        return Pointer(
            spans=keeper.span, by=keeper.by, enough=section.enough, seconds=section.seconds
        )

    def _resident(self, section: TaskSettings, head: Head, *, model: str = "") -> Resident:
        return self.residents.get(_shape(section, model or section.model), head=head)
