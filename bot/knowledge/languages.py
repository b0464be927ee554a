"""Languages' codes (ISO 639-1) by the names that the help centre's language may have."""

from collections.abc import Mapping
from typing import Final

_CODES: Final[Mapping[str, str]] = {
    "arabic": "ar",
    "armenian": "hy",
    "basque": "eu",
    "catalan": "ca",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "dutch_porter": "nl",
    "english": "en",
    "esperanto": "eo",
    "estonian": "et",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hindi": "hi",
    "hungarian": "hu",
    "indonesian": "id",
    "irish": "ga",
    "italian": "it",
    "lithuanian": "lt",
    "nepali": "ne",
    "norwegian": "no",
    "persian": "fa",
    "polish": "pl",
    "porter": "en",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "serbian": "sr",
    "sesotho": "st",
    "spanish": "es",
    "swedish": "sv",
    "tamil": "ta",
    "turkish": "tr",
    "yiddish": "yi",
}


def code(name: str) -> str:
    """Return the code of the language ``name``; empty where it is not known."""
    return _CODES.get(name, "")


def same(one: str, other: str) -> bool:
    """Tell whether who reads the one language reads the other: ``de`` and ``de-AT``."""
    return one.partition("-")[0].lower() == other.partition("-")[0].lower()
