"""The same numbers sooner.

attention, head and vllm_scheduler have a switch that leaves verl's and vLLM's own way. precision
and prefork have none: they follow what the machine can do.
"""
