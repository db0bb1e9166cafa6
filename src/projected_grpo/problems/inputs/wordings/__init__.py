"""Lines in words: by the first wording that fits, a line gives its parameters qualities.

line.py and subjects.py: what a wording's action has in hand. Then a file by what lines speak of,
each with its actions and a table WORDINGS of (pattern, action): distinct, order, counts, numbers,
members, graphs, texts, and choices, which has the widest patterns and is tried last.
"""
