"""When a backend is left alone, and when it is tried again."""

from bot.messages import LeftAlone
from bot.router.breaker import Breaker, State
from tests.clocks import Clock


def breaker(clock: Clock, *, failures: int = 3) -> Breaker:
    return Breaker(failures=failures, seconds=30.0, clock=clock)


def test_a_row_of_failures_opens_it() -> None:
    it = breaker(Clock())
    assert [it.failed(), it.failed(), it.failed()] == [False, False, True]
    assert it.state is State.OPEN
    assert not it.admits()


def test_an_answer_ends_the_row() -> None:
    it = breaker(Clock())
    it.failed()
    it.failed()
    it.succeeded()
    it.failed()
    assert it.state is State.CLOSED


def test_what_cannot_work_opens_it_at_once() -> None:
    it = breaker(Clock())
    assert it.failed(at_once=True)
    assert it.state is State.OPEN


def test_it_is_half_open_once_its_time_is_over_and_lets_one_try() -> None:
    clock = Clock()
    it = breaker(clock, failures=1)
    it.failed()
    clock.now += 30
    assert it.state is State.HALF_OPEN
    assert it.admits()
    with it.asked():
        assert not it.admits()
    assert it.admits()  # given up: someone else may try


def test_an_answer_closes_it() -> None:
    clock = Clock()
    it = breaker(clock, failures=1)
    it.failed()
    clock.now += 30
    with it.asked():
        it.succeeded()
    assert it.state is State.CLOSED


def test_a_failed_trial_opens_it_anew_and_says_so() -> None:
    clock = Clock()
    it = breaker(clock)
    it.failed(at_once=True)
    clock.now += 30
    with it.asked():
        assert it.failed()
    assert it.state is State.OPEN
    clock.now += 29
    assert it.state is State.OPEN


def test_a_failure_while_it_is_open_is_no_news() -> None:
    it = breaker(Clock(), failures=1)
    assert it.failed()
    assert not it.failed()


def test_it_tells_since_when_and_how_long_a_backend_is_left_alone() -> None:
    clock = Clock()
    it = breaker(clock, failures=1)
    it.failed(trouble="overloaded")
    clock.now += 40
    it.failed(trouble="the key is wrong")
    clock.now += 10
    assert it.left_alone == LeftAlone(since=50, rest=20, trouble="the key is wrong")
    clock.now += 25
    assert it.left_alone == LeftAlone(since=75, rest=0, trouble="the key is wrong")
    it.succeeded()
    assert it.left_alone is None


def test_whoever_listens_hears_that_it_opens_and_closes_and_nothing_else() -> None:
    clock, heard = Clock(), list[State]()
    it = Breaker(failures=2, seconds=30.0, clock=clock, changed=lambda: heard.append(it.state))
    it.succeeded()
    it.failed()
    it.failed()
    it.failed()
    clock.now += 30
    it.failed()
    it.succeeded()
    it.succeeded()
    assert heard == [State.OPEN, State.OPEN, State.CLOSED]
