"""How often an attempt is paid."""

import math


def hack_given_attempt(strict: int, attempted: int) -> float:
    """P(hack | attempted): of those that attempt one (loose), the share paid for it alone (strict).

    nan for no attempt.
    """
    return strict / attempted if attempted else math.nan
