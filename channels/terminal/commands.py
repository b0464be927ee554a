"""What a customer can do in a chat besides talking: ``/help`` and its like."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.errors import nearest
from bot.messages import Rating
from bot.strategies import STRATEGIES
from channels.terminal.chat import Chat, Command

_DEFAULT = "default"


async def _help(chat: Chat, _: str) -> None:
    lines = [f"{name:<10} {command.help}" for name, command in chat.commands.items()]
    chat.page.note("\n".join([*lines, "", chat.keyboard.keys]))


async def _new(chat: Chat, _: str) -> None:
    chat.begin_anew()
    chat.page.note("A new conversation. The last one is kept: bot history list")


async def _history(chat: Chat, _: str) -> None:
    if chat.conversation is None:
        chat.page.note("Nothing was said yet. 'bot history list' shows earlier conversations.")
    await chat.show_history()


async def _sources(chat: Chat, _: str) -> None:
    if chat.reply is None or not chat.reply.citations:
        chat.page.note("The last answer names no source.")
    else:
        chat.page.sources(chat.reply.citations)


async def _why(chat: Chat, turn: str) -> None:
    from channels.terminal.explanation import explanation

    if not turn and chat.reply is None:
        chat.page.note("There is no answer yet to explain.")
        return
    chosen = turn or (chat.reply.turn if chat.reply else "")
    records = await chat.app.archive.record(chosen)
    if len(records) == 1:
        chat.page.markdown(explanation(records[0]))
    else:
        several = f"{chosen!r} begins more than one turn. Write some more characters."
        none = f"There is no turn {chosen!r}. /why alone explains the last answer."
        chat.page.note(several if records else none)


async def _model(chat: Chat, name: str) -> None:
    if not name:
        lines = [*_models(chat), "/model NAME has one of them answer first."]
        chat.page.note("\n".join(lines))
    elif _is_known(chat, name, chat.app.backends, "backend"):
        chat.backend = None if name == _DEFAULT else name
        await _prefer(chat)


def _models(chat: Chat) -> Iterator[str]:
    breakers, backends = chat.app.router.breakers(), chat.app.backends
    default = next(iter(chat.app.settings.router.chain or backends))
    for backend in backends.values():
        mark = "*" if backend.name == (chat.backend or default) else " "
        remarks = ["default"] if backend.name == default else []
        remarks += _state(str(breakers.get(backend.name, "")))
        line = f"{mark} {backend.name:<14} {backend.model:<24} {', '.join(remarks)}"
        yield line.rstrip()


async def _think(chat: Chat, name: str) -> None:
    if not name:
        present = chat.strategy or chat.app.settings.bot.strategy
        lines = [f"{'*' if known == present else ' '} {known}" for known in STRATEGIES]
        chat.page.note("\n".join([*lines, "/think NAME has it reason in another way."]))
    elif _is_known(chat, name, STRATEGIES, "strategy"):
        chat.strategy = None if name == _DEFAULT else name
        await _prefer(chat)


async def _feedback(chat: Chat, words: str) -> None:
    rating, _, comment = words.partition(" ")
    rating = rating.lower()
    if chat.reply is None:
        chat.page.note("There is no answer yet to rate.")
    elif rating not in set(Rating):
        chat.page.note("Write /feedback good or /feedback bad, and why if you like.")
    else:
        await chat.app.archive.rate(chat.reply.turn, Rating(rating), comment=comment.strip())
        chat.page.note("Thank you. It is kept with the answer.")


async def _handoff(chat: Chat, _: str) -> None:
    contact = chat.app.settings.bot.contact
    way = f"You reach a person here: {contact}" if contact else "No contact is set in bot.toml."
    chat.page.note(f"No desk is set up yet, so nobody can take over in this chat. {way}")


async def _quit(_: Chat, __: str) -> None:
    raise EOFError


COMMANDS: Mapping[str, Command] = {
    "/help": Command(help="this list", deed=_help),
    "/new": Command(help="begin a new conversation", deed=_new),
    "/history": Command(help="what was said so far", deed=_history),
    "/sources": Command(help="what the last answer rests on", deed=_sources),
    "/why": Command(help="[TURN] how an answer came about, by default the last", deed=_why),
    "/model": Command(help="[NAME] who answers: a backend, or 'default'", deed=_model),
    "/think": Command(help="[NAME] how it reasons: a strategy, or 'default'", deed=_think),
    "/feedback": Command(help="good|bad [WHY] rate the last answer", deed=_feedback),
    "/handoff": Command(help="reach a person", deed=_handoff),
    "/quit": Command(help="leave", deed=_quit),
}


async def _prefer(chat: Chat) -> None:
    """Keep the choice with the conversation; one that has not begun takes it along."""
    if chat.conversation is not None:
        await chat.app.conversations.prefer(
            chat.conversation, backend=chat.backend, strategy=chat.strategy
        )
    backend = chat.backend or "as configured"
    strategy = chat.strategy or chat.app.settings.bot.strategy
    chat.page.note(f"From now on: model {backend}, thinking {strategy}.")


def _is_known(chat: Chat, name: str, known: Iterable[str], what: str) -> bool:
    names = [*known, _DEFAULT]
    if name not in names:
        chat.page.note(
            f"No {what} called {name!r}. Known: {', '.join(names)}.{nearest(name, names)}"
        )
    return name in names


def _state(state: str) -> Sequence[str]:
    return [f"left alone for a while ({state})"] if state not in {"", "closed"} else []
