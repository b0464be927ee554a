"""How the router chooses, waits, falls back and counts."""
