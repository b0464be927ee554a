"""The thread that runs a model's jobs."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from bot.local import Lane
from tests.house import until


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane(name="test")
    yield lane
    lane.close()


async def test_jobs_run_in_turn_and_in_one_thread(lane: Lane) -> None:
    order: list[tuple[int, int]] = []

    def job(number: int) -> int:
        order.append((number, threading.get_ident()))
        return number

    assert await asyncio.gather(*(lane.run(job, number) for number in range(9))) == [*range(9)]
    assert [number for number, _ in order] == [*range(9)]
    assert len({thread for _, thread in order} | {threading.get_ident()}) == 2


async def test_who_is_cancelled_takes_its_job_out_of_the_line(lane: Lane) -> None:
    goes_on = threading.Event()
    ran: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lane.run(goes_on.wait))
        second = tasks.create_task(lane.run(ran.append, 2))
        await until(lambda: lane.waiting == 2)
        second.cancel()
        await until(lambda: lane.waiting == 1)
        goes_on.set()
    await lane.run(ran.append, 3)
    assert ran == [3]


async def test_no_error_ends_the_thread(lane: Lane) -> None:
    class Panic(BaseException):
        """Like that of a library written in Rust."""

    def panic() -> None:
        raise Panic("with the customer's words")

    with pytest.raises(RuntimeError, match=r"^Panic at test_lane\.py:"):
        await lane.run(panic)
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 / 0)
    assert await lane.run(lambda: "it goes on") == "it goes on"


async def test_a_closed_lane_takes_no_jobs(lane: Lane) -> None:
    lane.close()
    lane.close()
    with pytest.raises(RuntimeError, match="closed"):
        await lane.run(print)


def test_a_process_ends_while_a_model_is_still_loading() -> None:
    code = (
        "import asyncio, time\n"
        "from bot.local import Lane\n"
        "async def main():\n"
        "    lane = Lane(name='slow')\n"
        "    try:\n"
        "        await asyncio.wait_for(lane.run(time.sleep, 600), 0.1)\n"
        "    except TimeoutError:\n"
        "        lane.close()\n"
        "asyncio.run(main())\n"
        "print('over')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr, done.returncode) == ("over\n", "", 0)
