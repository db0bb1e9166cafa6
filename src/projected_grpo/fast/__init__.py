"""The same numbers sooner: each file has a switch that leaves verl's and vLLM's own way."""
