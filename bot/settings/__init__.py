"""Reads ``bot.toml`` and the environment; nothing else in the house does."""

from bot.settings.backends import (
    AnthropicSettings,
    BackendSettings,
    ExtractiveSettings,
    HostedSettings,
    ModelSettings,
    OpenAISettings,
    ScriptedSettings,
    TransformersSettings,
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
from bot.settings.strategies import (
    FewShotSettings,
    ReasoningQueriesSettings,
    SelfConsistencySettings,
    StepSettings,
    StrategiesSettings,
    ThinkingSettings,
    TreeOfThoughtSettings,
)
from bot.settings.tasks import (
    FactsSettings,
    LanguageSettings,
    SentimentSettings,
    SpansSettings,
    SummarySettings,
    TaskSettings,
    TasksSettings,
    TopicSettings,
    TranslationSettings,
)
from bot.settings.web import IdentitySettings, KeySettings, SiteSettings, WebSettings

__all__ = [
    "FILE",
    "AnthropicSettings",
    "BackendSettings",
    "BotSettings",
    "DatabaseSettings",
    "EngineSettings",
    "ExtractiveSettings",
    "FactsSettings",
    "FewShotSettings",
    "HostedSettings",
    "IdentitySettings",
    "KeySettings",
    "KnowledgeSettings",
    "LanguageSettings",
    "ModelSettings",
    "OAuthSettings",
    "OpenAISettings",
    "PromptSettings",
    "ReasoningQueriesSettings",
    "RouterSettings",
    "Rule",
    "ScriptedSettings",
    "SelfConsistencySettings",
    "SentimentSettings",
    "Settings",
    "SiteSettings",
    "SlackSettings",
    "SpansSettings",
    "StepSettings",
    "StrategiesSettings",
    "SummarySettings",
    "TaskSettings",
    "TasksSettings",
    "ThinkingSettings",
    "TopicSettings",
    "TransformersSettings",
    "TranslationSettings",
    "TreeOfThoughtSettings",
    "WebSettings",
    "WindowSettings",
    "environment",
    "load",
]
