"""The tests: sentences about promises."""
