"""The sections of ``bot.toml``: every key with its type, its default and what it means."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, SecretStr

from bot.errors import SettingsError
from bot.settings.backends import BackendSettings, HostedSettings, ModelSettings
from bot.settings.fields import (
    DatabaseUrl,
    Language,
    Link,
    Placed,
    Reachable,
    StrategyName,
    Surroundings,
)
from bot.settings.router import RouterSettings
from bot.settings.section import Section
from bot.settings.slack import SlackSettings
from bot.settings.strategies import StrategiesSettings
from bot.settings.tasks import TasksSettings
from bot.settings.web import WebSettings


class BotSettings(Section):
    """``[bot]``: who the bot is."""

    name: str = Field("Frontdesk", description="What the bot calls itself.")
    company: str = Field("our company", description="Whose customers it helps.")
    contact: str = Field(
        "", description="How a customer reaches a person: an address, a number, a page."
    )
    language: Language = Field("en", description="The language it answers in by default.")
    strategy: StrategyName = Field(
        "direct", description="How it reasons; 'bot compare' tells which way is worth its price."
    )
    longest_message: int = Field(
        20_000, ge=100, description="Characters that a customer's message may have."
    )


class DatabaseSettings(Section):
    """``[database]``: where conversations are kept."""

    url: DatabaseUrl = Field(
        SecretStr("sqlite:///frontdesk.db"),
        description="sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    pool: int = Field(5, ge=1, description="Connections that a process opens at most.")


class EngineSettings(Section):
    """``[engine]``: how a process holds and takes over conversations."""

    lease_seconds: float = Field(
        15.0, ge=0.5, description="A dead process's conversations are free after this long."
    )
    sweep_seconds: float = Field(
        2.0, gt=0, description="How often a process looks for conversations that wait."
    )
    burst_seconds: float = Field(
        10.0, ge=0, description="How long newer messages may put off the answer to a burst of them."
    )
    tries: int = Field(
        5,
        ge=1,
        description="How often a message that breaks its turn is tried before it is set aside.",
    )
    delivery_seconds: float = Field(
        60.0, ge=1, description="How long one post of a reply may take; then another process may."
    )
    grace_seconds: float = Field(
        20.0, ge=0, description="How long running turns may go on once the process shall stop."
    )


class WindowSettings(Section):
    """``[window]``: how much history a model reads."""

    tokens: int = Field(
        8000,
        ge=200,
        description="Tokens of history that a model is sent; at most half of what it can read.",
    )


class KnowledgeSettings(Section):
    """``[knowledge]``: what the bot knows."""

    paths: tuple[Placed, ...] = Field(
        (), description="Folders and files that 'bot learn' reads when it is given none."
    )
    link: Link = Field(
        "", description="The address under which the articles stand, put before their paths."
    )
    language: str = Field("english", description="The language whose word endings are cut off.")
    passages: int = Field(6, ge=1, le=50, description="Passages that a model is shown.")
    enough: float = Field(
        0.45,
        ge=0,
        le=1,
        description="The share of a question that a passage must cover to be quoted as an answer.",
    )


class PromptSettings(Section):
    """``[prompts]``: the templates."""

    folder: Reachable | None = Field(
        None, description="Your own templates; one of a shipped name takes its place."
    )


class Settings(Section):
    """What stands above every section; below it come the sections."""

    bot: BotSettings = BotSettings()
    database: DatabaseSettings = DatabaseSettings()
    engine: EngineSettings = EngineSettings()
    window: WindowSettings = WindowSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    prompts: PromptSettings = PromptSettings()
    backends: dict[str, BackendSettings] = Field(default_factory=dict)
    router: RouterSettings = RouterSettings()
    strategies: StrategiesSettings = StrategiesSettings()
    tasks: TasksSettings = TasksSettings()
    web: WebSettings = WebSettings()
    slack: SlackSettings | None = None
    secrets: Reachable | None = Field(
        None, description="A file of NAME = 'value' lines for keys that are not in the environment."
    )

    _file: Path | None = PrivateAttr(None)
    _keys: Mapping[str, SecretStr] = PrivateAttr(default_factory=dict)

    @property
    def history_tokens(self) -> int:
        """Tokens of history that a model is sent: at most half of what the smallest one reads."""
        models = [one for one in self.backends.values() if isinstance(one, ModelSettings)]
        return min([self.window.tokens, *(one.context_tokens // 2 for one in models)])

    @property
    def file(self) -> Path | None:
        """The ``bot.toml`` that was read; None where everything runs on defaults."""
        return self._file

    def model_post_init(self, context: Any, /) -> None:
        """Keep what only the surroundings tell: the file, and the keys that are named."""
        if not isinstance(context, Surroundings):
            return
        hosted = [one for one in self.backends.values() if isinstance(one, HostedSettings)]
        slack = self.slack or SlackSettings()  # `bot slack` works without the section
        names = {*(one.key_env for one in hosted), *self.web.variables, *slack.variables}
        found = {name: context.variables.get(name, "").strip() for name in names}
        self._file = context.file
        self._keys = {name: SecretStr(key) for name, key in found.items() if key}

    def secret(self, variable: str) -> SecretStr | None:
        """Return what the environment or the secrets file has under a name that settings give."""
        return self._keys.get(variable)

    def demand(self, variable: str, *, place: str) -> SecretStr:
        """Return what stands under ``variable``, which is named at ``place``.

        Raises:
            SettingsError: neither the environment nor the secrets file has it.
        """
        found = self.secret(variable)
        if found is None:
            raise SettingsError(
                f"{place}: {variable} is neither in the environment nor in "
                f"{self.secrets or 'a secrets file'}. Set it there."
            )
        return found

    def key(self, backend: str) -> SecretStr | None:
        """Return the key of ``backend``; None where it needs none: no model, or its own server.

        Raises:
            SettingsError: it needs one, and neither the environment nor the secrets file has it.
        """
        settings = self.backends[backend]
        if not isinstance(settings, HostedSettings):
            return None
        found = self._keys.get(settings.key_env)
        if found is None and settings.needs_key:
            raise SettingsError(
                f"The backend {backend!r} has no key: {settings.key_env} is neither in the "
                f"environment nor in {self.secrets or 'a secrets file'}. Set it there, or name "
                f"another variable with key_env under [backends.{backend}]."
            )
        return found
