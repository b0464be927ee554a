"""What the doctor finds in the environment: variables that SDKs send to any server."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bot.settings import ChatSettings, ClaudeSettings, HostedSettings, Settings
from channels.cli.checkup import Finding

SENT: Mapping[type[HostedSettings], tuple[str, tuple[str, ...]]] = {
    ChatSettings: ("openai.com", ("OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")),
    ClaudeSettings: ("anthropic.com", ("ANTHROPIC_CUSTOM_HEADERS",)),
}
"""Backends by their settings → who made their SDK, and the variables that it sends as headers."""


def variable_findings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each backend whose ``base_url`` is sent what the SDK's maker alone is to have."""
    for name, section in settings.backends.items():
        for kind, (home, variables) in SENT.items():
            if not isinstance(section, kind) or section.base_url is None:
                continue
            host = urlsplit(section.base_url).hostname or ""
            sent = [variable for variable in variables if environment.get(variable)]
            if sent and not f".{host}".endswith(f".{home}"):
                yield Finding(
                    about=f"backend {name}",
                    fact=f"{' and '.join(sent)} of the environment {_go(sent)} to {host} with "
                    "every question",
                    cure=f"Unset what only {home} is to have.",
                )


def _go(sent: list[str]) -> str:
    return "goes" if len(sent) == 1 else "go"
