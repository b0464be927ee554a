"""The house plan is whole: every module stands on a floor."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _floors() -> set[str]:
    plan = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = plan["tool"]["importlinter"]["contracts"][0]
    return {room.strip(" ()") for floor in contract["layers"] for room in floor.split("|")}


def _rooms() -> set[str]:
    return {
        f"{top}.{entry.stem}"
        for top in ("bot", "channels")
        for entry in (ROOT / top).iterdir()
        if (entry.suffix == ".py" and entry.stem != "__init__") or (entry / "__init__.py").is_file()
    }


def test_every_module_stands_on_a_floor_of_the_house_plan() -> None:
    assert _rooms() <= _floors()
