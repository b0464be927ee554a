"""What a call to Slack may end in.

SlackError
├── SlackBusy        not now: a rate limit, a cut line, a fault on Slack's side
└── SlackRefused     not like this: Slack's code for it is ``error``
    └── SlackGone        never: the channel, the token or a permission is missing

No text holds a response or anybody's words: only the method, the workspace, the channel, Slack's
own code and the cure.
"""

from typing import Final

from bot.errors import DeliveryRefused, FrontdeskError

_REINSTALL: Final = "add it to the app as 'bot slack manifest' prints it, and install it again"

_CURES: Final = {
    "account_inactive": "The app was removed or its token's owner left: install it again.",
    "channel_not_found": "The bot is not there: invite it to the channel.",
    "is_archived": "The channel is archived: nobody can write there.",
    "invalid_auth": "The bot's token is not valid: set the one of the app's OAuth page.",
    "messages_tab_disabled": "Turn on the app's Messages tab, as 'bot slack manifest' prints it.",
    "missing_scope": f"A scope is missing: {_REINSTALL}.",
    "not_authed": "There is no token: set the one of the app's OAuth page.",
    "not_in_channel": "Invite the bot to the channel.",
    "token_expired": "Turn off token rotation in the app, and install it again.",
    "token_revoked": "The app was removed from the workspace: install it again.",
}

_FOR_GOOD: Final = frozenset(_CURES) | {
    "access_denied",
    "app_missing_action_url",
    "cannot_dm_bot",
    "cannot_reply_to_message",
    "channel_is_limited_access",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "no_permission",
    "not_allowed_token_type",
    "org_login_required",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_access_not_granted",
    "team_not_found",
    "thread_not_found",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
}


class SlackError(FrontdeskError):
    """A call to Slack did not do what was asked."""


class SlackBusy(SlackError):
    """It may work later: after ``retry_after`` seconds, where Slack said so.

    ``uncertain`` tells that Slack may have done it nevertheless: the answer was lost.
    """

    def __init__(
        self, text: str, *, retry_after: float | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.uncertain = uncertain


class SlackRefused(SlackError):
    """Slack understood the call and did not do it; ``error`` is its code for the reason."""

    def __init__(self, text: str, *, error: str) -> None:
        super().__init__(text)
        self.error = error


class SlackGone(SlackRefused, DeliveryRefused):
    """It will not work until somebody changes something in Slack."""


def refusal(error: str, *, method: str, where: str, needed: str = "") -> SlackRefused:
    """Return what to raise for Slack's code ``error``; ``needed`` are the scopes it asks for."""
    kind = SlackGone if error in _FOR_GOOD else SlackRefused
    cure = _CURES.get(error, "")
    if error == "missing_scope" and needed:
        cure = f"The scope {needed} is missing: {_REINSTALL}."
    return kind(f"Slack refused {method} in {where}: {error}. {cure}".rstrip(), error=error)
