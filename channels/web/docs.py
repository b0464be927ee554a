"""Shows the API's description at ``/docs``, from this server alone."""

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from channels.web.problems import not_found

ROUTER = APIRouter(include_in_schema=False)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Frontdesk: the API of the web chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/begin.js"></script>
</html>
"""
_BEGIN: Final = 'SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true });\n'
_TYPES: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


@ROUTER.get("/docs")
async def page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@ROUTER.get("/docs/{name}")
def part(name: str) -> Response:
    """Return a part of the page."""
    if name == "begin.js":
        return Response(_BEGIN, media_type="text/javascript")
    if name not in _TYPES:
        raise not_found()
    content = (files("fastapi_swagger") / "resources" / name).read_bytes()
    headers = {"Cache-Control": "max-age=86400"}
    return Response(content, media_type=_TYPES[name], headers=headers)
