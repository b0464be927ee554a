"""Changes a message that is kept, because its customer edited or deleted it."""

from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update

from bot.messages import Author
from bot.store.base import Revised
from bot.store.clock import now
from bot.store.leases import WAITS
from bot.store.tables import Conversation, Message

_FIND = select(Message.conversation_id, Message.seq).where(
    Message.channel == bindparam("heard_in"), Message.external_id == bindparam("known_as")
)
_THIS = Conversation.id == bindparam("this")
# Whoever finishes a turn comes before us or after us: so that it is known what still waits.
_LOCK = select(Conversation.answered_seq).where(_THIS).with_for_update()
_CHANGE = (
    update(Message)
    .where(
        Message.conversation_id == bindparam("this"),
        Message.seq == bindparam("place"),
        # What was deleted stays so, whatever arrives late.
        Message.text != "",
        Message.text != bindparam("says", type_=Message.text.type),
    )
    .values(
        text=bindparam("says", type_=Message.text.type),
        tokens=bindparam("takes"),
        parts=None,
        # Its reply stays, and was to other words.
        edited_at=case((Message.seq <= bindparam("upto"), now()), else_=Message.edited_at),
    )
)
_NEWEST = (
    select(func.max(Message.seq))
    .where(
        Message.conversation_id == Conversation.id,
        Message.seq > Conversation.answered_seq,
        Message.author == Author.CUSTOMER,
        Message.text != "",
    )
    .scalar_subquery()
)
_COUNT = (
    update(Conversation)
    .where(_THIS)
    .values(
        revision=Conversation.revision + 1,
        asked_seq=func.coalesce(_NEWEST, Conversation.answered_seq),
    )
    .returning(Conversation.revision)
)
# What broke turns is gone, if nothing waits; who holds it lets go of the rest.
_CALM = (
    update(Conversation)
    .where(_THIS, ~WAITS)
    .values(
        trouble=None,
        tries=case((Conversation.lease_owner.is_(None), 0), else_=Conversation.tries),
        lease_until=case((Conversation.lease_owner.is_(None), 0.0), else_=Conversation.lease_until),
    )
)


def revise(
    connection: Connection, channel: str, external_id: str, *, text: str, tokens: int
) -> Revised | None:
    """Let the message say ``text``, and count it as asked no more where that is empty."""
    found = connection.execute(_FIND, {"heard_in": channel, "known_as": external_id}).one_or_none()
    if found is None:
        return None
    this: dict[str, Any] = {"this": found.conversation_id}
    answered = connection.execute(_LOCK, this).scalar_one()
    change = {**this, "place": found.seq, "says": text, "takes": tokens, "upto": answered}
    changed = connection.execute(_CHANGE, change).rowcount == 1
    revision = None
    if changed and found.seq > answered:
        revision = connection.execute(_COUNT, this).scalar_one()
        connection.execute(_CALM, this)
    return Revised(conversation=found.conversation_id, seq=found.seq, revision=revision)
