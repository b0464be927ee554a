"""Makes the first tables: conversations and their audit, the outbox, the knowledge."""

from typing import Any

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

revision = "20261122_begin"
down_revision = None

ID = BigInteger().with_variant(Integer(), "sqlite")
METADATA = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _where(condition: str) -> dict[str, Any]:
    """Leave out of an index, on both databases, what does not fit ``condition``."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), checkfirst=False)


Table(
    "articles",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("source", String(1024), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("learned_at", Float, nullable=False),
    UniqueConstraint("source", "path"),
)

Table(
    "customers",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("name", Text),
    Column("attributes", JSON, nullable=False),
    UniqueConstraint("channel", "external_id"),
)

Table(
    "installations",
    METADATA,
    Column("channel", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("about", JSON, nullable=False),
    Column("at", Float, nullable=False),
)

Table(
    "notices",
    METADATA,
    Column("channel", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("at", Float, nullable=False),
    Index("ix_notices_at", "at"),
)

Table(
    "oauth_states",
    METADATA,
    Column("channel", String(64), primary_key=True),
    Column("state", String(255), primary_key=True),
    Column("ends_at", Float, nullable=False),
    Index("ix_oauth_states_ends_at", "ends_at"),
)

Table(
    "posts",
    METADATA,
    Column("turn_id", String(32), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("receipt", Text),
    Column("closed", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_posts_channel_key", "channel", "key"),
)

Table(
    "processes",
    METADATA,
    Column("holder", String(128), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("channels", JSON, nullable=False),
    Column("left_alone", JSON, nullable=False),
    Column("queues", JSON, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("gone_at", Float, nullable=False),
)

Table(
    "spendings",
    METADATA,
    Column("scope", String(64), primary_key=True),
    Column("backend", Text, primary_key=True),
    Column("dollars", Float, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)

Table(
    "reservations",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("day", String(16), nullable=False),
    Column("conversation_id", BigInteger, nullable=False),
    Column("backend", Text, nullable=False),
    Column("dollars", Float, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("ends_at", Float, nullable=False),
    Index("ix_reservations_ends_at", "ends_at"),
)

Table(
    "prompts",
    METADATA,
    Column("hash", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
)

Table(
    "secrets",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

Table(
    "conversations",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("customer_id", ID, ForeignKey("customers.id"), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("language", Text),
    Column("heard", Text),
    Column("mood", String(16)),
    Column("topic", String(255)),
    Column("facts", JSON),
    Column("backend", Text),
    Column("strategy", Text),
    Column("next_seq", Integer, nullable=False),
    Column("asked_seq", Integer, nullable=False),
    Column("answered_seq", Integer, nullable=False),
    Column("read_seq", Integer, nullable=False),
    Column("stop_seq", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("lease_owner", String(128)),
    Column("lease_until", Float, nullable=False),
    Column("lease_seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("trouble", Text),
    Column("summary", Text, nullable=False),
    Column("summary_seq", Integer, nullable=False),
    Column("begun_at", Float, nullable=False),
    Column("latest_at", Float, nullable=False),
    UniqueConstraint("channel", "key"),
    Index("ix_conversations_customer_id", "customer_id"),
    Index("ix_conversations_latest_at", "latest_at"),
    Index("ix_conversations_upset", "latest_at", **_where("mood = 'upset'")),
    Index("ix_conversations_topics", "latest_at", "topic", **_where("topic IS NOT NULL")),
    Index(
        "ix_conversations_waiting", "channel", "lease_until", **_where("asked_seq > answered_seq")
    ),
)

Table(
    "summaries",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("upto_seq", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", JSON, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_summaries_conversation_id", "conversation_id"),
)

Table(
    "passages",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("article_id", ID, ForeignKey("articles.id", ondelete="SET NULL")),
    Column("position", BigInteger, nullable=False),
    Column("path", String(1024), nullable=False),
    Column("title", Text, nullable=False),
    Column("headings", JSON, nullable=False),
    Column("link", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("length", Float, nullable=False),
    Column("retired", Boolean, nullable=False),
    Index("ix_passages_article_id", "article_id"),
    Index("ix_passages_found", "length", **_where("NOT retired")),
)

Table(
    "handoffs",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at", Float, nullable=False),
    Column("taken_at", Float),
    Column("operator", Text),
    Column("returned_at", Float),
    Index("ix_handoffs_conversation_id", "conversation_id"),
)

Table(
    "messages",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("parts", JSON),
    Column("tokens", Integer, nullable=False),
    Column("answers_seq", Integer),
    Column("stopped", Boolean, nullable=False),
    Column("turn_id", String(32)),
    Column("channel", String(64)),
    Column("external_id", String(255)),
    Column("at", Float, nullable=False),
    Column("edited_at", Float),
    UniqueConstraint("channel", "external_id"),
    UniqueConstraint("conversation_id", "seq"),
)

Table(
    "postings",
    METADATA,
    Column("term", String(128), primary_key=True),
    Column("passage_id", ID, ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("frequency", Float, nullable=False),
    Column("length", Float, nullable=False),
    Index("ix_postings_passage_id", "passage_id"),
    sqlite_with_rowid=False,
)

Table(
    "turns",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("reply_seq", Integer, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("answers_seq", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("strategy", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("prompt_hash", String(32), nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("passages", JSON, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("attempts", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("readings", JSON, nullable=False),
    Column("route", Text, nullable=False),
    Column("trouble", Text),
    Column("started_at", Float, nullable=False),
    Column("first_piece", Float),
    Column("seconds", Float, nullable=False),
    UniqueConstraint("conversation_id", "reply_seq"),
    Index("ix_turns_started_at_outcome", "started_at", "outcome"),
    Index(
        "ix_turns_unanswered",
        "started_at",
        **_where("outcome IN ('unanswered', 'failed', 'set_aside')"),
    ),
)

Table(
    "deliveries",
    METADATA,
    Column("turn_id", String(32), ForeignKey("turns.id"), primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("holder", String(128)),
    Column("attempts", Integer, nullable=False),
    Column("receipt", Text),
    Column("error", Text),
    Index("ix_deliveries_due", "due_at", **_where("state IN ('pending', 'sending')")),
    Index("ix_deliveries_failed", "due_at", **_where("state = 'failed'")),
    Index(
        "ix_deliveries_open", "conversation_id", "seq", **_where("state IN ('pending', 'sending')")
    ),
)

Table(
    "feedback",
    METADATA,
    Column("turn_id", String(32), ForeignKey("turns.id"), primary_key=True),
    Column("rating", String(8), nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", Float, nullable=False),
)

Table(
    "tool_calls",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("turn_id", String(32), ForeignKey("turns.id"), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("result", Text),
    Column("status", String(16), nullable=False),
    Index("ix_tool_calls_turn_id", "turn_id"),
)
