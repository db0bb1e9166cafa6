"""The only room that knows verl."""
