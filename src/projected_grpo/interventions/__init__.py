"""Mechanisms that change what GRPO learns, one file each."""
