"""Puts the house together: the one place that knows every concrete class."""

import asyncio
import gc
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Timer

from bot.answering import Answering
from bot.backends import prices
from bot.backends.base import Backend, Warmed
from bot.delivery import Courier, Poster
from bot.engine import Engine
from bot.errors import PromptError
from bot.knowledge.library import Library
from bot.presence import Presence
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.router import Router
from bot.router.probing import Probing
from bot.settings import Settings
from bot.showing import Show
from bot.store.archive import SqlArchive
from bot.store.articles import SqlArticles
from bot.store.base import Process
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.installations import SqlInstallations
from bot.store.outbox import SqlOutbox
from bot.store.posts import SqlPosts
from bot.store.processes import SqlProcesses
from bot.store.spendings import SqlSpendings
from bot.store.visits import SqlVisits
from bot.tasks.interpreting import Interpreter
from bot.tasks.models.resident import Show as ShowLoading
from bot.tasks.models.resident import unseen
from bot.tasks.noticing import Noticing
from bot.wiring.backends import Words, build_backends, narrowed
from bot.wiring.models import Models
from bot.wiring.router import build_router
from bot.wiring.strategies import build_strategies
from bot.wiring.tasks import build_interpreter, build_noticing, build_tasks, build_translating

# A door is open by then; before, what is loaded beside it would only keep it shut for longer.
_AT_REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a channel may need to make its side ready, before the engine runs."""

    settings: Settings
    conversations: SqlConversations
    archive: SqlArchive
    visits: SqlVisits
    posts: SqlPosts
    installations: SqlInstallations
    words: Words
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What a channel hands to the house: who posts replies, and shows answers, if it does."""

    poster: Poster
    show: Show | None = None


Join = Callable[[Parts], AbstractAsyncContextManager[Side]]
"""Makes a channel's side ready; it stays so until the last turn and the last post are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A running bot, and every part of it that a door may need."""

    settings: Settings
    database: Database
    conversations: SqlConversations
    outbox: SqlOutbox
    archive: SqlArchive
    visits: SqlVisits
    posts: SqlPosts
    installations: SqlInstallations
    articles: SqlArticles
    knowledge: Library
    prompts: PromptBook
    words: Words
    backends: Mapping[str, Backend]
    router: Router
    noticing: Noticing
    answering: Answering
    engine: Engine
    holder: str


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    channels: Collection[str] = (),
    posters: Collection[Poster] = (),
    joins: Collection[Join] = (),
    backends: Mapping[str, Backend] | None = None,
    loading: ShowLoading = unseen,
    clock: Callable[[], float] = time.time,  # noqa: TID251 - where the house meets the world
) -> AsyncIterator[App]:
    """Open the database, put the parts together and run the engine until the block ends.

    ``channels`` are those whose waiting conversations this process takes over, and ``posters`` the
    ones that their replies are posted with. ``joins`` bring posters of their own, and what shows
    answers while they are written; they are left once the last turn and the last post are over.
    ``backends`` takes the place of the configured ones, for tests and programs that bring their
    own. ``loading`` shows how far the models of tasks are, which may take minutes to come.

    Leaving the block gives running turns their grace and then posts what they left; leaving it by
    an error gives none.

    Raises:
        SetupError: something must be changed first; the text says what.
    """
    prompts = _prompts(settings.prompts.folder)
    words = partial(_words, prompts, settings.bot.contact)
    models = Models()
    pointer = models.pointer(settings.tasks.spans)
    made = partial(build_backends, settings, words=words, prompts=prompts, pointer=pointer)
    built = dict(backends) if backends is not None else made()
    settings = narrowed(settings)
    strategies = build_strategies(settings)
    news = asyncio.Event()
    database = await Database.open(
        settings.database.url.get_secret_value(), clock=clock, pool=settings.database.pool
    )
    async with AsyncExitStack() as closing:  # each is closed, whatever becomes of the others
        closing.push_async_callback(database.close)
        closing.callback(models.residents.close)
        for backend in built.values():
            closing.push_async_callback(backend.close)
        router = build_router(settings, built, spendings=SqlSpendings(database), changed=news.set)
        tasks = build_tasks(settings, models=models, prompts=prompts, writers=router.writers)
        articles = SqlArticles(database)
        knowledge = Library(articles=articles, language=settings.knowledge.language)
        conversations = SqlConversations(database)
        parts = Parts(
            settings=settings,
            conversations=conversations,
            archive=SqlArchive(database),
            visits=SqlVisits(database),
            posts=SqlPosts(database),
            installations=SqlInstallations(database),
            words=words,
            clock=clock,
        )
        await models.residents.ready(loading)
        sides = [await closing.enter_async_context(join(parts)) for join in joins]
        process = _process(channels)
        noticing = build_noticing(settings, tasks)
        answering = Answering(
            settings=settings,
            router=router,
            knowledge=knowledge,
            prompts=prompts,
            words=words,
            clock=clock,
            strategies=strategies,
            noticing=noticing,
            translating=build_translating(settings, tasks, words),
        )
        outbox = SqlOutbox(database)
        courier = Courier(
            outbox=outbox,
            posters=[*posters, *(side.poster for side in sides)],
            holder=process.holder,
            seconds=settings.engine.delivery_seconds,
            grace=settings.engine.grace_seconds,
        )
        engine = Engine(
            conversations=conversations,
            visits=parts.visits,
            answering=answering,
            settings=settings,
            channels=channels,
            holder=process.holder,
            clock=clock,
            shows=[side.show for side in sides if side.show is not None],
            kept=courier.wake,
        )
        presence = Presence(
            processes=SqlProcesses(database),
            process=process,
            left_alone=router.left_alone,
            queues=router.queues,
            news=news,
            seconds=settings.engine.lease_seconds,
        )
        probing = Probing(ask=router.probe, seconds=settings.router.probe_seconds)
        warming = _warming(built.values() if channels else ())
        async with presence, courier, probing, engine, warming:
            yield App(
                settings=settings,
                database=database,
                conversations=conversations,
                outbox=outbox,
                archive=parts.archive,
                visits=parts.visits,
                posts=parts.posts,
                installations=parts.installations,
                articles=articles,
                knowledge=knowledge,
                prompts=prompts,
                words=words,
                backends=built,
                router=router,
                noticing=noticing,
                answering=answering,
                engine=engine,
                holder=process.holder,
            )


