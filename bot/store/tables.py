"""The tables. A change here needs a migration; a test holds the two together."""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.columns import Mark, Words

# SQLite numbers rows by itself only for a plain INTEGER key.
_Id = BigInteger().with_variant(Integer(), "sqlite")
# What is counted within one conversation; half as long as an id, and there are many of them.
_Count = Integer()


class Base(DeclarativeBase):
    """All tables, with one way of naming constraints on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        int: BigInteger,
        float: Float,
    }


class Customer(Base):
    """A person who asks, as one channel knows them."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    channel: Mapped[str] = mapped_column(Mark(64))
    external_id: Mapped[str] = mapped_column(Mark(255))
    name: Mapped[str | None] = mapped_column(Words)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Conversation(Base):
    """A conversation, its lease and how far it is answered.

    The lease is free once ``lease_until`` is past. ``lease_seq`` is the message that took it.
    ``tries`` counts how often it was taken since anything was answered, and ``trouble`` is what
    the last of them ran into. ``revision`` counts changes to what waits. The customer has read up
    to ``read_seq``, and wants no further answer to what is not after ``stop_seq``.
    The channel told the ``language``; another one was ``heard`` in their words.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel", "key"),
        # What the sweeper looks for: few rows, whatever the table's size.
        Index(
            "ix_conversations_waiting",
            "channel",
            "lease_until",
            postgresql_where=text("asked_seq > answered_seq"),
            sqlite_where=text("asked_seq > answered_seq"),
        ),
        Index("ix_conversations_latest_at", "latest_at"),
        # Who is upset, and what a day was about, without a look at the rows.
        Index(
            "ix_conversations_upset",
            "latest_at",
            postgresql_where=text("mood = 'upset'"),
            sqlite_where=text("mood = 'upset'"),
        ),
        Index(
            "ix_conversations_topics",
            "latest_at",
            "topic",
            postgresql_where=text("topic IS NOT NULL"),
            sqlite_where=text("topic IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    channel: Mapped[str] = mapped_column(Mark(64))
    key: Mapped[str] = mapped_column(Mark(255))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    owner: Mapped[str] = mapped_column(Mark(16), default="bot")
    status: Mapped[str] = mapped_column(Mark(16), default="open")
    language: Mapped[str | None] = mapped_column(Words)
    heard: Mapped[str | None] = mapped_column(Words)
    mood: Mapped[str | None] = mapped_column(Mark(16))
    topic: Mapped[str | None] = mapped_column(Mark(255))
    facts: Mapped[dict[str, Any] | None]
    backend: Mapped[str | None] = mapped_column(Words)
    strategy: Mapped[str | None] = mapped_column(Words)
    next_seq: Mapped[int] = mapped_column(_Count, default=1)
    asked_seq: Mapped[int] = mapped_column(_Count, default=0)
    answered_seq: Mapped[int] = mapped_column(_Count, default=0)
    read_seq: Mapped[int] = mapped_column(_Count, default=0)
    stop_seq: Mapped[int] = mapped_column(_Count, default=0)
    revision: Mapped[int] = mapped_column(_Count, default=0)
    lease_owner: Mapped[str | None] = mapped_column(Mark(128))
    lease_until: Mapped[float] = mapped_column(default=0.0)
    lease_seq: Mapped[int] = mapped_column(_Count, default=0)
    epoch: Mapped[int] = mapped_column(_Count, default=0)
    tries: Mapped[int] = mapped_column(_Count, default=0)
    trouble: Mapped[str | None] = mapped_column(Words)
    summary: Mapped[str] = mapped_column(Words, default="")
    summary_seq: Mapped[int] = mapped_column(_Count, default=0)
    begun_at: Mapped[float]
    latest_at: Mapped[float]


class Message(Base):
    """One message. ``external_id`` is set on what a channel heard, and unique within it.

    ``edited_at`` is when its customer changed what was answered already.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("channel", "external_id"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int] = mapped_column(_Count)
    author: Mapped[str] = mapped_column(Mark(16))
    text: Mapped[str] = mapped_column(Words)
    parts: Mapped[dict[str, Any] | None]
    tokens: Mapped[int] = mapped_column(_Count)
    answers_seq: Mapped[int | None] = mapped_column(_Count)
    stopped: Mapped[bool] = mapped_column(default=False)
    turn_id: Mapped[str | None] = mapped_column(Mark(32))
    channel: Mapped[str | None] = mapped_column(Mark(64))
    external_id: Mapped[str | None] = mapped_column(Mark(255))
    at: Mapped[float]
    edited_at: Mapped[float | None]


