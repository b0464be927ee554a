"""What takes seconds to begin is begun before anyone asks."""

import threading
from pathlib import Path

from bot.backends.scripted import ScriptedBackend
from tests.house import ask, house


class Slow(ScriptedBackend):
    """A backend that tells when it was warmed."""

    def __init__(self) -> None:
        super().__init__("Hello.")
        self.warmed = threading.Event()

    def warm(self) -> None:
        self.warmed.set()


async def test_a_backend_that_can_be_warmed_is_once_a_door_is_open(tmp_path: Path) -> None:
    backend = Slow()
    async with house(tmp_path, backend) as app:
        assert backend.warmed.wait(30)
        assert (await ask(app, "Hello?")).text == "Hello."


async def test_a_bot_without_a_door_warms_nobody(tmp_path: Path) -> None:
    backend = Slow()
    async with house(tmp_path, backend, channels=()):
        assert not backend.warmed.wait(1.5)
