"""Notation: quantities and comparisons of them, as Python over the arguments."""
