"""Notes why a page was refused, for whoever runs its site; nothing of who visits it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from channels.web.problems import Problem

_logger = logging.getLogger(__name__)

_LONGEST = 64


@contextmanager
def noted(*, site: str, origin: str | None) -> Iterator[None]:
    """Note the problem that ends the block, with the site and the origin that were asked for."""
    try:
        yield
    except Problem as problem:
        _logger.info("Refused for site %s, origin %s: %s", _cut(site), _cut(origin), problem.why)
        raise


class Cors(CORSMiddleware):
    """Notes what a browser asks before a request of another origin, and is refused."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        origin = request_headers["origin"]
        if not self.is_allowed_origin(origin):
            _logger.info("Refused a browser's preflight, origin %s: no site has it", _cut(origin))
        return response


def _cut(given: str | None) -> str:
    return ascii(given)[:_LONGEST]
