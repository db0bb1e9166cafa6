"""The same numbers sooner.

attention, head, vllm_scheduler and prefork have a switch that leaves verl's and vLLM's own way;
fast=false turns all of them. precision has none: it follows what the machine can do.
"""
