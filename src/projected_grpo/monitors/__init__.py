"""Monitors: who says which rollouts are hacks.

Each gives a row `flagged` (null where it cannot say), beside the truth.
"""
