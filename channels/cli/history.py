"""Looks back at conversations: lists, shows and exports them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click

from bot.messages import Author, Message, Summary, Turn
from bot.store.base import Archive, Line
from bot.tasks.interpreting import Put
from channels.cli.handover import note
from channels.cli.here import Here, Told, command
from channels.cli.paper import (
    as_json,
    in_language,
    print_aside,
    print_indented,
    print_json,
    print_table,
    to_json,
    when,
)
from channels.terminal.escapes import harmless
from channels.terminal.explanation import spent
from channels.terminal.page import DELETED, EDITED, STOPPED, source_lines
from channels.terminal.readings import in_brief, split

_ALL = 2**31 - 1
_HEADS = ("ID", "CHANNEL", "LATEST", "MESSAGES", "MOOD", "TOPIC", "BEGAN WITH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A whole conversation: whose it is, every message, and the turns behind the bot's."""

    id: int
    channel: str
    key: str
    customer: str
    customer_name: str | None = None
    language: str | None = None
    mood: str = ""
    topic: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    summaries: Sequence[Summary] = ()
    messages: Sequence[Message]
    turns: Sequence[Turn]
    put: Mapping[int, Put] = field(default_factory=dict)
    """The messages in the language that was asked for, by their seq."""

    @property
    def head(self) -> str:
        """Where the conversation is, and with whom."""
        name = f" ({self.customer_name})" if self.customer_name else ""
        return harmless(f"{self.channel} {self.key}, customer {self.customer}{name}")

    @property
    def known(self) -> Sequence[str]:
        """What the tasks have made of it, one thing on a line."""
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        told = {
            "language": self.language,
            "mood": self.mood,
            "topic": self.topic,
            "facts": facts,
            _summary_head(self.summaries): " ".join(self.summary.split()),
            "summaries that failed": _failures(self.summaries),
            "spent on summaries": _spent(self.summaries),
        }
        return [harmless(f"{name}: {value}") for name, value in told.items() if value]

    def read(self, message: Message) -> Sequence[Sequence[str]]:
        """Return what was read in a message: lines of what may stand side by side."""
        lines: list[list[str]] = []
        for turn in self.turns:
            question, reply = split(turn.readings)
            if turn.reply.answers == message.seq:
                lines += in_brief(question, what="question")
            if turn.id == message.turn:
                lines += in_brief(reply, what="reply")
        return [[harmless(part) for part in line] for line in lines]

    def text(self, message: Message) -> str:
        """Return what a message says, with a mark where it was stopped or edited since."""
        if message.author is Author.CUSTOMER and not message.text:
            return DELETED
        turn = self._turn(message)
        mark = f" {EDITED}" if message.edited else ""
        return harmless(message.text) + (f" {STOPPED}" if turn and turn.cut_short else mark)

    def sources(self, message: Message) -> Sequence[str]:
        """Return the sources under a reply, one on a line."""
        turn = self._turn(message)
        citations = turn.reply.citations if turn else ()
        return ["  ".join(source_lines(citation)) for citation in citations]

    def translated(self, message: Message) -> Sequence[str]:
        """Return what a message says in the language that was asked for, if it is in another."""
        put = self.put.get(message.seq)
        return [harmless(put.told).replace("\n", "\n    ")] if put else []

    def _turn(self, message: Message) -> Turn | None:
        return next((turn for turn in self.turns if turn.id == message.turn), None)


@click.group()
def history() -> None:
    """Look back at conversations."""


history.add_command(note)


@history.command("list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many, newest first.",
)
@click.option("--upset", is_flag=True, help="Only those whose customer is upset.")
@as_json
@command
async def list_(here: Here, *, limit: int, upset: bool, as_json: bool) -> None:
    """List the conversations that were last written in, newest first."""
    async with here.archive() as archive:
        lines = await archive.conversations(limit=limit, mood="upset" if upset else "")
    if as_json:
        print_json(lines)
    elif lines:
        print_table(_HEADS, list(map(_row, lines)), cut=True)
    elif upset:
        click.echo("No customer is upset.")
    else:
        click.echo("No conversations yet. 'bot chat' begins one.")