@asynccontextmanager
async def open_interpreter(
    settings: Settings,
    *,
    target: str,
    clock: Callable[[], float] = time.time,  # noqa: TID251 - where the house meets the world
) -> AsyncIterator[Interpreter]:
    """Open what puts messages into ``target``, a language's code, for whoever looks back.

    Raises:
        SetupError: something must be changed first; the text says what.
    """
    prompts = _prompts(settings.prompts.folder)
    words = partial(_words, prompts, settings.bot.contact)
    models = Models()
    async with AsyncExitStack() as closing:
        closing.callback(models.residents.close)
        built = build_backends(settings, words=words, prompts=prompts)
        for backend in built.values():
            closing.push_async_callback(backend.close)
        database = await Database.open(settings.database.url.get_secret_value(), clock=clock)
        closing.push_async_callback(database.close)
        router = build_router(
            settings, built, spendings=SqlSpendings(database), changed=lambda: None
        )
        interpreter = build_interpreter(
            settings, models=models, prompts=prompts, writers=router.writers, target=target
        )
        await models.residents.ready()
        yield interpreter


@asynccontextmanager
async def _warming(backends: Iterable[Backend]) -> AsyncIterator[None]:
    """Load what the first answer takes seconds for, while nobody waits for it."""
    asked = [each for each in backends if isinstance(each, Warmed)]

    def load() -> None:
        # All of it stays: the garbage collector need not look through it again and again, and
        # each time stop everyone for as long as hundreds of messages take.
        gc.disable()
        try:
            with suppress(Exception):  # whatever it is, the first question meets it and tells
                for backend in asked:
                    backend.warm()
                prices.warm()
            gc.freeze()
        finally:
            gc.enable()

    timer = Timer(_AT_REST_SECONDS, load)
    timer.daemon = True
    if asked:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _process(channels: Collection[str]) -> Process:
    """Return what others shall know of this process; its holder's name is like no other's."""
    host, pid = socket.gethostname(), os.getpid()
    holder = f"{host}:{pid}:{secrets.token_hex(3)}"
    return Process(holder=holder, host=host, pid=pid, channels=tuple(channels))


def _prompts(folder: Path | None) -> PromptBook:
    """Open the prompt book; whoever runs the bot must hear of a broken page, and no customer."""
    book = PromptBook(shipped=shipped("prompts"), folder=folder)
    if folder is not None and (problems := book.check()):
        raise PromptError("\n".join(problems))
    return book


def _words(prompts: PromptBook, contact: str, name: str, /, **variables: object) -> str:
    """Return words for a customer: the template ``words/<name>.j2``."""
    return prompts.render(f"words/{name}.j2", contact=contact, **variables)
