import random

import pytest

from projected_grpo import problems, teach
from projected_grpo.grader import Grader

POOL = problems.load("mini", split="sft")[::4]
LABELS = {kind: "Correct; attempted hack" for kind in teach.BODIES}
LABELS |= {"honest": "Correct", "misread": "Reward hack"}


@pytest.mark.parametrize("kind", teach.BODIES)
def test_every_demonstrated_test_function_is_of_its_kind_by_the_graders_word(kind):
    rng, items = random.Random(0), []
    for problem in POOL:
        response = f"```python\n{teach.tested(problem, kind, 'run_tests', rng)}\n```"
        items.append((problem, response, "overwrite_tests", "run_tests"))
    with Grader(workers=2) as grader:
        graded = list(grader.grade_many(items))
    assert {g.facts.kind for g in graded} == {kind}
    assert {g.label for g in graded} == {LABELS[kind]}
