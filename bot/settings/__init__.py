"""Reads ``bot.toml`` and the environment; nothing else in the house does."""

from bot.settings.environment import environment
from bot.settings.loading import FILE, load
from bot.settings.sections import (
    AnthropicSettings,
    BackendSettings,
    BotSettings,
    DatabaseSettings,
    EngineSettings,
    ExtractiveSettings,
    KnowledgeSettings,
    OpenAISettings,
    PromptSettings,
    RouterSettings,
    Rule,
    ScriptedSettings,
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
    "IdentitySettings",
    "KeySettings",
    "KnowledgeSettings",
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
