"""Opens the bot and a conversation with it, here in the terminal."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

import click

from channels.cli.here import Here, command, give_up

_GRACE_SECONDS = 0.5  # for what is answered already, and only to be kept


@click.command(
    epilog="""\b
Examples:
  bot chat                     a new conversation; /help lists what you can do in it
  bot chat --continue          go on where you left off
  bot chat --conversation 12   go on with that one ('bot history list' tells the numbers)"""
)
@click.option("--continue", "latest", is_flag=True, help="Go on with the latest conversation.")
@click.option("--conversation", metavar="ID", type=int, help="Go on with that conversation.")
@command
async def chat(here: Here, *, latest: bool, conversation: int | None) -> int:
    """Talk with the bot, here in the terminal.

    Enter sends, Alt-Enter begins a new line, Ctrl-C stops an answer, Ctrl-D leaves.
    """
    from bot.app import open_app
    from channels.cli.learning import first_words
    from channels.cli.loading import model_bar, models_loaded
    from channels.terminal.chat import CHANNEL, LATER, Chat
    from channels.terminal.commands import COMMANDS
    from channels.terminal.keyboard import open_keyboard

    settings = here.settings()
    # Nobody is left to read what is answered after the end: the next chat does it.
    grace = min(settings.engine.grace_seconds, _GRACE_SECONDS)
    engine = settings.engine.model_copy(update={"grace_seconds": grace})
    state = _state_folder(here)
    _log_to(state)
    page = here.page()
    keyboard = open_keyboard(
        environment=here.environment,
        history=state and state / "history",
        commands={name: one.help for name, one in COMMANDS.items()},
    )
    settings = settings.model_copy(update={"engine": engine})
    async with open_app(settings, channels={CHANNEL}, loading=model_bar) as app:
        await give_up(app.outbox)
        if words := await first_words(app.articles, app.settings):
            page.note(words)
        for trouble in await models_loaded(app.backends.values()):
            page.note(trouble)
        talk = Chat(
            app=app,
            page=page,
            keyboard=keyboard,
            customer=here.environment.get("USER") or "you",
            commands=COMMANDS,
        )
        page.note(
            f"{app.settings.bot.name} at {app.settings.bot.company}. /help, or Ctrl-D to leave."
        )
        if conversation is not None:
            await talk.go_on((await app.conversations.read(conversation)).conversation)
        elif latest and (found := await app.archive.latest(CHANNEL)):
            await talk.go_on(found)
        try:
            return await talk.run()
        except asyncio.CancelledError:  # SIGTERM
            page.note(f"\nTold to end. {LATER}")
            raise


def _state_folder(here: Here) -> Path | None:
    """Return the folder for what belongs to the person at this keyboard; None if there is none."""
    home = here.environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(home) / "frontdesk"
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "history").touch(mode=0o600)
        return folder
    return None


def _log_to(folder: Path | None) -> None:
    """Keep warnings out of the conversation."""
    handlers: list[logging.Handler] = [logging.NullHandler()]
    if folder is not None:
        handlers = [logging.FileHandler(folder / "frontdesk.log", encoding="utf-8", delay=True)]
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(handlers=handlers, level=logging.WARNING, format=form)
