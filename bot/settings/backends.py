"""The sections under ``[backends]``: the ways to reach a model."""

from typing import Annotated, Literal

from pydantic import Field

from bot.settings.fields import Address, LocalModel, Opening, VariableName
from bot.settings.section import Section


class ExtractiveSettings(Section):
    """A backend without a model: it quotes the help centre."""

    kind: Literal["extractive"]


class ModelSettings(Section):
    """What every backend with a model has in common."""

    model: str = Field(description="The model's name at its provider.")
    max_tokens: int = Field(2048, ge=16, description="Tokens of one answer, reasoning included.")
    first_piece_seconds: float = Field(
        60.0, gt=0, description="How long to wait for an answer to begin."
    )
    silence_seconds: float = Field(
        30.0, gt=0, description="How long to wait between two pieces of an answer."
    )
    concurrency: int | None = Field(
        None, ge=1, description="Answers that this process asks of it at once; the others queue."
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Answers that this process asks of it in a minute; likewise."
    )
    tokens_per_minute: int | None = Field(
        None, ge=1, description="Tokens that this process has it read and write in a minute."
    )
    context_tokens: int = Field(
        128_000, ge=1000, description="Tokens that the model reads at most."
    )
    input_price: float | None = Field(
        None, ge=0, description="US dollars for a million tokens read, where the list has none."
    )
    output_price: float | None = Field(
        None, ge=0, description="US dollars for a million tokens written, likewise."
    )


class HostedSettings(ModelSettings):
    """A model that is reached over a network, with a key."""

    key_env: VariableName
    base_url: Address | None = Field(None, description="Another server that speaks the protocol.")

    @property
    def sold_by(self) -> str:
        """Whose prices count, as the price list calls it, where it is no server of one's own."""
        return str(getattr(self, "kind", ""))

    @property
    def needs_key(self) -> bool:
        """Whether nothing can be asked without a key; a server of one's own may need none."""
        return self.base_url is None


class ServedSettings(HostedSettings):
    """A model whose server may leave thoughts in its answers."""

    prefilled: Opening = Field(
        "",
        description="The mark with which its chat template begins each answer, as '<think>'.",
    )


class ClaudeSettings(HostedSettings):
    """Claude, wherever it runs."""

    effort: Literal["low", "medium", "high", "max"] | None = Field(
        None,
        description="How hard the model thinks first; not set, not at all where that can be had.",
    )
    temperature: float | None = Field(None, ge=0, le=1, description="0 is the most repeatable.")


class AnthropicSettings(ClaudeSettings):
    """Claude, through Anthropic's Messages API."""

    kind: Literal["anthropic"]
    model: str = Field("claude-sonnet-5-5", description="The model's name at its provider.")
    key_env: VariableName = Field(
        "ANTHROPIC_API_KEY", description="The variable or secret that holds the key."
    )


class BedrockSettings(ClaudeSettings):
    """Claude at Amazon Bedrock: ``frontdesk[bedrock]``."""

    kind: Literal["bedrock"]
    model: str = Field(
        "us.anthropic.claude-sonnet-5-5", description="A model's or an inference profile's name."
    )
    key_env: VariableName = Field(
        "AWS_BEARER_TOKEN_BEDROCK",
        description="What holds an API key of Bedrock; not set, AWS's own credentials are used.",
    )
    region: str | None = Field(None, description="As 'us-east-1'; not set, as AWS's tools find it.")
    profile: str | None = Field(None, description="One of your AWS profiles.")

    @property
    def sold_by(self) -> str:
        """Amazon has prices of its own."""
        return "aws"

    @property
    def needs_key(self) -> bool:
        """AWS's own credentials may lie anywhere."""
        return False


class VertexSettings(ClaudeSettings):
    """Claude at Google's Vertex AI: ``frontdesk[vertex]``."""

    kind: Literal["vertex"]
    model: str = Field("claude-sonnet-5-5", description="The model's name, as Vertex AI has it.")
    project: str = Field(description="The project that pays.")
    region: str = Field("global", description="As 'us-east5', 'eu' or 'global'.")
    key_env: VariableName = Field(
        "VERTEX_ACCESS_TOKEN",
        description="What holds an access token; not set, Google's own credentials are used.",
    )

    @property
    def sold_by(self) -> str:
        """Google has prices of its own."""
        return "google"

    @property
    def needs_key(self) -> bool:
        """Google's own credentials may lie anywhere."""
        return False


class ChatSettings(ServedSettings):
    """A model that is reached in one of OpenAI's ways."""

    api: Literal["chat", "responses"] = Field(
        "chat",
        description="Chat Completions, or the Responses API, which keeps a model's reasoning.",
    )
    temperature: float | None = Field(None, ge=0, le=2, description="0 is the most repeatable.")
    effort: str | None = Field(None, description="How hard a reasoning model thinks: 'low' ...")


