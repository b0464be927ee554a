"""The command line."""


def main() -> None:
    """Run the command that the arguments name; the console script ``bot``."""
    from channels.cli.door import bot  # a program that only imports this package needs no click

    bot(prog_name="bot")
