"""Labelled rollouts and a frozen model -> a direction or columns, with evidence and placebos."""
