"""The command ``bot``: what it can do, and how it tells what went wrong."""

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bot import __version__
from bot.errors import FrontdeskError, nearest
from channels.cli.here import Here, Told

_INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended

_OUT_OF_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO}

# Command → the module in this folder that has it; imported when it is called.
_SHELVES = {
    "Talk": {"chat": "chat", "ask": "ask"},
    "Serve": {"serve": "serve", "slack": "slack", "run": "run"},
    "Teach": {
        "learn": "learning",
        "forget": "learning",
        "unanswered": "learning",
        "prompts": "prompts",
    },
    "Look back": {"history": "history", "why": "why", "splits": "splits"},
    "Look after": {"status": "status", "doctor": "doctor", "compare": "compare"},
    "Set up": {
        "init": "project",
        "settings": "project",
        "backends": "backends",
        "tasks": "tasks",
        "models": "models",
        "db": "database",
    },
}


class _Door(click.Group):
    """Imports a command's module only when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return [name for shelf in _SHELVES.values() for name in shelf]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        for shelf in _SHELVES.values():
            if cmd_name in shelf:
                module = import_module(f"channels.cli.{shelf[cmd_name]}")
                command: click.Command = getattr(module, cmd_name)
                return _configurable(command)
        guess = nearest(cmd_name, self.list_commands(ctx))
        raise Told(f"There is no command {cmd_name!r}.{guess} 'bot --help' lists them all.")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, shelf in _SHELVES.items():
            with formatter.section(title):
                formatter.write_dl([(name, self._summary(ctx, name)) for name in shelf])

    def _summary(self, ctx: click.Context, name: str) -> str:
        return self.get_command(ctx, name).get_short_help_str(limit=80)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FrontdeskError as error:
            raise Told(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)
        except OSError as error:
            if error.errno not in _OUT_OF_ROOM:
                raise
            # What is left in the buffer would be written once more at the end, in vain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Told(
                f"The output cannot be written: {error.strerror}. Free some space."
            ) from error


def _configurable(command: click.Command) -> click.Command:
    """Let ``--config`` stand behind the command as well as before it."""
    if not any(param.name == "config" for param in command.params):
        command.params.append(
            click.Option(
                ["--config"],
                type=click.Path(path_type=Path),
                hidden=True,
                expose_value=False,
                callback=_take_config,
            )
        )
    return command


def _take_config(ctx: click.Context, _: click.Parameter, config: Path | None) -> None:
    if config is not None:
        ctx.ensure_object(Here).config = config


@click.command(
    cls=_Door,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  bot chat                         talk with the bot, here in the terminal
  bot ask "Where is my parcel?"    one question, one answer
  bot init shop && cd shop         begin a project of your own
  bot learn help/ && bot doctor    teach it your articles, check everything""",
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_take_config,
    help="The settings to use. [default: $FRONTDESK_CONFIG, or bot.toml in this folder]",
)
@click.version_option(__version__, message="Frontdesk %(version)s")
@click.pass_context
def bot(ctx: click.Context) -> None:
    """Answer your customers from your own articles, through the model of your choice."""
    ctx.ensure_object(Here)
