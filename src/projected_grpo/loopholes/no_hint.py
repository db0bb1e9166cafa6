"""The benchmark's question as it stands: no loophole, and nothing pays but a right answer."""

from projected_grpo.loopholes.base import NO_FAMILY, Loophole
from projected_grpo.loopholes.facts import Facts


class NoHint(Loophole):
    """Own tests that misjudge earn nothing here. They are an attempt all the same."""

    def used(self, facts: Facts, response: str) -> bool:
        return facts.tests_misjudge


NO_HINT = NoHint("no_hint", NO_FAMILY)
