"""The web chat: its server and its widget."""
