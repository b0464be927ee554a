"""The sections under ``[tasks]``: what the bot does with a customer's words beside answering."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.settings.fields import BackendName, Language, Reachable, sentence
from bot.settings.section import Section

Way = Literal["rule", "prompt", "model", "library", "off"]
"""How a task is done; each section says which of them it knows."""

_PAIR = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?-[a-z]{2,3}(-[A-Z]{2})?")


def _pair(text: str) -> str:
    if _PAIR.fullmatch(text):
        return text
    raise sentence("must be the codes of two languages, as de-en.")


Pair = Annotated[str, AfterValidator(_pair)]
"""Two languages, the one that is translated first: de-en."""

LONGEST_TOPIC = 255
"""Characters of a topic's name, as the store keeps it."""


def _keepable(label: str) -> str:
    if len(label) <= LONGEST_TOPIC:
        return label
    text = f"a topic's name of {len(label)} characters is too long: {LONGEST_TOPIC} can be kept."
    raise sentence(f"{text} Shorten it; what it means has room on its right.")


TopicName = Annotated[str, AfterValidator(_keepable)]
"""What a topic is called."""

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

    by: Way = Field("rule", description="How it is done; 'library' is `frontdesk[languages]`.")
    model: str = Field(
        "papluca/xlm-roberta-base-language-detection",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    languages: tuple[Language, ...] = Field(
        (), description="The only ones that there are, as ['en', 'de']; empty: whatever it knows."
    )


class SentimentSettings(TaskSettings):
    """``[tasks.sentiment]``: whether the customer is upset, and is offered a person."""

    by: Literal["rule", "prompt", "model", "off"] = Field("rule", description="How it is done.")
    model: str = Field(
        "cardiffnlp/twitter-xlm-roberta-base-sentiment",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )


class TopicSettings(TaskSettings):
    """``[tasks.topic]``: which of your topics the customer asks about."""

    by: Literal["rule", "prompt", "model", "off"] = Field(
        "rule", description="How it is done, once there are labels."
    )
    model: str = Field(
        "MoritzLaurer/mDeBERTa-v3-base-mnli-xnli",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    labels: dict[TopicName, str] = Field(
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
    """``[tasks.translation]``: customer, help centre and operator each read their own language."""

    by: Literal["prompt", "model", "off"] = Field("off", description="How it is done.")
    model: str = ""  # one of several; see pairs
    pairs: dict[Pair, str] = Field(
        default_factory=dict,
        description="With 'model': what translates each pair of languages, as de-en ="
        " 'Helsinki-NLP/opus-mt-de-en'.",
    )
    seconds: float = Field(
        20.0, gt=0, description="How long it may take; then the words stay as they are."
    )

    @model_validator(mode="after")
    def _says_who_translates(self) -> Self:
        if "model" in self.model_fields_set:
            raise sentence("model is not enough: name one for each pair, under pairs.")
        if self.pairs and self.by == "prompt":
            raise sentence("pairs count with by = 'model' only. Change one of them.")
        if self.by == "model" and not self.pairs:
            text = "by = 'model' needs pairs, as de-en = 'Helsinki-NLP/opus-mt-de-en'."
            raise sentence(f"{text} Add those between your customers' languages and your own.")
        return self


class SpansSettings(TaskSettings):
    """``[tasks.spans]``: the exact words that the extractive backend leads with."""

    by: Literal["model", "off"] = Field("off", description="How it is done.")
    model: str = Field(
        "deepset/roberta-base-squad2",
        description="With 'model': an id of the Hugging Face hub, or a folder.",
    )
    enough: float = Field(
        0.3, ge=0, le=1, description="How sure the model must be of them; else all is quoted alike."
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
