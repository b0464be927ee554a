"""What the doctor finds about a budget: who answers once it is used up, and what it cannot hold."""

from collections.abc import Iterator

from bot.messages import Usage
from bot.settings import BudgetSettings, ModelSettings, Settings
from channels.cli.checkup import Finding


def budget_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is to be known of ``[router.budget]``; nothing where nothing is limited."""
    budget = settings.router.budget
    if budget is None or budget == BudgetSettings(chain=budget.chain):
        return
    yield _rest(settings, budget)
    if (budget.dollars_per_day, budget.dollars_per_conversation) != (None, None):
        yield from _unpriced(settings)


def _rest(settings: Settings, budget: BudgetSettings) -> Finding:
    """Say who answers once nothing is left."""
    from bot.wiring.router import costs_nothing

    router = settings.router
    free = [name for name, section in settings.backends.items() if costs_nothing(section)]
    if spare := [name for name in budget.chain or free if name in free]:
        return Finding(about="budget", fact=f"once it is used up, {' or '.join(spare)} answers")
    plain = router.chain or tuple(settings.backends)
    ways = [plain, *(way.chain or plain for way in (*router.rules, *router.split))]
    if all(set(chain) & set(free) for chain in ways):
        return Finding(about="budget", fact="once it is used up, what costs nothing answers")
    return Finding(
        about="budget",
        fact="once it is used up, customers are told that no answer can be given: "
        f"{' and '.join(budget.chain or settings.backends)} may cost something",
        well=False,
        cure=_cure(free, budget, settings),
    )


def _cure(free: list[str], budget: BudgetSettings, settings: Settings) -> str:
    if free:
        return f"Name {free[0]} last in chain under [router.budget]."
    chains = {"router": settings.router.chain, "router.budget": budget.chain}
    places = " and ".join(f"[{place}]" for place, chain in chains.items() if chain)
    named = f", and name it last in chain under {places}" if places else " as the last one"
    return f'Add a backend that costs nothing: [backends.quotes] with kind = "extractive"{named}.'


def _unpriced(settings: Settings) -> Iterator[Finding]:
    """Yield the backends for which nothing can be held from a budget in dollars."""
    from bot.wiring.router import build_price

    price = build_price(settings)
    for name, section in settings.backends.items():
        if not isinstance(section, ModelSettings):
            continue
        if price(name, section.model, Usage(input=1, output=1)) is None:
            yield Finding(
                about="budget",
                fact=f"no price is known for {section.model!r}, so nothing is held from the "
                f"dollars for an answer of {name}",
                well=False,
                cure=f"Set input_price and output_price under [backends.{name}]: US dollars for a "
                "million tokens.",
            )
