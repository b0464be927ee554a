"""The visitor's conversations: ``/v1/conversations`` and what is below it."""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from bot.errors import InboundRefused
from bot.guards import cleaned
from bot.messages import Author, Inbound
from bot.store.base import Accepted as Kept
from bot.store.base import Visit
from channels.web.entries import fitting, state_of, to_views
from channels.web.events import STREAM, STREAMED, EventStream
from channels.web.front import CHANNEL, Call, Calling, Front, Here, counted
from channels.web.polling import news
from channels.web.problems import Problem, not_found
from channels.web.schemas import (
    LARGEST_SEQ,
    Accepted,
    Conversations,
    ConversationView,
    Feedback,
    NewMessage,
    News,
    Page,
    Read,
)
from channels.web.telling import event
from channels.web.tokens import Visitor
from channels.web.transcript import transcript

_MOST_LISTED = 20
_MOST_UNREAD = 100
_LONGEST_NUMBER = 12
_JSON = "application/json"
_OWN_PART = re.compile(r"[A-Za-z0-9_-]{8,64}")

ROUTER = APIRouter(
    prefix="/v1/conversations",
    tags=["conversations"],
    dependencies=[Depends(counted)],
)

Id = Annotated[str, Path(max_length=255, description="Customer's id, '.', a part of one's own.")]
Seq = Annotated[int, Query(ge=0, le=LARGEST_SEQ)]


async def mine(id: Id, call: Calling) -> Visit:  # noqa: A002 - the path's own word
    """Return the conversation of that id.

    Raises:
        Problem: it is not there, or it is another's, which cannot be told apart.
    """
    found = await _find(call, id)
    if found is None:
        raise not_found()
    return found


Mine = Annotated[Visit, Depends(mine)]


async def _find(call: Call, key: str) -> Visit | None:
    found = await call.here.app.visits.find(CHANNEL, key)
    if found is not None and found.conversation.customer != call.who.customer:
        raise not_found()
    return found


async def listed(here: Front, who: Visitor) -> list[ConversationView]:
    """Return the visitor's conversations, newest first."""
    found = await here.app.visits.of(CHANNEL, who.customer, limit=_MOST_LISTED)
    return [
        ConversationView(
            id=visit.conversation.key,
            latest=visit.latest,
            opening=visit.opening,
            unread=await _unread(here, visit),
            owner=visit.mark.owner,
        )
        for visit in found
    ]


async def _unread(here: Front, visit: Visit) -> int:
    if visit.mark.seq <= visit.mark.read:
        return 0
    newer = await here.app.visits.page(
        visit.conversation.id, after=visit.mark.read, limit=_MOST_UNREAD
    )
    return sum(entry.message.author is not Author.CUSTOMER for entry in newer)


@ROUTER.get("", operation_id="list_conversations")
async def list_conversations(call: Calling) -> Conversations:
    """List the visitor's conversations."""
    return Conversations(conversations=await listed(call.here, call.who))


@ROUTER.get("/{id}", operation_id="read_conversation")
async def read(
    visit: Mine,
    here: Here,
    before: Annotated[int, Query(ge=0, le=LARGEST_SEQ)] = LARGEST_SEQ,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """Return the newest messages, or those before a seq; fewer than ``limit`` if they are long."""
    found = await here.app.visits.page(visit.conversation.id, before=before, limit=limit + 1)
    shown = fitting(reversed(found[-limit:]))[::-1]
    return Page(
        id=visit.conversation.key,
        messages=await to_views(shown),
        state=state_of(visit.mark),
        more=len(found) > len(shown),
    )


@ROUTER.post(
    "/{id}/messages",
    operation_id="send_message",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Accepted,
    responses={200: STREAMED},
)
async def send(id: Id, body: NewMessage, call: Calling) -> Accepted | Response:  # noqa: A002
    """Say something; the same message id again changes nothing and is told the same.

    The id of a message that has other words is a ``conflict``: new words need a new id.

    With ``Accept: text/event-stream`` the answer is a stream of events, the first of them
    ``accepted``, until the message has its reply or a person has the conversation. A conversation
    begins with its first message: its id is the visitor's id, a '.' and 8 to 64 random letters.
    """
    await call.here.limits.message(visitor=call.who.customer, address=call.address)
    if await _find(call, id) is None and not _may_begin(id, call.who):
        raise not_found()
    kept = await _keep(call, id, body)
    accepted = Accepted(seq=kept.seq, id=body.id)
    if STREAM not in call.accept:
        return accepted
    first = event("accepted", accepted)
    try:
        return EventStream(call, kept.conversation, after=kept.seq, until=kept.seq, first=first)
    except Problem:  # one stream too many; the message is safe all the same
        return accepted


async def _keep(call: Call, key: str, body: NewMessage) -> Kept:
    here, who = call.here, call.who
    inbound = Inbound(
        channel=CHANNEL,
        key=key,
        external_id=f"{key}/{body.id}",
        text=body.text,
        customer=who.customer,
        name=who.name,
        language=body.language,
        attributes=who.attributes,
    )
    try:
        kept = await here.app.engine.accept(inbound)
    except InboundRefused as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            error.words.replace("_", "-"),
            here.app.words(error.words, limit=here.app.settings.bot.longest_message),
        ) from None
    if kept.duplicate and not await _says(here, kept, body.text):
        detail = "Another message has this id, and this one was not kept. Send it with a new id."
        raise Problem(HTTPStatus.CONFLICT, "conflict", detail)
    return kept


