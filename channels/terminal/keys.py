"""What the keys of the prompt do, and what it completes."""

from collections.abc import Iterator, Mapping

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class Commands(Completer):
    """Completes the name of a command at the beginning of a message, and says what it does."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._commands = commands

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - handed in by name
    ) -> Iterator[Completion]:
        written = document.text_before_cursor
        if not written.startswith("/"):
            return
        for name, help_ in self._commands.items():
            if name.startswith(written.lower()):
                yield Completion(name, start_position=-len(written), display_meta=help_)


def keys() -> KeyBindings:
    """Return the bindings: Enter sends, Alt-Enter begins a line, Ctrl-C clears what is written."""
    bindings = KeyBindings()
    writing = has_focus(DEFAULT_BUFFER)  # and not searching the history

    @bindings.add("enter", filter=writing)
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("escape", "enter", filter=writing)
    def _begin_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @bindings.add("c-c", filter=writing)
    def _clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.text = ""
        else:
            event.app.exit(exception=KeyboardInterrupt())

    return bindings
