"""What a value is beyond its range: how that is checked, and how a value is given it.

quality.py first; then a file by what is spoken of: what repeats, order, counts, numbers, tables,
graphs, texts. links.py: what one parameter is to another.
"""
