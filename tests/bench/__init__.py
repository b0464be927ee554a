"""Measurements against a floor; run with ``make bench``."""
