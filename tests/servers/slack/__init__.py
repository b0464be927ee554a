"""A Slack of our own: its Web API, sockets, signed events, limits and moods."""
