"""Talks with a customer in a terminal."""
