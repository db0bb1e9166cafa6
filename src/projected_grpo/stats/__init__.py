"""Intervals and tests on labelled rollouts: polars in, numbers out. Rates are fractions in [0, 1].

A statistic is one file.
"""
