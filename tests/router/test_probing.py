"""Asking a backend for one word."""

import logging

import pytest

from bot.router.probing import ONE_WORD, probe
from tests.clocks import Clock
from tests.router.routers import busy, misconfigured, scripted


async def test_a_probe_tells_how_long_one_word_took_and_what_it_cost() -> None:
    clock = Clock()

    async def later() -> None:
        clock.now += 0.5

    backend = scripted("a", [later, "ready", later])
    probed = await probe(backend, price=lambda *_: 0.001, clock=clock)
    assert (probed.first_piece, probed.seconds, probed.error) == (0.5, 1.0, "")
    assert (probed.tokens, probed.cost) == (14, 0.001)
    assert backend.requests == [ONE_WORD]


@pytest.mark.parametrize("failure", [busy("overloaded"), misconfigured(), ValueError("Hi")])
async def test_a_probe_tells_what_a_backend_ran_into_and_logs_nothing(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        probed = await probe(scripted("a", failure))
    told = "'a' broke with ValueError" if isinstance(failure, ValueError) else str(failure)
    assert probed.error.startswith(told)
    assert (probed.first_piece, probed.cost, caplog.records) == (None, None, [])
