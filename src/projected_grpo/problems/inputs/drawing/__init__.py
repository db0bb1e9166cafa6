"""An input drawn by the rules of its problem.

plan.py: what is drawn before what. drawing.py: one try after another. limits.py: what the
comparisons leave of a range; caps.py: how long lists are at most; spreads.py: how values vary.
filling.py draws whole values, with strings.py for strings and places.py for what rules have there.
"""