@history.command(short_help="Print the conversation ID from its beginning.")
@click.argument("conversation", metavar="ID", type=int)
@in_language
@as_json
@command
async def show(here: Here, conversation: int, *, target: str | None, as_json: bool) -> None:
    """Print the conversation ID from its beginning; 'bot history list' tells the IDs."""
    async with here.archive() as archive:
        story = await _story(archive, conversation)
    if target is not None:
        story = await _put(here, story, target)
    if as_json:
        print_json(story)
        return
    click.echo("\n".join([f"Conversation {story.id}: {story.head}", *story.known, ""]))
    for message in story.messages:
        behind = f"  turn {message.turn}" if message.turn else ""
        click.secho(f"{when(message.at)}  {message.author}{behind}", bold=True)
        for text in (story.text(message), *story.translated(message), *story.sources(message)):
            print_indented(text)
        for parts in story.read(message):
            print_aside(parts, dim=not here.environment.get("NO_COLOR"))
        click.echo()


@history.command(
    epilog="""\b
Examples:
  bot history export > all.jsonl
  bot history export 12 13 --format markdown --output talks.md"""
)
@click.argument("conversations", metavar="[ID]...", type=int, nargs=-1)
@click.option(
    "--format",
    "style",
    type=click.Choice(["jsonl", "markdown"]),
    default="jsonl",
    show_default=True,
    help="One JSON object per conversation and line, or a readable page.",
)
@click.option(
    "--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file."
)
@command
async def export(here: Here, conversations: Sequence[int], *, style: str, output: Any) -> None:
    """Write whole conversations, all of them or those with the IDs."""
    to_text: Callable[[Story], str] = to_json if style == "jsonl" else _markdown
    async with here.archive() as archive:
        if not conversations:
            lines = await archive.conversations(limit=_ALL)
            conversations = [line.conversation.id for line in reversed(lines)]
        for conversation in conversations:
            click.echo(to_text(await _story(archive, conversation)), file=output)


async def _story(archive: Archive, conversation: int) -> Story:
    found = await archive.conversation(conversation)
    if found is None:
        raise Told(f"There is no conversation {conversation}. 'bot history list' shows them.")
    return Story(
        id=conversation,
        channel=found.channel,
        key=found.key,
        customer=found.customer,
        customer_name=found.customer_name,
        language=found.language,
        mood=found.mood,
        topic=found.topic,
        facts=found.facts,
        summary=found.summary,
        summaries=await archive.summaries(conversation),
        messages=await archive.messages(conversation),
        turns=await archive.turns(conversation),
    )


async def _put(here: Here, story: Story, target: str) -> Story:
    from bot.app import open_interpreter

    async with open_interpreter(here.settings(), target=target) as interpreter:
        found = {
            message.seq: await interpreter.put(message.text, language=story.language)
            for message in story.messages
        }
    return replace(story, put={seq: put for seq, put in found.items() if put is not None})


def _row(line: Line) -> Sequence[str]:
    conversation = line.conversation
    count, opening = str(line.messages), line.opening or DELETED
    mood, topic = conversation.mood, conversation.topic
    latest = when(line.latest)
    return [str(conversation.id), conversation.channel, latest, count, mood, topic, opening]


def _summary_head(summaries: Sequence[Summary]) -> str:
    made = next((each for each in reversed(summaries) if not each.error), None)
    if made is None:
        return "summary"
    return f"summary of messages 1 to {made.upto} (by {made.by or 'rule'})"


def _failures(summaries: Sequence[Summary]) -> str:
    failed = [each for each in summaries if each.error]
    return f"{len(failed)}, the last one so: {failed[-1].error}" if failed else ""


def _spent(summaries: Sequence[Summary]) -> str:
    attempts = [attempt for each in summaries for attempt in each.attempts]
    return ", ".join(spent(attempts)) if attempts else ""


def _markdown(story: Story) -> str:
    blocks = [f"## Conversation {story.id}", story.head]
    for message in story.messages:
        blocks.append(f"**{message.author}**, {when(message.at)}")
        blocks.append(story.text(message))
        if sources := story.sources(message):
            blocks.append("\n".join(f"- {source}" for source in sources))
    return "\n\n".join(blocks) + "\n"
