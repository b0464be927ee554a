"""What an answer cost, by the bot's own settings or by the kept price list."""

from urllib.parse import urlsplit

from bot.messages import Usage

_MILLION = 1_000_000


def seller(kind: str, base_url: str | None) -> str:
    """Return whose price list counts: that of the server at ``base_url``, else the provider's."""
    return urlsplit(base_url).netloc if base_url else kind


def cost(
    usage: Usage,
    *,
    provider: str,
    model: str,
    input_price: float | None = None,
    output_price: float | None = None,
) -> float | None:
    """Return the price in US dollars, None where no price is known.

    ``provider`` is the host that answered or its name in the list. Prices of one's own are for a
    million tokens and go before the list's; one that is missing counts as nothing, and cached
    tokens cost as much as others.
    """
    if input_price is not None or output_price is not None:
        paid = usage.input * (input_price or 0) + usage.output * (output_price or 0)
        return paid / _MILLION
    return _listed(usage, provider=provider, model=model)


def in_dollars(amount: float) -> str:
    """Return an amount in plain digits, as many as it takes: down to a billionth of a dollar."""
    whole, _, cents = f"{amount:,.9f}".partition(".")
    cents = cents.rstrip("0")
    return f"${whole}.{cents:0<2}" if cents else f"${whole}"


def warm() -> None:
    """Read the price list ahead of the first answer; takes half a second of a thread."""
    _listed(Usage(), provider="anthropic", model="")


def _listed(usage: Usage, *, provider: str, model: str) -> float | None:
    # The list is part of the package, and remembers what it found.
    import genai_prices  # noqa: PLC0415 - takes a third of a second

    tokens = genai_prices.Usage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
    )
    try:
        if "." in provider:
            found = genai_prices.calc_price(tokens, model, provider_api_url=f"https://{provider}")
        else:
            found = genai_prices.calc_price(tokens, model, provider_id=provider)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
