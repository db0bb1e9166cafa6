"""What a GPU machine without a network needs, in pieces that travel."""
