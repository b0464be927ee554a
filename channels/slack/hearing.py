"""Understands what arrives from Slack: every body becomes a value, or is ignored with a reason."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.messages import Rating
from channels.slack.blocks import FEEDBACK, STOP, SUGGEST
from channels.slack.envelopes import installs, kind, name, part, parts, text, trigger, ts
from channels.slack.heard import (
    Asked,
    Began,
    Call,
    Deleted,
    Edited,
    Heard,
    Ignored,
    Left,
    OpenedHome,
    OpenedMessages,
    Rated,
    Said,
    Stopped,
)
from channels.slack.places import Place, message_id
from channels.slack.plain import written
from channels.slack.workspaces import Workspace

SHORTCUT: Final = "frontdesk_ask"

_LAST: Final = 1e11  # seconds since the epoch that can be meant
_SLACKBOT: Final = "USLACKBOT"
_SPOKEN: Final = frozenset({"", "file_share", "thread_broadcast", "me_message"})
_RATINGS: Final = {"good": Rating.GOOD, "bad": Rating.BAD}
# A message that opens with a person's name, or a group's, is meant for them.
_ADDRESSEE: Final = re.compile(r"\s*<(?:@(?P<user>\w+)|![a-z])")

Body = Mapping[str, Any]


class _Nothing(Exception):
    """There is nothing to hear; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Hears for the bot in one workspace.

    ``strangers`` tells whether people of other organisations are heard, who are met in shared
    channels. ``command`` is the slash command that asks.
    """

    workspace: Workspace
    strangers: bool = True
    command: str = "/ask"

    def hear(self, body: Body) -> Heard:
        """Return what ``body`` says, whatever it is; never raises."""
        try:
            return self._heard(body)
        except _Nothing as nothing:
            return Ignored(kind=kind(body), reason=str(nothing))

    def _heard(self, body: Body) -> Heard:
        if part(body, "event") and text(body, "type") == "event_callback":
            return self._event(body)
        if text(body, "command"):
            return self._command(body)
        match text(body, "type"):
            case "block_actions":
                return self._click(body)
            case "message_action":
                return self._shortcut(body)
        raise _Nothing("nothing is done about those")

    # --- Events ------------------------------------------------------------------------------

    def _event(self, body: Body) -> Heard:
        event = part(body, "event")
        known: Mapping[str, Callable[[Body, Body], Heard]] = {
            "message": self._message,
            "app_mention": self._message,
            "app_home_opened": self._opened,
            "assistant_thread_started": self._began,
            "agent_session_stopped": self._stopped,
            "app_uninstalled": self._left,
            "tokens_revoked": self._left,
        }
        understand = known.get(text(event, "type"))
        if understand is None:
            raise _Nothing("nothing is done about those")
        return understand(event, body)

    def _message(self, event: Body, body: Body) -> Heard:
        match text(event, "subtype"):
            case "message_changed":
                return self._changed(event, body)
            case "message_deleted":
                return self._deleted(event, ts(event, "deleted_ts"))
            case "ekm_access_denied":
                raise _Nothing("the organisation's key was withdrawn: there are no words")
        if event.get("hidden") is True or event.get("is_ephemeral") is True:
            raise _Nothing("hidden")
        said = self._said(event, event, body)
        if said.call is Call.NONE:
            raise _Nothing("not said to the bot")
        return said

    def _changed(self, event: Body, body: Body) -> Heard:
        message, before = part(event, "message"), part(event, "previous_message")
        if text(message, "subtype") == "tombstone":
            return self._deleted(event, ts(message, "ts"))
        said = self._said(message, event, body)
        if before and _own(before) == _own(message):
            raise _Nothing("no word was changed")
        return Edited(said=said)

    def _deleted(self, event: Body, gone: str) -> Heard:
        before = part(event, "previous_message")
        if before and _automatic(before):
            raise _Nothing("of a bot")
        channel = _told(name(event, "channel"), "channel")
        return Deleted(external_id=message_id(channel, _told(gone, "ts")))

    def _said(self, message: Body, event: Body, body: Body) -> Said:
        """Return what a person wrote in ``message``, which ``event`` tells of."""
        user = self._person(message)
        if text(message, "subtype") not in _SPOKEN:
            raise _Nothing("not a person's words")
        sent = _told(ts(message, "ts"), "ts")
        place = Place(
            install=self.workspace.install,
            channel=_told(name(event, "channel"), "channel"),
            thread=ts(message, "thread_ts") or sent,
        )
        team = self._team(message, body)
        return Said(
            place=place,
            ts=sent,
            user=user,
            team=team,
            text=written(message, bot=self.workspace.bot_user),
            call=self._call(message, event, place, sent),
        )

    def _person(self, message: Body) -> str:
        """Return who wrote, if it is a person."""
        user = name(message, "user")
        bot = text(message, "bot_id")
        if user == self.workspace.bot_user or (bot and bot == self.workspace.bot_id):
            raise _Nothing("said by the bot itself")
        if _automatic(message):
            raise _Nothing("of a bot")
        if user == _SLACKBOT:
            raise _Nothing("of Slack itself")
        return _told(user, "user")

    def _team(self, message: Body, body: Body) -> str:
        """Return the person's own workspace, or organisation, as far as it is told."""
        given = ("user_team", "source_team", "team")
        team = next((found for key in given if (found := name(message, key))), "")
        shared = body.get("is_ext_shared_channel") is True  # or they are all of one organisation
        if not self.strangers and shared and team not in {"", *self._home(body)}:
            raise _Nothing("of another organisation")
        return team

    def _home(self, body: Body) -> set[str]:
        """Return the names of what the bot is installed in, and of what that belongs to."""
        granted = parts(body, "authorizations")[:1] or [body]
        names = {name(granted[0], "team_id"), name(granted[0], "enterprise_id")}
        return {self.workspace.install, *names}

    def _call(self, message: Body, event: Body, place: Place, sent: str) -> Call:
        bot = self.workspace.bot_user
        if place.is_direct:
            return Call.DIRECT
        if text(event, "type") == "app_mention" or _mentions(message, bot):
            return Call.MENTION
        if place.thread == sent:
            return Call.NONE
        to_other = _ADDRESSEE.match(text(message, "text"))
        if to_other:
            raise _Nothing("said to someone else")
        return Call.REPLY

    def _opened(self, event: Body, body: Body) -> Heard:  # noqa: ARG002 - as all of them
        user = _told(name(event, "user"), "user")
        install = self.workspace.install
        match text(event, "tab"):
            case "home":
                return OpenedHome(install=install, user=user)
            case "messages":
                channel = _told(name(event, "channel"), "channel")
                return OpenedMessages(install=install, user=user, channel=channel)
        raise _Nothing("an unknown tab")

    def _began(self, event: Body, body: Body) -> Heard:  # noqa: ARG002 - likewise
        thread = part(event, "assistant_thread")
        return Began(place=self._place(name(thread, "channel_id"), ts(thread, "thread_ts")))

    def _stopped(self, event: Body, body: Body) -> Heard:  # noqa: ARG002 - likewise
        place = self._place(name(event, "channel"), ts(event, "thread_ts"))
        return Stopped(place=place, trigger=ts(event, "event_ts"))

    def _left(self, event: Body, body: Body) -> Heard:
        if text(event, "type") == "tokens_revoked" and not part(event, "tokens").get("bot"):
            raise _Nothing("no token of the bot")
        if self.workspace.install != next(filter(None, installs(body)), ""):
            raise _Nothing("of a place that is forgotten already")
        return Left(install=self.workspace.install, at=_seconds(body.get("event_time")))

    def _place(self, channel: str, thread: str) -> Place:
        return Place(
            install=self.workspace.install,
            channel=_told(channel, "channel"),
            thread=_told(thread, "ts"),
        )

    # --- Clicks and commands -----------------------------------------------------------------

    def _click(self, body: Body) -> Heard:
        action = next(iter(parts(body, "actions")), {})
        known: Mapping[str, Callable[[Body, str], Heard]] = {
            FEEDBACK: self._rated,
            STOP: self._pressed_stop,
            SUGGEST: self._suggested,
        }
        understand = known.get(text(action, "action_id").partition(":")[0])
        if understand is None:
            raise _Nothing("no button of the bot")
        return understand(body, text(action, "value"))

    def _suggested(self, body: Body, value: str) -> Heard:
        return self._asked(body, user=name(body, "user", "id"), words=value, spoken=False)

    def _rated(self, body: Body, value: str) -> Heard:
        verdict, _, turn = value.partition(":")
        if verdict not in _RATINGS or not turn.isalnum() or not turn.isascii():
            raise _Nothing("no rating")
        return Rated(
            place=self._clicked(body),
            user=_told(name(body, "user", "id"), "user"),
            turn=turn,
            rating=_RATINGS[verdict],
        )

    def _clicked(self, body: Body) -> Place:
        """Return where the message is whose button was pressed."""
        channel = name(body, "channel", "id") or name(body, "container", "channel_id")
        thread = (
            ts(body, "container", "thread_ts")
            or ts(body, "message", "thread_ts")
            or ts(body, "container", "message_ts")
        )
        return self._place(channel, thread)

    def _pressed_stop(self, body: Body, value: str) -> Heard:
        try:
            place = Place.of(value)
        except ValueError:
            raise _Nothing("no button of the bot") from None
        here = name(body, "channel", "id") or name(body, "container", "channel_id")
        if (place.install, place.channel) != (self.workspace.install, here):
            raise _Nothing("a button of another place")
        return Stopped(place=place, trigger=trigger(body, "trigger_id"))

    def _command(self, body: Body) -> Heard:
        if text(body, "command") != self.command:
            raise _Nothing("another command")
        return self._asked(body, user=name(body, "user_id"), words=text(body, "text"), spoken=True)

    def _shortcut(self, body: Body) -> Heard:
        if text(body, "callback_id") != SHORTCUT:
            raise _Nothing("another shortcut")
        words = written(part(body, "message"), bot=self.workspace.bot_user)
        return self._asked(body, user=name(body, "user", "id"), words=words, spoken=False)

    def _asked(self, body: Body, *, user: str, words: str, spoken: bool) -> Asked:
        return Asked(
            install=self.workspace.install,
            channel=name(body, "channel_id") or name(body, "channel", "id"),
            user=_told(user, "user"),
            text=words,
            trigger=_told(trigger(body, "trigger_id"), "trigger"),
            spoken=spoken,
        )


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int) and 0 < value < _LAST else 0.0


def _told(value: str, what: str) -> str:
    if not value:
        raise _Nothing(f"it tells no {what}")
    return value


def _automatic(message: Body) -> bool:
    """Tell whether a program wrote it; one app may speak as a person, and is still a program."""
    return text(message, "subtype") == "bot_message" or any(
        message.get(sign) for sign in ("bot_id", "bot_profile", "app_id")
    )


def _mentions(message: Body, bot: str) -> bool:
    """Tell whether the bot is named, in the text or in the blocks where it stands alone."""
    said = text(message, "text")
    if f"<@{bot}>" in said or f"<@{bot}|" in said:
        return True
    waiting: list[object] = [message.get("blocks")]
    while waiting:
        match waiting.pop():
            case {"type": "user", "user_id": named} if named == bot:
                return True
            case {"elements": list(elements)}:
                waiting += elements
            case list(blocks):
                waiting += blocks
    return False


def _own(message: Body) -> tuple[object, ...]:
    """Return what the person wrote of a message; what Slack unfolds of links is not theirs."""
    return tuple(message.get(key) for key in ("text", "blocks", "files"))
