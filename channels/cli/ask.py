"""Asks one question and prints the answer, for pipes and programs."""

import asyncio
import secrets
import sys
from collections.abc import Sequence

import click

from bot.app import App, open_app
from bot.errors import InboundRefused, nearest
from bot.messages import Inbound, Outcome, Replied, Reply
from bot.strategies import STRATEGIES
from channels.cli.here import CHANNEL, Here, Told, command, give_up
from channels.cli.learning import first_words
from channels.cli.loading import model_bar, models_loaded, told_once, waiting
from channels.cli.paper import as_json, print_json
from channels.terminal.page import PlainPage

_KEPT = "The question is kept, and answered in: bot chat --continue"
_MOST_BYTES = 4  # of a character


@click.command(
    epilog="""\b
Examples:
  bot ask "Where is my parcel?"
  bot ask --backend gpt --strategy thinking "Where is my parcel?"
  cat question.txt | bot ask -
  bot ask --json "Where is my parcel?" | jq -r .text"""
)
@click.argument("question", metavar="QUESTION|-", nargs=-1, required=True)
@click.option("--backend", metavar="NAME", help="Who answers first. [default: as bot.toml routes]")
@click.option(
    "--strategy",
    type=click.Choice(list(STRATEGIES)),
    help="The way of reasoning. [default: bot.toml's]",
)
@as_json
@command
async def ask(
    here: Here, question: Sequence[str], *, backend: str | None, strategy: str | None, as_json: bool
) -> int:
    """Ask one question, and print the answer.

    '-' reads the question from standard input. Exit code 1 if no backend answered.
    """
    settings = here.settings()
    if backend is not None and backend not in settings.backends:
        known = ", ".join(settings.backends)
        guess = nearest(backend, settings.backends)
        raise Told(f"No backend called {backend!r}. Known backends: {known}.{guess}")
    text = " ".join(question)
    if text == "-":
        text = _piped(settings.bot.longest_message)
    async with open_app(settings, loading=model_bar) as app:
        await give_up(app.outbox)
        if words := await first_words(app.articles, app.settings):
            click.echo(words, err=True)
        troubles = await models_loaded(app.backends.values())  # the log has told them
        once = secrets.token_hex(16)
        inbound = Inbound(
            channel=CHANNEL,
            key=once,
            external_id=once,
            text=text,
            customer=here.environment.get("USER") or "you",
            backend=backend,
            strategy=strategy,
        )
        with told_once(troubles), waiting():
            reply = await _reply(app, inbound)
        if as_json:
            print_json(reply)
        else:
            page = PlainPage(sys.stdout)
            page.markdown(reply.text)
            page.sources(reply.citations)
        await app.outbox.sent(reply.turn, receipt=CHANNEL)
    return int(reply.outcome in {Outcome.FAILED, Outcome.SET_ASIDE})


async def _reply(app: App, inbound: Inbound) -> Reply:
    try:
        accepted = await app.engine.accept(inbound)
    except InboundRefused as error:
        raise Told(str(error)) from error
    try:
        async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
            if isinstance(event, Replied) and event.reply.answers >= accepted.seq:
                return event.reply
    except asyncio.CancelledError:  # Ctrl-C
        click.echo(f"\n{_KEPT}", err=True)
        raise
    raise Told(f"No answer came. {_KEPT}")


def _piped(longest: int) -> str:
    """Read standard input, and of more than anyone may ask only as much as shows that it is."""
    most = longest * _MOST_BYTES + 1
    written = sys.stdin.buffer.read(most)
    try:
        return written.decode(errors="strict" if len(written) < most else "replace")
    except UnicodeDecodeError as error:
        raise Told(
            f"The text on the pipe is not UTF-8 (byte {error.start + 1}). "
            "Convert it first, for example with: iconv -f latin1 -t utf-8"
        ) from error
