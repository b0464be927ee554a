"""A clock that a test moves."""


class Clock:
    """Tells a time that stands still until someone sleeps; ``slept`` keeps how long each did."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
