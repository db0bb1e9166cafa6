"""What a step, the hook and the grader cost, measured: time belongs here and not into tests."""
