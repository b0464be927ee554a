"""Real servers for tests, speaking the protocols of those that the bot talks to."""