class OpenAISettings(ChatSettings):
    """GPT and every server that speaks OpenAI's Chat Completions or Responses."""

    kind: Literal["openai"]
    model: str = Field("gpt-4o-mini", description="The model's name at its provider.")
    key_env: VariableName = Field(
        "OPENAI_API_KEY",
        description="The variable or secret that holds the key; one of your own with a base_url.",
    )


class AzureSettings(ChatSettings):
    """GPT in a resource of Azure OpenAI."""

    kind: Literal["azure"]
    model: str = Field(description="The deployment's name.")
    base_url: Address = Field(description="The resource, as 'https://acme.openai.azure.com'.")
    key_env: VariableName = Field(
        "AZURE_OPENAI_API_KEY", description="The variable or secret that holds the resource's key."
    )
    api_version: str | None = Field(
        None, description="A dated version of the API, as '2024-10-21'; not set, its version 1."
    )

    @property
    def needs_key(self) -> bool:
        """Always."""
        return True


class HuggingFaceSettings(ServedSettings):
    """A model that Hugging Face's providers run: ``frontdesk[huggingface]``."""

    kind: Literal["huggingface"]
    model: str = Field(description="An id of the Hugging Face hub.")
    key_env: VariableName = Field(
        "HF_TOKEN", description="The variable or secret that holds the token."
    )
    base_url: Address | None = Field(None, description="An inference endpoint of your own.")
    task: Literal["chat", "text-generation"] = Field(
        "chat", description="text-generation is for models that were never taught to chat."
    )
    provider: str = Field(
        "auto", description="Who runs it, as 'together' or 'hf-inference'; auto: as at the hub."
    )
    bill_to: str | None = Field(None, description="The organisation that pays; not set, you.")
    temperature: float | None = Field(None, ge=0, le=2, description="0 is the most repeatable.")
    top_p: float | None = Field(
        None, gt=0, lt=1, description="The share of likely words that it chooses from."
    )
    top_k: int | None = Field(
        None, ge=1, description="Of how many words it chooses; for text-generation."
    )

    @property
    def sold_by(self) -> str:
        """The hub's own providers have prices of their own."""
        return f"huggingface_{self.provider}"


class ReplicateSettings(ServedSettings):
    """A model at Replicate."""

    kind: Literal["replicate"]
    model: str = Field(
        "meta/meta-llama-3-70b-instruct", description="OWNER/NAME, or OWNER/NAME:VERSION."
    )
    key_env: VariableName = Field(
        "REPLICATE_API_TOKEN", description="The variable or secret that holds the token."
    )
    first_piece_seconds: float = Field(
        180.0, gt=0, description="How long to wait for an answer to begin: a cold model starts."
    )
    context_tokens: int = Field(8192, ge=1000, description="Tokens that the model reads at most.")
    temperature: float | None = Field(None, ge=0, le=5, description="0 is the most repeatable.")
    template: Literal["llama-3", "plain"] = Field(
        "llama-3", description="How a talk is written for it: in Llama's words, or line by line."
    )


class TransformersSettings(ModelSettings):
    """A model that runs in this process, through transformers: ``frontdesk[local]``."""

    kind: Literal["transformers"]
    model: LocalModel = Field(
        description="An id of the Hugging Face hub, or a folder: ./models/llama."
    )
    revision: str | None = Field(None, description="A branch, tag or commit of the hub.")
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        "auto", description="What its numbers are kept as; auto: as they were published."
    )
    device_map: str | None = Field(
        None,
        description="cpu, cuda:1, or auto to spread it; not set, the first GPU, or else the CPU.",
    )
    quantization: Literal["none", "4bit", "8bit"] = Field(
        "none", description="Makes it smaller, with bitsandbytes on a GPU; 4bit is NF4."
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="0 is the most repeatable; not set, the model's own."
    )
    top_p: float | None = Field(
        None, gt=0, le=1, description="The share of likely words that it chooses from."
    )
    at_once: int = Field(
        16, ge=1, le=1024, description="Answers that it writes side by side; others wait in line."
    )
    offline: bool = Field(
        default=False, description="Never ask the hub; like HF_HUB_OFFLINE, for this one only."
    )
    check_memory: bool = Field(
        default=True, description="Refuse to load what does not fit into the memory that is free."
    )
    first_piece_seconds: float = Field(
        300.0, gt=0, description="How long to wait for an answer to begin, loading included."
    )
    silence_seconds: float = Field(
        120.0, gt=0, description="How long to wait between two pieces of an answer."
    )


class ScriptedSettings(Section):
    """A backend that says what it is told, for tests of your own."""

    kind: Literal["scripted"]
    answers: tuple[str, ...] = Field(min_length=1, description="Said in turn, then again.")


BackendSettings = Annotated[
    ExtractiveSettings
    | AnthropicSettings
    | BedrockSettings
    | VertexSettings
    | OpenAISettings
    | AzureSettings
    | HuggingFaceSettings
    | ReplicateSettings
    | TransformersSettings
    | ScriptedSettings,
    Field(discriminator="kind"),
]
