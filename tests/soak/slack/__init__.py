"""The proof by killing in Slack: the real command, a fake Slack that keeps the books."""
