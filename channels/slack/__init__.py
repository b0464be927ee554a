"""Slack: a bot for a workspace, or for many."""