async def _says(here: Front, kept: Kept, text: str) -> bool:
    found = await here.app.visits.page(kept.conversation, after=kept.seq - 1, limit=1)
    longest = here.app.settings.bot.longest_message
    return any(each.message.text == cleaned(text, longest=longest) for each in found)


def _may_begin(key: str, who: Visitor) -> bool:
    prefix = f"{who.customer}."
    return key.startswith(prefix) and bool(_OWN_PART.fullmatch(key.removeprefix(prefix)))


@ROUTER.get(
    "/{id}/events",
    operation_id="read_events",
    response_model=News,
    responses={200: STREAMED},
)
async def follow(
    visit: Mine,
    call: Calling,
    after: Seq = 0,
    wait: Annotated[float, Query(ge=0, le=20, description="Seconds, of a plain answer.")] = 0.0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> News | Response:
    """Follow the conversation from a seq on; ``Last-Event-ID`` wins over ``after``.

    A stream of events, or with ``Accept: application/json`` the messages that are new, at once or
    as soon as there is one. A stream tells ``message`` and ``state``, and from memory ``working``,
    ``piece`` and ``withdrawn``, of the answer that is being written in this process.
    """
    since = _since(last_event_id, after)
    if _JSON in call.accept and STREAM not in call.accept:
        return await news(call.here, visit, after=since, wait=wait)
    return EventStream(call, visit.conversation.id, after=since)


def _since(last_event_id: str | None, after: int) -> int:
    if last_event_id is None:
        return after
    if not last_event_id.isascii() or not last_event_id.isdigit():
        return 0  # none of ours: all of it is new
    return min(int(last_event_id[:_LONGEST_NUMBER]), LARGEST_SEQ)


@ROUTER.post("/{id}/stop", operation_id="stop_answer", status_code=HTTPStatus.NO_CONTENT)
async def stop(visit: Mine, here: Here) -> None:
    """End the answer that is being written; what was shown of it is kept."""
    await here.app.engine.stop(visit.conversation.id)


@ROUTER.put(
    "/{id}/turns/{turn}/feedback", operation_id="rate_answer", status_code=HTTPStatus.NO_CONTENT
)
async def rate(
    turn: Annotated[str, Path(max_length=32)], body: Feedback, visit: Mine, here: Here
) -> None:
    """Say what an answer was worth; again, instead of what was said before."""
    if not await here.app.visits.turn_of(visit.conversation.id, turn):
        raise not_found()
    await here.app.archive.rate(turn, body.rating, comment=body.comment)


@ROUTER.put("/{id}/read", operation_id="mark_read", status_code=HTTPStatus.NO_CONTENT)
async def mark_read(body: Read, visit: Mine, here: Here) -> None:
    """Keep how far the visitor has read; never backwards."""
    await here.app.visits.read_upto(visit.conversation.id, body.seq)


@ROUTER.get("/{id}/transcript", operation_id="download_transcript", response_class=Response)
async def download(visit: Mine, here: Here) -> Response:
    """Download all that was said, as Markdown."""
    text = await transcript(here.app.visits, visit, bot=here.app.settings.bot.name)
    name = f"conversation-{datetime.fromtimestamp(visit.latest, UTC):%Y-%m-%d}.md"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)
