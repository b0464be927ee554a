"""The sections of ``bot.toml`` about Slack: the app, its tokens, and who may install it."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from bot.settings.fields import Address, VariableName, is_address, sentence
from bot.settings.section import Section

_COMMAND: Final = re.compile(r"/[a-z0-9_-]{1,31}")
_MOST_SUGGESTIONS: Final = 4  # that Slack shows

EVENTS: Final = "/slack/events"
"""Where Slack's requests come in, behind the public address."""

INSTALL: Final = "/slack/install"
"""Where a workspace begins to install the app."""

REDIRECT: Final = "/slack/oauth_redirect"
"""Where Slack sends back who allowed it."""


def _public(text: str) -> str:
    if not text or is_address(text):
        return text.rstrip("/")
    raise sentence("must be the public address of 'bot serve', as 'https://bot.shop.example'.")


def _command(text: str) -> str:
    if not text or _COMMAND.fullmatch(text):
        return text
    raise sentence("must be a slash and up to 31 of a to z, 0 to 9, '-' and '_', as '/ask'.")


def _few(suggestions: tuple[str, ...]) -> tuple[str, ...]:
    if len(suggestions) <= _MOST_SUGGESTIONS:
        return suggestions
    raise sentence(f"may have {_MOST_SUGGESTIONS} questions at most: Slack shows no more.")


class OAuthSettings(Section):
    """``[slack.oauth]``: the app is installed by many workspaces, each with a token of its own."""

    client_id: str = Field(
        min_length=1, description="The app's Client ID, from its Basic Information."
    )
    client_secret_env: VariableName = Field(
        "SLACK_CLIENT_SECRET", description="The variable or secret with its Client Secret."
    )
    key_env: VariableName = Field(
        "SLACK_TOKEN_KEY",
        description="The variable or secret with the keys that workspaces' tokens are sealed "
        "with, newest first, commas between; 'bot slack key' makes one.",
    )


class SlackSettings(Section):
    """``[slack]``: a bot in Slack; an empty section is enough."""

    view: Literal["agent", "assistant"] = Field(
        "agent", description="What the app is in Slack; 'assistant' is the older kind."
    )
    mode: Literal["socket", "http"] = Field(
        "socket", description="How 'bot run' hears of events: over a socket, or by HTTP requests."
    )
    bot_token_env: VariableName = Field(
        "SLACK_BOT_TOKEN",
        description="The variable or secret with the Bot User OAuth Token (xoxb-…).",
    )
    app_token_env: VariableName = Field(
        "SLACK_APP_TOKEN", description="The variable or secret with the App-Level Token (xapp-…)."
    )
    signing_secret_env: VariableName = Field(
        "SLACK_SIGNING_SECRET",
        description="The variable or secret with the Signing Secret, for HTTP.",
    )
    api_url: Address = Field("https://slack.com/api/", description="Where Slack's API is.")
    url: Annotated[str, AfterValidator(_public)] = Field(
        "", description="The public address of 'bot serve', as 'https://bot.shop.example'."
    )
    command: Annotated[str, AfterValidator(_command)] = Field(
        "/ask", description="The slash command that asks the bot; '' is none."
    )
    suggestions: Annotated[tuple[str, ...], AfterValidator(_few)] = Field(
        (), description="Up to four questions that can be asked by a click."
    )
    greeting: str = Field("", description="What the bot says of itself before anything was asked.")
    strangers: bool = Field(
        default=True,
        description="Whether people of other organisations are answered in shared channels.",
    )
    streaming: bool = Field(
        default=True, description="Whether answers are shown while they are written."
    )
    oauth: OAuthSettings | None = None

    @property
    def variables(self) -> Iterator[str]:
        """The names of variables or secrets that stand in this section."""
        yield from (self.bot_token_env, self.app_token_env, self.signing_secret_env)
        if self.oauth is not None:
            yield from (self.oauth.client_secret_env, self.oauth.key_env)
