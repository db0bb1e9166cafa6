"""The maths on weights: which are constrained, their spectra and columns, the constraint itself,
LoRA, shards.
"""
