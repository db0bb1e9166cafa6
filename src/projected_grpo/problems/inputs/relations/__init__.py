"""Lines in notation: quantities, and comparisons of them, as Python over the arguments.

expressions.py has what a quantity is, reader.py reads one, comparisons.py a chain of them; sizes.py
is for names such as n that no parameter gives, predicates.py for Python of the table in data/.
"""
