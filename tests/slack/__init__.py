"""The Slack bot against a Slack of our own, with its limits and moods."""
