"""Frontdesk: a customer-support chatbot that loses nothing and cites only what it read."""

__version__ = "0.1.0"
