"""Hidden tests: which problems have them, and how they are made."""
