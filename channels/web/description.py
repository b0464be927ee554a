"""Describes the API for programs: ``/openapi.json``."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot import __version__
from channels.web.problems import MEDIA_TYPE
from channels.web.schemas import ProblemView

_REFERENCE: Final = "#/components/schemas/{model}"
_PROBLEMS: Final = {
    "400": "The body is no JSON",
    "401": "No session, or one that has ended; or a proof that proves nothing",
    "403": "A page of another origin",
    "404": "Not there, or another visitor's",
    "409": "The message's id is that of another: send it with a new id",
    "413": "The body is too large",
    "422": "The request is not what is expected here",
    "429": "Too much at once: see Retry-After",
    "503": "Not just now: try again",
}


def described(web: FastAPI) -> dict[str, Any]:
    """Return the description of ``web``, in which every operation may end in a problem."""
    if web.openapi_schema is None:
        web.openapi_schema = _describe(web)
    return web.openapi_schema


def _describe(web: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=web.title, version=__version__, description=web.description, routes=web.routes
    )
    components = found["components"]
    model = ProblemView.model_json_schema(ref_template=_REFERENCE)
    components["schemas"]["Problem"] = model
    for gone in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(gone, None)
    components["securitySchemes"] = {"session": {"type": "http", "scheme": "bearer"}}
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            for status, description in _PROBLEMS.items():
                operation["responses"][status] = {"description": description, "content": content}
            if path.startswith("/v1/conversations"):
                operation["security"] = [{"session": []}]
    return found
