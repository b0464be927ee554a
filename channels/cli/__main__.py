"""Lets ``python -m channels.cli`` be the command ``bot``."""

from channels.cli import main

main()
