"""An answer's price comes from the settings, else from the list, else is not known."""

import pytest

from bot.backends.prices import cost, seller
from bot.messages import Usage

MILLION = Usage(input=1_000_000, output=1_000_000)


def test_a_known_model_has_a_price() -> None:
    assert cost(MILLION, provider="openai", model="gpt-4o-mini-2024-07-18") == pytest.approx(0.75)


def test_a_host_is_known_as_well_as_a_name() -> None:
    assert cost(MILLION, provider="api.openai.com", model="gpt-4o-mini") == pytest.approx(0.75)


def test_cached_tokens_are_cheaper() -> None:
    cached = Usage(input=1_000_000, output=0, cache_read=900_000)
    price = cost(cached, provider="anthropic", model="claude-sonnet-5-5")
    plain = cost(Usage(input=1_000_000), provider="anthropic", model="claude-sonnet-5-5")
    assert price is not None
    assert plain is not None
    assert 0 < price < plain / 2


@pytest.mark.parametrize(
    ("provider", "model"),
    [("anthropic", "no-such-model"), ("localhost", "llama"), ("127.0.0.1", "llama"), ("", "")],
)
def test_what_is_not_known_is_not_guessed(provider: str, model: str) -> None:
    assert cost(MILLION, provider=provider, model=model) is None


def test_nonsense_counts_have_no_price() -> None:
    more_cached_than_read = Usage(input=1, output=1, cache_read=5)
    assert cost(more_cached_than_read, provider="openai", model="gpt-4o-mini") is None


def test_prices_of_ones_own_go_first() -> None:
    own = cost(MILLION, provider="openai", model="gpt-4o-mini", input_price=1.0, output_price=2.0)
    assert own == pytest.approx(3.0)


def test_a_free_model_costs_nothing() -> None:
    assert cost(MILLION, provider="localhost", model="llama", input_price=0.0) == 0.0


@pytest.mark.parametrize(
    ("base_url", "price"),
    [
        (None, 0.75),
        ("https://api.openai.com/v1", 0.75),
        ("http://localhost:8000/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("https://models.shop.example/v1", None),
    ],
)
def test_a_server_of_ones_own_has_no_list_price(base_url: str | None, price: float | None) -> None:
    found = cost(MILLION, provider=seller("openai", base_url), model="gpt-4o-mini")
    assert found == (price and pytest.approx(price))
