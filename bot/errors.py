"""Every error of Frontdesk, split by who must act.

FrontdeskError
├── SetupError                the person who runs the bot: something must be changed, then try again
│   ├── SettingsError             bot.toml, the environment or a secrets file
│   ├── SchemaError               the database's tables are older or newer than this program
│   ├── PromptError               a template in prompts/
│   ├── KnowledgeError            a folder or file that was to be learned
│   ├── LocalModelError           a model that is to run in this process cannot be loaded
│   └── MissingExtra              an optional package is not installed
├── InboundRefused            the customer: the message cannot be taken as it is
├── StoreError                nobody yet: the engine handles it
│   ├── StoreUnavailable          the database does not answer, is locked or full: try again
│   └── LeaseLost                 another process owns the conversation now: stop at once
├── DeliveryRefused           nobody: the channel will never take the reply, which is given up
├── StepFailed                the answer: a hidden step came to nothing; it goes on without it
├── NoAnswer                  the engine: every backend was asked in vain; the customer is told so
├── TaskFailed                nobody: what a task should have read is not known; the turn goes on
└── BackendError              the router: one way to reach a model did not give an answer
    ├── BackendBusy               try again, after ``retry_after`` seconds where it said so
    ├── BackendUnavailable        try another one
    ├── BackendUnsure             ask a larger one: it answered, and nobody should rely on it
    ├── BackendMisled             ask it in another way: it answered, but not as it was asked to
    ├── BackendPassedOver         try another one: it was not asked, and nothing is wrong with it
    │   └── OverBudget                what it might cost is more than is left
    └── BackendMisconfigured      try another one, and tell the person who runs the bot
"""

import traceback
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name that ``word`` is most like, or nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def without_words(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    """Return ``error`` as a log may show it: its kind and its trace.

    An unknown error's own text is left out, since it may quote a customer.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    kind = RuntimeError(f"{type(error).__name__} (its text is left out)")
    return type(kind), kind, error.__traceback__


def without_text(error: BaseException) -> str:
    """Return what ``error`` is and where it arose, for places where no customer may be quoted."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    steps = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else ""
    return f"{type(error).__name__}{place}"


class FrontdeskError(Exception):
    """Something that Frontdesk can explain. The text is fact, value, cure; never for a customer."""


class SetupError(FrontdeskError):
    """The person who runs the bot must change something."""


class SettingsError(SetupError):
    """``bot.toml``, the environment or a secrets file does not say what it must."""


class SchemaError(SetupError):
    """The database's tables are not the ones that this program works with."""


class PromptError(SetupError):
    """A template is missing, broken or misses a variable."""


class KnowledgeError(SetupError):
    """A folder or file that was to be learned cannot be read."""


class LocalModelError(SetupError):
    """A model that is to run in this process lacks files, memory or a head, or is not known."""


class MissingExtra(SetupError):
    """An optional package is needed and not installed; the text names the command."""


class InboundRefused(FrontdeskError):
    """The message cannot be taken; ``words`` names the template that tells the customer why."""

    def __init__(self, text: str, *, words: str) -> None:
        super().__init__(text)
        self.words = words


class StoreError(FrontdeskError):
    """The database did not do what was asked."""


class StoreUnavailable(StoreError):
    """The database does not answer, is locked or is full; nothing was written."""


class LeaseLost(StoreError):
    """Another process or a person owns the conversation now; nothing was written."""


class DeliveryRefused(FrontdeskError):
    """The channel will never take this reply, however often it is tried; the text says why."""


class TaskFailed(FrontdeskError):
    """A task beside the answer came to nothing; the text says why, and quotes no customer."""


class BackendError(FrontdeskError):
    """A backend gave no usable answer. ``backend`` is its name in ``bot.toml``."""

    def __init__(self, text: str, *, backend: str) -> None:
        super().__init__(text)
        self.backend = backend


class BackendBusy(BackendError):
    """It may work in a moment: overload, a rate limit, a time-out, a cut line.

    ``retry_after`` is in seconds, None where the provider did not say.
    """

    def __init__(self, text: str, *, backend: str, retry_after: float | None = None) -> None:
        super().__init__(text, backend=backend)
        self.retry_after = retry_after


class BackendUnavailable(BackendError):
    """It will not answer this request, however often it is asked; another backend may."""


class BackendUnsure(BackendError):
    """It answered, but not so that anybody should rely on it; a larger one may."""


class BackendMisled(BackendError):
    """It answered, but could not keep to the form that it was asked for; its fault is none."""


class BackendPassedOver(BackendError):
    """It was not asked: too many wait for it already."""


class OverBudget(BackendPassedOver):
    """It was not asked: what it might cost is more than is left."""


class BackendMisconfigured(BackendError):
    """It answers nothing until its settings change: a key, a model's name, a quota."""


class StepFailed(FrontdeskError):
    """A hidden step of a way of reasoning came to nothing; the audit keeps why."""


class NoAnswer(FrontdeskError):
    """Every backend that could be asked failed; ``causes`` tells how, first choice first."""

    def __init__(self, causes: Sequence[BackendError]) -> None:
        super().__init__(" ".join(["No backend gave an answer.", *map(str, causes)]))
        self.causes = tuple(causes)