class Turn(Base):
    """The audit record of one run of the engine."""

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "reply_seq"),
        # How many ended how in a day, without a look at the rows.
        Index("ix_turns_started_at_outcome", "started_at", "outcome"),
        # What people look for among them: few rows.
        Index(
            "ix_turns_unanswered",
            "started_at",
            postgresql_where=text("outcome IN ('unanswered', 'failed', 'set_aside')"),
            sqlite_where=text("outcome IN ('unanswered', 'failed', 'set_aside')"),
        ),
    )

    id: Mapped[str] = mapped_column(Mark(32), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    reply_seq: Mapped[int] = mapped_column(_Count)
    first_seq: Mapped[int] = mapped_column(_Count)
    answers_seq: Mapped[int] = mapped_column(_Count)
    outcome: Mapped[str] = mapped_column(Mark(16))
    strategy: Mapped[str] = mapped_column(Words)
    prompt: Mapped[str] = mapped_column(Words)
    prompt_hash: Mapped[str] = mapped_column(Mark(32))
    reasoning: Mapped[str] = mapped_column(Words)
    passages: Mapped[list[Any]]
    citations: Mapped[list[Any]]
    attempts: Mapped[list[Any]]
    steps: Mapped[list[Any]]
    readings: Mapped[list[Any]]
    route: Mapped[str] = mapped_column(Words)
    trouble: Mapped[str | None] = mapped_column(Words)
    started_at: Mapped[float]
    first_piece: Mapped[float | None]
    seconds: Mapped[float]


class Summary(Base):
    """How a conversation's messages were folded: a row each time, also where it was in vain."""

    __tablename__ = "summaries"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    upto_seq: Mapped[int] = mapped_column(_Count)
    text: Mapped[str] = mapped_column(Words)
    by: Mapped[str] = mapped_column(Words)
    seconds: Mapped[float]
    error: Mapped[str] = mapped_column(Words)
    attempts: Mapped[list[Any]]
    at: Mapped[float]


class ToolCall(Base):
    """A tool call of a turn and what became of it."""

    __tablename__ = "tool_calls"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), index=True)
    call_id: Mapped[str] = mapped_column(Words)
    name: Mapped[str] = mapped_column(Words)
    arguments: Mapped[str] = mapped_column(Words)
    result: Mapped[str | None] = mapped_column(Words)
    status: Mapped[str] = mapped_column(Mark(16))


class Delivery(Base):
    """The outbox: one row a turn, pending → sending → sent or failed."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "due_at",
            postgresql_where=text("state IN ('pending', 'sending')"),
            sqlite_where=text("state IN ('pending', 'sending')"),
        ),
        # What stands before a delivery: few rows, however long the conversation.
        Index(
            "ix_deliveries_open",
            "conversation_id",
            "seq",
            postgresql_where=text("state IN ('pending', 'sending')"),
            sqlite_where=text("state IN ('pending', 'sending')"),
        ),
        # What was given up: fewer still.
        Index(
            "ix_deliveries_failed",
            "due_at",
            postgresql_where=text("state = 'failed'"),
            sqlite_where=text("state = 'failed'"),
        ),
    )

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    channel: Mapped[str] = mapped_column(Mark(64))
    seq: Mapped[int] = mapped_column(_Count)
    state: Mapped[str] = mapped_column(Mark(16), default="pending")
    due_at: Mapped[float]
    holder: Mapped[str | None] = mapped_column(Mark(128))
    attempts: Mapped[int] = mapped_column(_Count, default=0)
    receipt: Mapped[str | None] = mapped_column(Words)
    error: Mapped[str | None] = mapped_column(Words)


class Process(Base):
    """A process that runs; it is gone once ``gone_at`` is past. The rest is by backend."""

    __tablename__ = "processes"

    holder: Mapped[str] = mapped_column(Mark(128), primary_key=True)
    host: Mapped[str] = mapped_column(Words)
    pid: Mapped[int]
    channels: Mapped[list[Any]]
    left_alone: Mapped[dict[str, Any]]
    queues: Mapped[dict[str, Any]]
    started_at: Mapped[float]
    seen_at: Mapped[float]
    gone_at: Mapped[float]


class Spending(Base):
    """What a backend cost on a day, or for a conversation; ``scope`` says which of them.

    The row without a scope holds nothing: whoever writes here or reserves locks it first.
    """

    __tablename__ = "spendings"

    scope: Mapped[str] = mapped_column(Mark(64), primary_key=True)
    backend: Mapped[str] = mapped_column(Words, primary_key=True)
    dollars: Mapped[float]
    tokens: Mapped[int]


class Reservation(Base):
    """What a request that is being answered may cost; it counts until ``ends_at``."""

    __tablename__ = "reservations"

    id: Mapped[str] = mapped_column(Mark(32), primary_key=True)
    day: Mapped[str] = mapped_column(Mark(16))
    conversation_id: Mapped[int]
    backend: Mapped[str] = mapped_column(Words)
    dollars: Mapped[float]
    tokens: Mapped[int]
    ends_at: Mapped[float] = mapped_column(index=True)


class Secret(Base):
    """What every process must know alike and nobody else may: the key that signs tokens."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(Mark(64), primary_key=True)
    value: Mapped[str] = mapped_column(Words)


