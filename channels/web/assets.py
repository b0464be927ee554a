"""Serves the widget's modules: made small at start, and kept by browsers while they are the same.

Pages name ``/widget.js`` alone. Everything else lies under a hash of all of it, written into that
script, so that it never has to be asked for again; with the next version it lies elsewhere. A
module that others import comes with them, in one answer: one trip for each part, not one for each
file.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent / "widget"
_LOADER: Final = "loader.js"
_LABELS: Final = "labels/"

_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched with CORS, and hold no secret
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
_SOON: Final = "public, max-age=300"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NEVER: Final = "no-store"

# What a launcher is called, in the labels of each language.
_OPEN: Final = re.compile(r'^\s*open: ("[^"\\]*"),$', re.MULTILINE)
_REFUSES_ZIPPED: Final = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")

# The widget uses no other forms of these.
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./([^"]+)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=class|const|function|async)", re.MULTILINE)

# A style sheet stands in a template string of its own, which a minifier of scripts leaves alone.
_SHEET: Final = re.compile(r"(?<==)`\n[^`]*`")
_BETWEEN_RULES: Final = re.compile(r"(?<=[{};,`])\s+|\s+(?=[{}])|\s*/\*.*?\*/", re.DOTALL)
_WITHIN_RULES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A script as it goes out."""

    body: bytes
    zipped: bytes
    tag: str


class Assets:
    """The widget of ``folder``, read once; ``modules`` are what is fetched after the loader."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        sources = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.js"))
        }
        loader = sources.pop(_LOADER)
        imported = {name for source in sources.values() for name in _IMPORT.findall(source)}
        self.modules: Mapping[str, Asset] = {
            name: _asset(_small(_joined(name, sources))) for name in sources if name not in imported
        }
        tags = "".join(f"{name} {asset.tag}\n" for name, asset in self.modules.items())
        self.version = hashlib.sha256(tags.encode()).hexdigest()[:12]
        self.loader = _asset(_small(_filled(loader, version=self.version, words=_words(sources))))

    def routes(self) -> list[Route]:
        """Return where the widget is found."""
        return [
            Route("/widget.js", self._loader),
            Route("/widget/{version}/{name:path}", self._module),
        ]

    async def _loader(self, request: Request) -> Response:
        return _answer(request, self.loader, keep=_SOON)

    async def _module(self, request: Request) -> Response:
        found = self.modules.get(request.path_params["name"])
        if found is None:
            return Response(status_code=HTTPStatus.NOT_FOUND, headers=_HEADERS)
        # A page that was loaded before this version came goes on with what there is.
        same = request.path_params["version"] == self.version
        return _answer(request, found, keep=_FOR_EVER if same else _NEVER)


def _small(source: str) -> str:
    import rjsmin

    return _SHEET.sub(lambda sheet: _small_sheet(sheet[0]), rjsmin.jsmin(source))


def _joined(name: str, sources: Mapping[str, str]) -> str:
    """Return a module with those that it imports, each once and before who needs it."""
    order: dict[str, str] = {}

    def take(each: str) -> None:
        if each not in order:
            for needed in _IMPORT.findall(sources[each]):
                take(needed)
            order[each] = _IMPORT.sub("", sources[each])

    take(name)
    own = order.pop(name)
    return "\n".join([*(_EXPORT.sub("", source) for source in order.values()), own])


def _small_sheet(sheet: str) -> str:
    return _WITHIN_RULES.sub(" ", _BETWEEN_RULES.sub("", sheet))


def _words(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the launcher's name in every language, by the language."""
    found = {}
    for name, source in sources.items():
        if name.startswith(_LABELS) and (match := _OPEN.search(source)):
            found[Path(name).stem] = json.loads(match[1])
    return found


def _filled(loader: str, *, version: str, words: Mapping[str, str]) -> str:
    table = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return loader.replace('"@MODULES@"', f'"/widget/{version}"').replace('"@OPEN@"', table)


def _asset(source: str) -> Asset:
    body = source.encode()
    return Asset(
        body=body,
        zipped=gzip.compress(body, 9, mtime=0),
        tag=hashlib.sha256(body).hexdigest()[:16],
    )


def _answer(request: Request, asset: Asset, *, keep: str) -> Response:
    headers = {**_HEADERS, "Cache-Control": keep, "ETag": f'W/"{asset.tag}"'}
    if f'"{asset.tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    accepted = request.headers.get("accept-encoding", "")
    zipped = "gzip" in accepted and not _REFUSES_ZIPPED.search(accepted)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = asset.zipped if zipped else asset.body
    return Response(body, headers=headers, media_type="text/javascript")
