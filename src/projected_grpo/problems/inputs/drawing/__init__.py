"""An input drawn: plan.py has the order, drawing.py the steps; the others how each is done."""
