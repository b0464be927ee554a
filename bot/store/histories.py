"""Reads a conversation with what was said in it since its summary."""

from sqlalchemy import Connection, bindparam

from bot.errors import StoreError
from bot.store import rows
from bot.store.base import History
from bot.store.tables import Conversation, Message

_CONVERSATION = rows.CONVERSATIONS.where(Conversation.id == bindparam("this"))
_MESSAGES = rows.MESSAGES.where(
    Message.conversation_id == bindparam("this"), Message.seq > bindparam("since")
)


def read(connection: Connection, conversation: int) -> History:
    row = connection.execute(_CONVERSATION, {"this": conversation}).one_or_none()
    if row is None:
        raise unknown(conversation)
    messages = connection.execute(_MESSAGES, {"this": conversation, "since": row.summary_seq})
    return History(
        conversation=rows.to_conversation(row),
        messages=tuple(rows.to_message(message) for message in messages),
    )


def unknown(conversation: int) -> StoreError:
    """Return the error for a conversation that is not there."""
    return StoreError(f"There is no conversation {conversation}.")
