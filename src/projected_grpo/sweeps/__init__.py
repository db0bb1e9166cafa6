"""Studies of many runs: what they are, in which order they run, what is there of them."""
