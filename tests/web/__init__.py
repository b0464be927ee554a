"""The web chat in a real browser, against real servers on this machine."""
