"""The bodies of requests and answers, as the API's description shows them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.messages import Author, Outcome, Owner, Rating

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""An id that the client makes: random, of 8 to 64 letters, digits, '-' and '_'."""

LARGEST_SEQ = 2**31 - 1


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignedIdentity(_Body):
    """A JWT by which the site says who its user is."""

    token: str = Field(min_length=1, max_length=8192)


class HashedIdentity(_Body):
    """The older way: an HMAC-SHA256 of the user's id, in hexadecimal."""

    user: str = Field(min_length=1, max_length=512)
    hash: str = Field(min_length=64, max_length=64)
    name: str | None = Field(None, max_length=128)


class SessionRequest(_Body):
    """A session that begins, or goes on with ``renew``, or becomes a proved user's."""

    site: str = Field("default", max_length=32)
    renew: str | None = Field(None, max_length=16384)
    identity: SignedIdentity | HashedIdentity | None = None


class VisitorView(_Body):
    """Who the visitor is; ``known`` if the site proved it."""

    id: str
    name: str | None
    known: bool


class SiteView(_Body):
    """What the chat shows of the site before anything was said."""

    title: str
    greeting: str
    suggestions: list[str]
    language: str
    bot: str


class ConversationView(_Body):
    """A conversation in a list; times are seconds since the epoch."""

    id: str
    latest: float
    opening: str
    unread: int
    owner: Owner


class Session(_Body):
    """A session: ``token`` is good for ``expires_in`` seconds, then ``renew`` begins another."""

    token: str
    expires_in: float
    renew: str
    visitor: VisitorView
    site: SiteView
    conversations: list[ConversationView]


class Conversations(_Body):
    """The visitor's conversations, newest first."""

    conversations: list[ConversationView]


class Source(_Body):
    """An article that an answer names as ``[number]``; ``link`` may be empty."""

    number: int
    title: str
    heading: str
    link: str


class MessageView(_Body):
    """A message; ``blocks`` are its words as a tree of allowed nodes.

    ``id`` is the client's own, on the customer's messages.
    """

    seq: int
    author: Author
    at: float
    blocks: list[Any]
    id: str | None = None
    turn: str | None = None
    answers: int | None = None
    sources: list[Source] = []
    outcome: Outcome | None = None
    rating: Rating | None = None
    stopped: bool = False


class State(_Body):
    """How a conversation stands: the newest seqs of any message, of a question, of an answer."""

    owner: Owner = Owner.BOT
    asked: int = 0
    answered: int = 0
    read: int = 0
    seq: int = 0


class Page(_Body):
    """Messages of a conversation in order; ``more`` if there are older ones."""

    id: str
    messages: list[MessageView]
    state: State
    more: bool


class News(_Body):
    """Messages that came after a seq, and how the conversation stands."""

    events: list[MessageView]
    state: State


class NewMessage(_Body):
    """What a visitor says. The same ``id`` again is the same message: it is kept once."""

    id: ClientId
    text: str = Field(min_length=1)
    language: str | None = Field(
        None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35
    )


class Accepted(_Body):
    """A message that is safe: its place in the conversation."""

    seq: int
    id: str


class Feedback(_Body):
    """What a visitor thinks of an answer."""

    rating: Rating
    comment: str = Field("", max_length=4000)


class Read(_Body):
    """How far a visitor has read."""

    seq: int = Field(ge=0, le=LARGEST_SEQ)


class ProblemView(BaseModel):
    """What went wrong, as RFC 9457 has it; ``type`` is for programs, ``detail`` for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
