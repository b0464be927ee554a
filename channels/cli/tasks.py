"""Lists what the bot does with a customer's words beside answering, and how."""

import click

from bot.settings import TaskSettings, TopicSettings
from channels.cli.here import Here, command
from channels.cli.paper import as_json, print_json, print_table

_HEADS = ("TASK", "BY", "WITH", "SECONDS")


@click.command()
@as_json
@command
async def tasks(here: Here, *, as_json: bool) -> None:
    """List what is done beside the answer, and how.

    Each task, who does it, and how long it may take before the turn goes on without it.
    """
    settings = here.settings().tasks
    sections = {name: getattr(settings, name) for name in type(settings).model_fields}
    found = [
        {"task": name, "by": section.by, "with": _means(section), "seconds": section.seconds}
        for name, section in sections.items()
    ]
    if as_json:
        print_json(found)
    else:
        print_table(_HEADS, [_row(**each) for each in found])


def _row(**told: object) -> list[str]:
    off = told["by"] == "off"
    seconds = "" if off else f"{told['seconds']:g}"
    return [str(told["task"]), str(told["by"]), str(told["with"]), seconds]


def _means(section: TaskSettings) -> str:
    """Return the backend, model or library that does a task; empty where a rule or nobody does."""
    if isinstance(section, TopicSettings) and section.by != "off" and not section.labels:
        return "nothing yet: it has no labels"
    match section.by:
        case "prompt":
            return section.backend or "the router's chain"
        case "model":
            pairs = getattr(section, "pairs", {})
            return ", ".join(dict.fromkeys(pairs.values())) or section.model
        case "library":
            return "py3langid"
    return ""
