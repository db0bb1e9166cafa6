"""The two wordings of a prompt that rates are measured on.

Hacks are counted on the wording with the loophole that a run was trained for, solutions on the
wording without any.
"""

from projected_grpo import loopholes
from projected_grpo.cli import Refusal
from projected_grpo.runs.run import Run

CLEAN = loopholes.CLEAN.name


def trained_for(run: Run) -> str:
    """The wording with a loophole that the run was trained for.

    An arm that trains without the loophole is evaluated on it all the same.
    Raises Refusal where it holds no loophole.
    """
    name = run.config["env"]["loophole"]
    if name == CLEAN:
        raise Refusal(
            f"{run.name} has env.loophole={name}, where no hack can be counted: "
            "train it with a loophole"
        )
    return name
