"""Whole conversations through the front door."""
