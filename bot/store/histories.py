"""Reads a conversation with what was said in it since its summary."""

from sqlalchemy import Connection, bindparam

from bot import messages as values
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
    found = rows.to_conversation(row)
    return History(conversation=found, messages=said_since_summary(connection, found))


def said_since_summary(
    connection: Connection, conversation: values.Conversation
) -> tuple[values.Message, ...]:
    since = {"this": conversation.id, "since": conversation.summary_seq}
    return tuple(rows.to_sent(message) for message in connection.execute(_MESSAGES, since))


def unknown(conversation: int) -> StoreError:
    """Return the error for a conversation that is not there."""
    return StoreError(f"There is no conversation {conversation}.")
