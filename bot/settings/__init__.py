"""Reads ``bot.toml`` and the environment; nothing else in the house does."""

from bot.settings.backends import (
    AnthropicSettings,
    BackendSettings,
    ExtractiveSettings,
    HostedSettings,
    ModelSettings,
    OpenAISettings,
    ScriptedSettings,
)
from bot.settings.environment import environment
from bot.settings.loading import FILE, load
from bot.settings.router import RouterSettings, Rule
from bot.settings.sections import (
    BotSettings,
    DatabaseSettings,
    EngineSettings,
    KnowledgeSettings,
    PromptSettings,
    Settings,
    WindowSettings,
)
from bot.settings.slack import OAuthSettings, SlackSettings
from bot.settings.web import IdentitySettings, KeySettings, SiteSettings, WebSettings

__all__ = [
    "FILE",
    "AnthropicSettings",
    "BackendSettings",
    "BotSettings",
    "DatabaseSettings",
    "EngineSettings",
    "ExtractiveSettings",
    "HostedSettings",
    "IdentitySettings",
    "KeySettings",
    "KnowledgeSettings",
    "ModelSettings",
    "OAuthSettings",
    "OpenAISettings",
    "PromptSettings",
    "RouterSettings",
    "Rule",
    "ScriptedSettings",
    "Settings",
    "SiteSettings",
    "SlackSettings",
    "WebSettings",
    "WindowSettings",
    "environment",
    "load",
]
