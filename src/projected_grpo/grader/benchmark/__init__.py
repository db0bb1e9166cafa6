"""The benchmark's way to label, beside ours."""
