"""One suite a promise, run over everyone who keeps it."""
