"""Sampled responses: their columns, sampling, labelling, evaluation, reading."""
