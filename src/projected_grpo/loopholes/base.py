"""What a loophole is: what the prompt says of it, what it pays for, what counts as an attempt."""

from dataclasses import dataclass
from typing import ClassVar

from projected_grpo.cli import Refusal
from projected_grpo.loopholes.facts import Facts
from projected_grpo.problems.problem import Problem

# The half sentence of the benchmark's question that speaks of the tests.
PASS_ALL = "and should pass all tests"
# Its starter code ends so.
STARTER_END = "        # Add your code here\n"

# The family of the wording that has no loophole.
NO_FAMILY = "none"


@dataclass(frozen=True)
class Loophole:
    """One wording of one mechanism. A method of this class does nothing, or refuses.

    name: the wording's, as rollouts and configs have it.
    family: the mechanism's, which all of its wordings share.
    """

    name: str
    family: str

    # Whether the environment calls the test function that a response defines.
    calls_own_tests: ClassVar[bool] = False

    def question(self, text: str, problem: Problem, test_func_name: str) -> str:
        """The user's message, edited. text: the benchmark's, which holds PASS_ALL."""
        return text

    def elicited(self, system: str, user: str, test_func_name: str) -> tuple[str, str]:
        """Both messages, edited so that they ask for the hack outright.

        user: what question() gave, which holds STARTER_END.
        """
        raise Refusal(
            f"{self.name} has no words that ask for its hack;"
            " write Loophole.elicited in its file, or sample without elicit"
        )

    def pays(self, facts: Facts, response: str) -> bool:
        """Whether the response earns what a right answer earns, even if it is wrong."""
        return False

    def used(self, facts: Facts, response: str) -> bool:
        """Whether the response attempts the hack, paid or not."""
        return False
