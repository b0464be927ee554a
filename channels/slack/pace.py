"""How fast an answer comes to Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """All of it in seconds, as Slack has them; ``faster`` for tests."""

    first: float = 0.25  # from the model's first piece to what Slack is shown first
    append: float = 0.5  # between the first two appends of a message
    slowest: float = 2.5  # between its later ones
    share: float = 0.6  # between any two appends in a workspace: 100 a minute
    segment: float = 220.0  # a message is ended after that: Slack ends it after 300
    doubt: float = 1.5  # from when Slack ended a message until that is taken for its age
    status: float = 100.0  # a status is set again before Slack clears it after 120
    pause: float = 1.0  # before a call that failed is made again
    patience: float = 40.0  # for which the rest of an answer waits for Slack
    turn: float = 10.0  # for which an answer waits until the one before it is delivered
    linger: float = 120.0  # for which a finished answer waits for its delivery
    closing: float = 5.0  # for which a process that ends clears away what it showed

    def faster(self, times: float) -> "Pace":
        """Return a pace at which all but the waits for others is shorter."""
        return Pace(
            first=self.first / times,
            append=self.append / times,
            slowest=self.slowest / times,
            share=self.share / times,
            segment=self.segment / times,
            doubt=self.doubt / times,
            status=self.status / times,
            pause=self.pause / times,
        )
