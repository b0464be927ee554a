"""What is asked and answered in the bench: the very same for everyone who is measured."""

PIECES = 100
QUESTION = "Hi, I need help with resetting my password. Can you guide me?"
ANSWER = " ".join(f"word{number:02d}" for number in range(PIECES))
SYSTEM = "You answer the customers of a small store, briefly and kindly."
MODEL = "claude-sonnet-5-5"
