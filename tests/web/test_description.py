"""The API's description: served by this server alone, true, and no way to break the server."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from bot.backends.scripted import ScriptedBackend
from tests.web.doors import Person, door

_EXAMPLES = 25  # for each operation, of right requests and again of wrong ones
_CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


async def test_the_page_about_it_comes_from_this_server_alone(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        page = await place.http.get("/docs")
        assert page.status_code == 200
        assert "://" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "begin.js"):
            part = await place.http.get(f"/docs/{name}")
            assert part.status_code == 200
            assert f"/docs/{name}" in page.text


async def test_every_operation_says_what_it_does(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        described = (await place.http.get("/openapi.json")).json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"], (method, path)
            assert operation["description"], (method, path)
    assert "HTTPValidationError" not in str(described)


async def test_no_request_that_it_allows_or_forbids_breaks_the_server(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        await visitor.answered("Hello?")
        described = (await place.http.get("/openapi.json")).json()
        tried = await asyncio.to_thread(thrown_at, place.url, described, visitor)
        assert tried > 200
        assert (await place.http.get("/readyz")).status_code == 200


def thrown_at(url: str, described: dict[str, Any], visitor: Person) -> int:
    """Throw what schemathesis makes up at every operation; return how much it was."""
    tried = 0

    def throw(case: schemathesis.Case[Any]) -> None:
        nonlocal tried
        tried += 1
        if isinstance(case.query.get("wait"), int | float):
            case.query["wait"] = 0
        if tried % 3 and "id" in case.path_parameters:
            case.path_parameters["id"] = visitor.key
        headers = {**visitor.headers, "Accept": "application/json"}
        response = case.call(base_url=url, headers=headers, timeout=10)
        case.validate_response(response, checks=_CHECKS)

    plan = how(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    for found in schemathesis.openapi.from_dict(described).get_all_operations():
        assert isinstance(found, Ok)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(Unsatisfiable):  # nothing can be wrong where nothing is given
                plan(given(case=found.ok().as_strategy(generation_mode=mode))(throw))()
    return tried
