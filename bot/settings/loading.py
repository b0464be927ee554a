"""Finds a ``bot.toml``, reads it with what it refers to, and checks all of it at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.resources import sample
from bot.settings.fields import Surroundings
from bot.settings.places import Place
from bot.settings.problems import Problem, from_pydantic, refused
from bot.settings.secrets import read_secrets
from bot.settings.sections import Settings
from bot.settings.variables import filled

FILE = "bot.toml"
CONFIG = "FRONTDESK_CONFIG"

_KINDS_BY_KEY = {"ANTHROPIC_API_KEY": "anthropic", "OPENAI_API_KEY": "openai"}


def load(path: Path | None, *, environment: Mapping[str, str]) -> Settings:
    """Read ``path``, else the file that FRONTDESK_CONFIG names, else ``./bot.toml``.

    Without any of them everything runs on defaults, and the sample store is what the bot knows.
    Relative paths in the file start at its folder; ``${NAME}`` in a text is taken from the
    environment, then from the secrets file.

    Raises:
        SettingsError: it names all that must be changed, each with its line and its cure.
    """
    file = _find(path, environment)
    if file is None:
        return _defaults(environment)
    text = _text(file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: this is not TOML: {error}. Correct it there.") from error
    return _Reading(file=file, text=text, data=data, environment=environment).settings()


def _find(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path.absolute()
    if named := environment.get(CONFIG):
        return Path(named).expanduser().absolute()
    here = Path(FILE).absolute()
    return here if here.exists() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"{file}: the settings cannot be read: {error.strerror}. "
            "Correct the path, or run 'bot init DIR' for a project with one."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: this is not UTF-8 text. Save it as UTF-8.") from error


def _defaults(environment: Mapping[str, str]) -> Settings:
    """Return the settings of someone who has none yet: the bot works for the sample store."""
    store = sample()
    bot = tomllib.loads((store / FILE).read_text(encoding="utf-8"))["bot"]
    backends = _present(environment)
    return Settings.model_validate(
        {"bot": bot, "knowledge": {"paths": [store / "help"]}, "backends": backends},
        context=Surroundings(
            file=None, folder=Path.cwd(), backends=backends, variables=environment
        ),
    )


def _present(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return a backend for every key there is, and last the one that needs none."""
    kinds = [kind for name, kind in _KINDS_BY_KEY.items() if variables.get(name)]
    return {kind: {"kind": kind} for kind in [*kinds, "extractive"]}


class _Reading:
    """One reading of a file; it collects the problems as it goes."""

    def __init__(
        self, *, file: Path, text: str, data: dict[str, Any], environment: Mapping[str, str]
    ) -> None:
        self._file = file
        self._text = text
        self._raw = data
        self._environment = environment
        self._problems: list[Problem] = []

    def settings(self) -> Settings:
        variables = {**self._secrets(), **self._environment}
        data = filled(self._raw, variables=variables, missing=self._missing)
        backends = data.get("backends") or _present(variables)
        surroundings = Surroundings(
            file=self._file,
            folder=self._file.parent,
            backends=backends if isinstance(backends, dict) else (),
            variables=variables,
        )
        try:
            settings = Settings.model_validate({**data, "backends": backends}, context=surroundings)
        except ValidationError as error:
            self._note(error)
            raise self._refusal() from None  # pydantic's own text shows values
        if self._problems:
            raise self._refusal()
        return settings

    def _secrets(self) -> Mapping[str, str]:
        """Return what the secrets file holds; whether it is there is checked with the rest."""
        named = filled(
            self._raw.get("secrets"),
            variables=self._environment,
            missing=self._missing,
            place=("secrets",),
        )
        path = self._file.parent / Path(str(named)).expanduser()
        if not isinstance(named, str) or not path.is_file():
            return {}
        secrets, faults = read_secrets(path)
        self._problems += [Problem(place=("secrets",), text=fault) for fault in faults]
        return secrets

    def _missing(self, place: Place, name: str) -> None:
        text = f"{name} is neither in the environment nor in the secrets file. Set it there."
        self._problems.append(Problem(place=place, text=text))

    def _note(self, error: ValidationError) -> None:
        unfilled = {problem.place for problem in self._problems}
        found = (from_pydantic(details, self._raw) for details in error.errors(include_url=False))
        self._problems += [problem for problem in found if problem.place not in unfilled]

    def _refusal(self) -> SettingsError:
        return refused(self._file, self._text, self._raw, self._problems)