class Post(Base):
    """A part of an answer that a channel began to show before the reply was delivered.

    Once ``closed``, its turn begins no more; once ``removed``, nothing of it is to be seen.
    """

    __tablename__ = "posts"
    __table_args__ = (Index("ix_posts_channel_key", "channel", "key"),)

    turn_id: Mapped[str] = mapped_column(Mark(32), primary_key=True)
    part: Mapped[int] = mapped_column(_Count, primary_key=True)
    channel: Mapped[str] = mapped_column(Mark(64))
    key: Mapped[str] = mapped_column(Mark(255))
    receipt: Mapped[str | None] = mapped_column(Words)
    closed: Mapped[bool] = mapped_column(default=False)
    removed: Mapped[bool] = mapped_column(default=False)
    at: Mapped[float]


class Notice(Base):
    """What a channel has told somebody on its own account, lest it tell them twice."""

    __tablename__ = "notices"

    channel: Mapped[str] = mapped_column(Mark(64), primary_key=True)
    name: Mapped[str] = mapped_column(Mark(255), primary_key=True)
    at: Mapped[float] = mapped_column(index=True)


class Installation(Base):
    """Where a channel's app is installed; only the channel can read what is ``sealed``."""

    __tablename__ = "installations"

    channel: Mapped[str] = mapped_column(Mark(64), primary_key=True)
    name: Mapped[str] = mapped_column(Mark(255), primary_key=True)
    sealed: Mapped[str] = mapped_column(Words)
    about: Mapped[dict[str, Any]]
    at: Mapped[float]


class OAuthState(Base):
    """What whoever installs an app must bring back, once and before ``ends_at``."""

    __tablename__ = "oauth_states"

    channel: Mapped[str] = mapped_column(Mark(64), primary_key=True)
    state: Mapped[str] = mapped_column(Mark(255), primary_key=True)
    ends_at: Mapped[float] = mapped_column(index=True)


class Prompt(Base):
    """Templates' sources under their hash: what a turn's requests were rendered from."""

    __tablename__ = "prompts"

    hash: Mapped[str] = mapped_column(Mark(32), primary_key=True)
    name: Mapped[str] = mapped_column(Words)
    source: Mapped[str] = mapped_column(Words)


class Feedback(Base):
    """What a customer thought of a reply; one row a turn."""

    __tablename__ = "feedback"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    rating: Mapped[str] = mapped_column(Mark(8))
    comment: Mapped[str] = mapped_column(Words, default="")
    at: Mapped[float]


class Handoff(Base):
    """A conversation's way to a person and back."""

    __tablename__ = "handoffs"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    reason: Mapped[str] = mapped_column(Words)
    requested_at: Mapped[float]
    taken_at: Mapped[float | None]
    operator: Mapped[str | None] = mapped_column(Words)
    returned_at: Mapped[float | None]


class Article(Base):
    """A learned file. ``digest`` tells whether it changed since."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("source", "path"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    source: Mapped[str] = mapped_column(Mark(1024))
    path: Mapped[str] = mapped_column(Mark(1024))
    title: Mapped[str] = mapped_column(Words)
    link: Mapped[str] = mapped_column(Words)
    digest: Mapped[str] = mapped_column(Mark(64))
    learned_at: Mapped[float]


class Passage(Base):
    """A piece of an article. One that vanished is kept, retired, for the turns that cite it."""

    __tablename__ = "passages"
    __table_args__ = (
        # How many can be found and how long they are, without a look at their texts.
        Index(
            "ix_passages_found",
            "length",
            postgresql_where=text("NOT retired"),
            sqlite_where=text("NOT retired"),
        ),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    article_id: Mapped[int | None] = mapped_column(
        ForeignKey("articles.id", ondelete="SET NULL"), index=True
    )
    position: Mapped[int]
    path: Mapped[str] = mapped_column(Mark(1024))
    title: Mapped[str] = mapped_column(Words)
    headings: Mapped[list[Any]]
    link: Mapped[str] = mapped_column(Words)
    text: Mapped[str] = mapped_column(Words)
    length: Mapped[float]
    retired: Mapped[bool] = mapped_column(default=False)


class Posting(Base):
    """How often a passage has a stem: the inverted index behind BM25.

    ``length`` is the passage's, said again here so that a stem is weighed in one sweep.
    """

    __tablename__ = "postings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    term: Mapped[str] = mapped_column(Mark(128), primary_key=True)
    passage_id: Mapped[int] = mapped_column(
        ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    frequency: Mapped[float]
    length: Mapped[float]
