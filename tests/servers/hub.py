"""A Hugging Face hub of one's own: lists a folder's files and gives them, whole or in parts.

The protocol: https://huggingface.co/docs/hub/api
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Gives the models ``models``, by id, from their folders.

    What is in ``refused`` is answered with that error code of the hub. ``breaks_off`` bytes into a
    file of weights the line is cut, once.
    """

    def __init__(
        self, models: Mapping[str, Path], *, refused: Mapping[str, str] | None = None
    ) -> None:
        self.models = models
        self.refused = refused or {}
        self.breaks_off: int | None = None
        self.asked: list[str] = []
        self.url = ""

    @contextmanager
    def open(self) -> Iterator["Hub"]:
        """Serve until the block ends."""
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: object) -> None:
                self.hub = hub
                super().__init__(*args)  # type: ignore[arg-type]

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield self
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.asked.append(f"{self.command} {path}")
        parts = path.split("/")
        api = parts[:2] == ["api", "models"]
        model = "/".join(parts[2:4] if api else parts[:2])
        if code := self.hub.refused.get(model):
            self._send(403 if code == "GatedRepo" else 404, b"{}", {"X-Error-Code": code})
        elif model not in self.hub.models:
            self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif api:
            self._json(model, parts[4] if len(parts) > 4 else "revision")
        else:
            self._file(self.hub.models[model] / "/".join(parts[4:]))

    def _json(self, model: str, what: str) -> None:
        files = sorted(file for file in self.hub.models[model].rglob("*") if file.is_file())
        names = [file.relative_to(self.hub.models[model]).as_posix() for file in files]
        answer: object = {
            "id": model,
            "sha": COMMIT,
            "siblings": [{"rfilename": name} for name in names],
        }
        if what == "tree":
            answer = [
                {"type": "file", "path": name, "size": file.stat().st_size, "oid": _oid(file)}
                for name, file in zip(names, files, strict=True)
            ]
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, file: Path) -> None:
        if not file.is_file():
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        body, status = file.read_bytes(), 200
        headers = {"ETag": f'"{_oid(file)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if (asked := self.headers.get("Range", "")).startswith("bytes="):
            begin = int(asked.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
            body, status = body[begin:], 206
        self._send(status, body, headers, cut=file.suffix == ".safetensors")

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut and self.hub.breaks_off is not None:
            body, self.hub.breaks_off = body[: self.hub.breaks_off], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _oid(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
