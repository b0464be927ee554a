"""The sections under ``[tasks]``: what the bot does with a customer's words beside answering."""

from typing import Literal, Self

from pydantic import Field, model_validator

from bot.settings.fields import BackendName, Language, Reachable, sentence
from bot.settings.section import Section

Way = Literal["rule", "prompt", "model", "off"]
"""How a task is done."""

_OF_A_WAY = {"backend": "prompt", "model": "model", "revision": "model", "offline": "model"}


class TaskSettings(Section):
    """What every task may be told."""

    by: Way = Field("off", description="How it is done.")
    backend: BackendName | None = Field(
        None, description="With 'prompt': who is asked; not set: the router's chain."
    )
    model: str = Field("", description="With 'model': an id of the Hugging Face hub, or a folder.")
    revision: str | None = Field(
        None, description="With 'model': the branch, tag or commit of it; not set: the newest."
    )
    offline: bool = Field(
        default=False, description="With 'model': fetch nothing, use what is here."
    )
    seconds: float = Field(
        5.0, gt=0, description="How long it may take; then the turn goes on without it."
    )

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        """Refuse what another way of doing it would need: it was meant to count."""
        for key, way in _OF_A_WAY.items():
            if key in self.model_fields_set and self.by not in (way, "off"):
                text = f"{key} counts with by = {way!r} only, and this has by = {self.by!r}."
                raise sentence(f"{text} Change one of them.")
        return self


class LanguageSettings(TaskSettings):
    """``[tasks.language]``: which language the customer writes."""

    by: Way = Field("rule", description="How it is done.")
    model: str = Field(
        "papluca/xlm-roberta-base-language-detection",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    languages: tuple[Language, ...] = Field(
        (), description="The only ones that there are, as ['en', 'de']; empty: whatever it knows."
    )


class SentimentSettings(TaskSettings):
    """``[tasks.sentiment]``: whether the customer is upset, and is offered a person."""

    by: Way = Field("rule", description="How it is done.")
    model: str = Field(
        "cardiffnlp/twitter-xlm-roberta-base-sentiment",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )


class TopicSettings(TaskSettings):
    """``[tasks.topic]``: which of your topics the customer asks about."""

    by: Way = Field("rule", description="How it is done, once there are labels.")
    model: str = Field(
        "MoritzLaurer/mDeBERTa-v3-base-mnli-xnli",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    labels: dict[str, str] = Field(
        default_factory=dict,
        description="Your topics, each with what it means, as delivery = 'Where is my parcel?'.",
    )


class FactsSettings(TaskSettings):
    """``[tasks.facts]``: what the customer says of themselves and their order."""

    by: Literal["rule", "prompt", "off"] = Field("off", description="How it is done.")
    schema_file: Reachable | None = Field(
        None,
        description="A JSON schema of them; not set: order number, e-mail, product, name, firm.",
    )


class SummarySettings(TaskSettings):
    """``[tasks.summary]``: the notes of what has outgrown the window, and for a hand-over."""

    by: Literal["rule", "prompt", "model"] = Field("prompt", description="How it is done.")
    model: str = Field(
        "facebook/bart-large-cnn",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    seconds: float = Field(60.0, gt=0, description="How long it may take.")


class TranslationSettings(TaskSettings):
    """``[tasks.translation]``: the search and the operator read the customer's words in theirs."""

    by: Literal["prompt", "model", "off"] = Field("off", description="How it is done.")
    model: str = Field(
        "Helsinki-NLP/opus-mt-{source}-{target}",
        description="With 'model': as above; {source} and {target} are languages' codes.",
    )


class SpansSettings(TaskSettings):
    """``[tasks.spans]``: the exact words that the extractive backend quotes."""

    by: Literal["model", "off"] = Field("off", description="How it is done.")
    model: str = Field(
        "deepset/roberta-base-squad2",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )


class TasksSettings(Section):
    """``[tasks]``: what the bot does with a customer's words beside answering."""

    language: LanguageSettings = LanguageSettings()
    sentiment: SentimentSettings = SentimentSettings()
    topic: TopicSettings = TopicSettings()
    facts: FactsSettings = FactsSettings()
    summary: SummarySettings = SummarySettings()
    translation: TranslationSettings = TranslationSettings()
    spans: SpansSettings = SpansSettings()
